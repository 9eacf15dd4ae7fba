import type { BalanceTransaction, Charge, Linked, Refund as LinkedRefund, PaymentIntent } from '@connector/stripe';
import type Stripe from 'stripe';

export type { BalanceTransaction, Charge, PaymentIntent };
export type Refund = Omit<LinkedRefund, 'failure_balance_transaction'> & { failure_balance_transaction?: string };
export type Dispute = Omit<Stripe.Dispute, 'charge' | 'payment_intent' | 'balance_transactions'> & {
  charge: string;
  payment_intent: string | null;
  balance_transactions: BalanceTransaction[];
};
export type Customer = Stripe.Customer;
export type PaymentMethod = Linked<Stripe.PaymentMethod, 'customer'>;
export type WebhookEndpoint = Stripe.WebhookEndpoint;
export type Payout = Pick<
  Stripe.Payout,
  | 'id'
  | 'object'
  | 'amount'
  | 'arrival_date'
  | 'automatic'
  | 'created'
  | 'currency'
  | 'livemode'
  | 'method'
  | 'status'
  | 'type'
>;
export type StripeEvent = Omit<Stripe.Event, 'type' | 'data'> & {
  type: string;
  data: { object: Record<string, unknown>; previous_attributes?: Record<string, unknown> };
};
export type Address = Stripe.Address;
export type Metadata = Record<string, string>;

/** The version of Stripe's API that the simulator speaks, and that the pinned `stripe` package sends. */
export const API_VERSION = '2026-10-28.endive';

/** The call that is being handled, as its events name it. */
export interface CurrentRequest {
  id: string | null;
  idempotency_key: string | null;
}

/** An event as kept: its bytes as sent, and how its deliveries stand. */
export interface EventRecord {
  id: string;
  type: string;
  created: number;
  /** The webhook body, pretty-printed as Stripe's is. */
  body: Buffer;
  /** Endpoints that have not yet answered 2xx. */
  pending: number;
  hasFailed: boolean;
}
