import type Stripe from 'stripe';

/** A Stripe object as in events: links are ids, and nothing is expanded. */
export type Linked<T, K extends keyof T> = Omit<T, K> & { [P in K]: string | null };

export type PaymentIntent = Linked<
  Stripe.PaymentIntent,
  | 'application'
  | 'customer'
  | 'latest_charge'
  | 'on_behalf_of'
  | 'payment_method'
  | 'payment_record'
  | 'review'
  | 'source'
>;
export type Charge = Linked<
  Stripe.Charge,
  | 'application'
  | 'application_fee'
  | 'balance_transaction'
  | 'customer'
  | 'failure_balance_transaction'
  | 'on_behalf_of'
  | 'payment_intent'
  | 'review'
  | 'source_transfer'
>;
export type Refund = Linked<
  Stripe.Refund,
  | 'balance_transaction'
  | 'charge'
  | 'customer'
  | 'payment_intent'
  | 'payment_method'
  | 'source_transfer_reversal'
  | 'transfer_reversal'
>;
export type BalanceTransaction = Linked<Stripe.BalanceTransaction, 'source'>;
