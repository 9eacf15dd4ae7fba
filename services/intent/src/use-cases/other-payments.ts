import { TransientError } from '@connector/errors';
import { attemptOf, countsAsPaid, type Money, toStripeAmount } from '@connector/payment-model';
import type Stripe from 'stripe';
import { type AmountDue, amountDue, asPaid } from '../domain/amount-due.ts';
import { paymentIntentIdOf, statusOf } from '../domain/attempts.ts';
import type { CheckoutCart, Payment } from '../domain/checkout-cart.ts';
import { holdsMoney } from '../domain/merchant-transaction.ts';
import type { Session } from '../domain/session.ts';
import type { PaymentIntents, Payments } from './ports.ts';
import { removedAttempts } from './removed-attempts.ts';

/** A payment of the cart with its present PaymentIntent. */
export interface WaitingPayment {
  readonly payment: Payment;
  readonly paymentIntent: Stripe.PaymentIntent;
}

export interface OtherPayments {
  /** The amount due on the cart, after its other payments in commercetools and at Stripe. */
  readonly due: AmountDue;
  readonly waiting: readonly WaitingPayment[];
}

/**
 * A payment younger than this, in ms, may be linked to its PaymentIntent at any moment; for an older one Stripe's
 * search has caught up.
 */
const YOUNG_MS = 90_000;

export const isYoung = ({ createdAt }: Pick<Payment, 'createdAt'>, now: number): boolean =>
  now - Date.parse(createdAt) <= YOUNG_MS;

/**
 * The state of a cart's payments besides the one with `key`. Payments that commercetools does not show as paid are read
 * from Stripe, because the ledger may not have written yet. Throws TransientError while the PaymentIntent of a
 * shopper's recent attempt is unknown.
 */
export async function lookAtOthers(
  { paymentIntents, payments: store, now }: { paymentIntents: PaymentIntents; payments: Payments; now: () => number },
  { cart, payments }: CheckoutCart,
  key: string,
): Promise<OtherPayments> {
  const removed = await removedAttempts(store, cart.id, payments);
  const others = [...payments, ...removed].filter((payment) => payment.key !== key);
  const unpaid = others.filter(({ transactions }) => !countsAsPaid(transactions));
  const found = await Promise.all(
    unpaid.map(async (payment) => ({
      payment,
      paymentIntent: await paymentIntentOf(paymentIntents, cart.id, payment, now()),
    })),
  );
  const open = found.filter((one): one is WaitingPayment => one.paymentIntent !== undefined);
  const holding = new Map(
    open
      .filter(({ paymentIntent }) => holdsMoney(paymentIntent))
      .map(({ payment: { id }, paymentIntent }) => [id, paymentIntent]),
  );
  const due = amountDue(
    cart,
    others.map((payment) => {
      const held = holding.get(payment.id);
      return held ? asPaid(payment, held) : payment;
    }),
  );
  return { due, waiting: open.filter(({ paymentIntent }) => statusOf(paymentIntent) === 'waiting') };
}

async function paymentIntentOf(
  paymentIntents: PaymentIntents,
  cartId: string,
  payment: Payment,
  now: number,
): Promise<Stripe.PaymentIntent | undefined> {
  const id = paymentIntentIdOf(payment);
  if (id) return id.startsWith('pi_') ? paymentIntents.find(id) : undefined;
  // A transaction is confirmed only after it is linked, and reads the cart again before that; a payment with any other
  // key belongs to another provider.
  if (!payment.key || attemptOf(cartId, payment.key) === undefined) return undefined;
  const found = await paymentIntents.search(payment.key, toStripeAmount(payment.amountPlanned));
  if (found || !isYoung(payment, now)) return found;
  throw new TransientError('the PaymentIntent of an attempt is not known yet', {
    reason: 'unknown_attempt',
    retryAfterMs: 5_000,
  });
}

/**
 * The amount still due on a cart when an attempt counts as paid with the amount of its PaymentIntent; undefined when
 * nothing is due. The cart's other payments are read from Stripe only if something seems due, because commercetools may
 * not show yet that they are paid.
 */
export async function restDue(
  { paymentIntents, payments: store }: { paymentIntents: PaymentIntents; payments: Payments },
  { cart, payments }: CheckoutCart,
  { giftCardPlannedAmount }: Pick<Session, 'giftCardPlannedAmount'>,
  { payment, paymentIntent }: WaitingPayment,
): Promise<Money | undefined> {
  const paid = asPaid(payment, paymentIntent);
  const others = payments.filter(({ id }) => id !== payment.id);
  const seemsDue = amountDue(cart, [paid, ...others], giftCardPlannedAmount);
  if (seemsDue.kind !== 'due') return undefined;
  const removed = await removedAttempts(store, cart.id, [payment, ...others]);
  const seen = await Promise.all(
    [...others, ...removed].map(async (other) => {
      const id = paymentIntentIdOf(other);
      if (!id?.startsWith('pi_') || countsAsPaid(other.transactions)) return other;
      const found = await paymentIntents.find(id);
      return found && holdsMoney(found) ? asPaid(other, found) : other;
    }),
  );
  const due = amountDue(cart, [paid, ...seen], giftCardPlannedAmount);
  return due.kind === 'due' ? due.due : undefined;
}
