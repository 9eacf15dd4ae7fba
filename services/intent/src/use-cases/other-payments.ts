import { TransientError } from '@connector/errors';
import { countsAsPaid, toStripeAmount } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { PaymentIntents } from '../adapters/payment-intents.ts';
import { type AmountDue, amountDue } from '../domain/amount-due.ts';
import { paymentIntentIdOf, standingOf } from '../domain/attempts.ts';
import type { CheckoutCart, Payment } from '../domain/checkout-cart.ts';
import { holdsMoney, isOfTransaction } from '../domain/merchant-transaction.ts';

/** A payment of the cart whose PaymentIntent somebody could still pay. */
export interface WaitingPayment {
  readonly payment: Payment;
  readonly paymentIntent: Stripe.PaymentIntent;
}

export interface OtherPayments {
  /** What is due on the cart, with what commercetools or Stripe knows of its other payments. */
  readonly due: AmountDue;
  readonly waiting: readonly WaitingPayment[];
}

/** A payment younger than this, in ms, may be tied to its PaymentIntent any moment; Stripe's search has caught up with an older one. */
const YOUNG_MS = 90_000;

export const isYoung = ({ createdAt }: Pick<Payment, 'createdAt'>, now: number): boolean =>
  now - Date.parse(createdAt) <= YOUNG_MS;

/**
 * How the payments of a cart stand besides the one with `key`: what commercetools does not show as paid is asked of Stripe, as the
 * ledger may not have written it yet. Throws TransientError while the PaymentIntent of a shopper's young attempt is not known.
 */
export async function lookAtOthers(
  { paymentIntents, now }: { paymentIntents: PaymentIntents; now: () => number },
  { cart, payments }: CheckoutCart,
  key: string,
): Promise<OtherPayments> {
  const others = payments.filter((payment) => payment.key !== key);
  const unpaid = others.filter(({ transactions }) => !countsAsPaid(transactions));
  const found = await Promise.all(
    unpaid.map(async (payment) => ({ payment, paymentIntent: await paymentIntentOf(paymentIntents, payment, now()) })),
  );
  const open = found.filter((one): one is WaitingPayment => one.paymentIntent !== undefined);
  const holding = new Set(
    open.filter(({ paymentIntent }) => holdsMoney(paymentIntent)).map(({ payment: { id } }) => id),
  );
  const due = amountDue(
    cart,
    others.map((payment) => (holding.has(payment.id) ? asPaid(payment) : payment)),
  );
  return { due, waiting: open.filter(({ paymentIntent }) => standingOf(paymentIntent) === 'waiting') };
}

async function paymentIntentOf(
  paymentIntents: PaymentIntents,
  payment: Payment,
  now: number,
): Promise<Stripe.PaymentIntent | undefined> {
  const id = paymentIntentIdOf(payment);
  if (id) return id.startsWith('pi_') ? paymentIntents.find(id) : undefined;
  // A transaction is confirmed only once it is tied, and looks around again before; a payment without a key of ours is another provider's.
  if (!payment.key || isOfTransaction(payment)) return undefined;
  const found = await paymentIntents.search(payment.key, toStripeAmount(payment.amountPlanned));
  if (found || !isYoung(payment, now)) return found;
  throw new TransientError('the PaymentIntent of an attempt is not known yet', {
    reason: 'unknown_attempt',
    retryAfterMs: 5_000,
  });
}

/** A payment as the ledger is about to show it. */
const asPaid = (payment: Payment): Payment => ({
  ...payment,
  transactions: [{ id: '', type: 'Authorization', state: 'Success', amount: payment.amountPlanned }],
});
