import { TransientError } from '@connector/errors';
import { idempotencyKey, isOfTransaction } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import type Stripe from 'stripe';
import { statusOf } from '../../domain/attempts.ts';
import type { Payment } from '../../domain/checkout-cart.ts';
import { goesBefore } from '../../domain/merchant-transaction.ts';
import { isYoung, type WaitingPayment } from '../other-payments.ts';
import type { RunTransactionDeps } from './deps.ts';

/**
 * Cancels PaymentIntents of others that wait for payment. Throws TransientError while one is being confirmed, or has
 * just been paid.
 */
export async function cancelOther(deps: RunTransactionDeps, other: WaitingPayment, payment: Payment): Promise<void> {
  const { id, status } = other.paymentIntent;
  const isUnderWay = status === 'requires_confirmation' && isOfTransaction(other.payment);
  // One whose process died is waited for no longer than a request can live.
  if (isUnderWay && isYoung(other.payment, deps.now()) && goesBefore(other.payment, payment)) {
    throw new TransientError('another transaction of the cart is under way', { reason: 'conflict' });
  }
  // It was paid at this moment: the next request sees that.
  if (await cancelUnlessPaid(deps, id, 'replace'))
    throw new TransientError('the cart is being paid', { reason: 'conflict' });
}

/** Cancels a PaymentIntent that waits for payment. Returns it as it is now if another request was faster and it can still hold money. */
export async function cancelUnlessPaid(
  { paymentIntents }: Pick<RunTransactionDeps, 'paymentIntents'>,
  id: string,
  why: string,
): Promise<Stripe.PaymentIntent | undefined> {
  try {
    await paymentIntents.cancel(id, idempotencyKey(why, id));
    return undefined;
  } catch (error) {
    if (!(error instanceof StripeRejection)) throw error;
    const now = await paymentIntents.find(id);
    return now && statusOf(now) !== 'over' ? now : undefined;
  }
}

const ONCE: Stripe.PaymentIntentConfirmParams = { off_session: true };
/** Parameters that tell the card's bank that the charge is one of a series that the customer agreed to. */
const OF_SERIES: Stripe.PaymentIntentConfirmParams = {
  ...ONCE,
  payment_method_options: { card: { stored_credential_usage: 'recurring' } },
};

/** Confirms with these parameters, and without them if Stripe does not accept them for this account (rulings 38). */
async function confirmOfSeries(deps: RunTransactionDeps, id: string): Promise<Stripe.PaymentIntent> {
  try {
    return await deps.paymentIntents.confirm(id, OF_SERIES, idempotencyKey('confirm', id, 'recurring'));
  } catch (error) {
    const isRefused = error instanceof StripeRejection && error.param?.startsWith('payment_method_options');
    if (!isRefused) throw error;
    return confirmOnce(deps, id);
  }
}

const confirmOnce = ({ paymentIntents }: RunTransactionDeps, id: string): Promise<Stripe.PaymentIntent> =>
  paymentIntents.confirm(id, ONCE, idempotencyKey('confirm', id));

/**
 * The PaymentIntent after its confirmation, also a refused one. The idempotency key only avoids an error for two
 * concurrent requests.
 */
export async function confirm(
  deps: RunTransactionDeps,
  { id }: Stripe.PaymentIntent,
  { paymentMethodInfo: { method } }: Payment,
): Promise<Stripe.PaymentIntent> {
  try {
    if (method === 'card') return await confirmOfSeries(deps, id);
    return await confirmOnce(deps, id);
  } catch (error) {
    if (!(error instanceof StripeRejection)) throw error;
    const now = await deps.paymentIntents.find(id);
    if (!now) throw error;
    const { code, declineCode } = error;
    const refusal = { code, ...(declineCode && { decline_code: declineCode }) };
    return now.last_payment_error
      ? now
      : { ...now, last_payment_error: refusal as Stripe.PaymentIntent.LastPaymentError };
  }
}
