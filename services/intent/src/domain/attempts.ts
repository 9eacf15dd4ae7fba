import { attemptOf, countsAsPaid, isReturned } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Payment } from './checkout-cart.ts';
import { holdsMoney } from './merchant-transaction.ts';

/** One try to pay a cart: a commercetools payment and the PaymentIntent it belongs to. */
export interface Attempt {
  readonly payment: Payment;
  /** Its number when this system made it for a shopper; the original connector's payments and transactions have none. */
  readonly number: number | undefined;
  /** Undefined while commercetools does not know it yet. */
  readonly paymentIntentId: string | undefined;
}

/**
 * The PaymentIntent of a payment: its interface id, or, on payments that the original connector made and nothing has happened on
 * yet, the interaction id of their authorization.
 */
export function paymentIntentIdOf({ interfaceId, transactions }: Pick<Payment, 'interfaceId' | 'transactions'>) {
  if (interfaceId) return interfaceId;
  return transactions.find(
    ({ type, interactionId }) => type === 'Authorization' && interactionId && /^pi_\w+$/.test(interactionId),
  )?.interactionId;
}

/** The attempts among a cart's payments, oldest first; payments of other providers are none. */
export function attemptsOf(cartId: string, payments: readonly Payment[]): Attempt[] {
  return payments
    .map((payment) => ({
      payment,
      number: attemptOf(cartId, payment.key),
      paymentIntentId: paymentIntentIdOf(payment),
    }))
    .filter(({ number, paymentIntentId }) => number !== undefined || paymentIntentId?.startsWith('pi_'))
    .sort((a, b) => (a.number ?? 0) - (b.number ?? 0) || a.payment.createdAt.localeCompare(b.payment.createdAt));
}

/** The number of the attempt after `attempts`. */
export const nextAttemptNumber = (attempts: readonly Pick<Attempt, 'number'>[]): number =>
  Math.max(0, ...attempts.map(({ number }) => number ?? 0)) + 1;

/** How an attempt stands. */
export type AttemptStatus =
  /** Its PaymentIntent is not known yet. */
  | 'unknown'
  /** The shopper can pay it. */
  | 'waiting'
  /** Money is on its way, held or taken, and not all of it was given back. */
  | 'paid'
  /** Nobody can pay it any more, and it holds no money. */
  | 'over';

const STATUSES: Record<Exclude<Stripe.PaymentIntent.Status, 'succeeded' | 'canceled'>, AttemptStatus> = {
  requires_payment_method: 'waiting',
  requires_confirmation: 'waiting',
  requires_action: 'waiting',
  // The money is on its way or held: a second PaymentIntent would take it twice, whatever commercetools shows by now.
  processing: 'paid',
  requires_capture: 'paid',
};

/** What a PaymentIntent's state means for its attempt. A status that Stripe adds one day counts as paid: nothing is taken twice then. */
export function statusOf(paymentIntent: Pick<Stripe.PaymentIntent, 'status' | 'latest_charge'>): AttemptStatus {
  const { status } = paymentIntent;
  if (status === 'succeeded' || status === 'canceled') return holdsMoney(paymentIntent) ? 'paid' : 'over';
  return STATUSES[status] ?? 'paid';
}

/** How commercetools shows that an attempt ended, so that Stripe need not be asked; undefined when it does not. */
export function recordedStatusOf({ payment: { transactions } }: Pick<Attempt, 'payment'>): 'paid' | 'over' | undefined {
  if (countsAsPaid(transactions)) return 'paid';
  return isReturned(transactions) ? 'over' : undefined;
}

/**
 * Whether an attempt may go on with another amount: a transaction's amount can't be changed in commercetools, so a payment with an
 * authorization can't. The original connector's payments begin with one, and a method that was refused days later leaves one behind.
 */
export const mayChangeAmount = ({ payment: { transactions } }: Pick<Attempt, 'payment'>): boolean =>
  !transactions.some(({ type }) => type === 'Authorization');
