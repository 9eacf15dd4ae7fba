import { attemptOf, countsAsPaid, isReturned, sumOf } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Payment } from './checkout-cart.ts';
import { holdsMoney } from './merchant-transaction.ts';

/** One attempt to pay a cart: a commercetools payment and its PaymentIntent. */
export interface Attempt {
  readonly payment: Payment;
  /**
   * The number of an attempt that this system made for a shopper; undefined for the original connector's payments and
   * for transactions without the shopper.
   */
  readonly number: number | undefined;
  /** Undefined while commercetools does not have it yet. */
  readonly paymentIntentId: string | undefined;
}

const isPaymentIntentId = (id: string | undefined): boolean => /^pi_\w+$/.test(id ?? '');

/**
 * The PaymentIntent id of a payment: its interface id, or the interaction id of its authorization if the original
 * connector made the payment: an unused one has no interface id, and one that was captured in parts may have the id of
 * a balance transaction or a refund. Otherwise the interface id of another provider, if there is one.
 */
export function paymentIntentIdOf({ interfaceId, transactions }: Pick<Payment, 'interfaceId' | 'transactions'>) {
  if (isPaymentIntentId(interfaceId)) return interfaceId;
  const authorization = transactions.find(
    ({ type, interactionId }) => type === 'Authorization' && isPaymentIntentId(interactionId),
  );
  return authorization?.interactionId ?? interfaceId;
}

/** The attempts among a cart's payments, oldest first, without payments of other providers. */
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

/** The state of an attempt. */
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
  // The money is on its way or held: a second PaymentIntent would charge twice, whatever commercetools shows.
  processing: 'paid',
  requires_capture: 'paid',
};

/**
 * The state of an attempt from its PaymentIntent. An unknown status that Stripe may add later counts as paid, so that
 * nothing is charged twice.
 */
export function statusOf(paymentIntent: Pick<Stripe.PaymentIntent, 'status' | 'latest_charge'>): AttemptStatus {
  const { status } = paymentIntent;
  if (status === 'succeeded' || status === 'canceled') return holdsMoney(paymentIntent) ? 'paid' : 'over';
  return STATUSES[status] ?? 'paid';
}

/** The final state of an attempt, if commercetools shows one for sure, so that Stripe need not be read; otherwise undefined. */
export function recordedStatusOf({ payment }: Pick<Attempt, 'payment'>): 'paid' | 'over' | undefined {
  if (countsAsPaid(payment.transactions)) return 'paid';
  return isReturned(payment.transactions) && !mayHoldRest(payment) ? 'over' : undefined;
}

/**
 * Whether a part of the planned amount may still be held after all charges were refunded: commercetools shows its release
 * if the rest was canceled, and not if the last capture was for less.
 */
const mayHoldRest = ({ amountPlanned, transactions }: Payment): boolean =>
  sumOf(transactions, 'Charge', ['Success', 'Pending']) < amountPlanned.centAmount &&
  !transactions.some(({ type, state }) => type === 'CancelAuthorization' && state !== 'Failure');

/**
 * Whether an attempt can continue with another amount: not if its payment has an authorization, because commercetools
 * cannot change a transaction's amount. The original connector's payments begin with an authorization, and a method
 * that fails days later leaves one.
 */
export const mayChangeAmount = ({ payment: { transactions } }: Pick<Attempt, 'payment'>): boolean =>
  !transactions.some(({ type }) => type === 'Authorization');
