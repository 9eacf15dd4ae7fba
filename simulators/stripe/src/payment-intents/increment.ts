import { invalidParameter, missingParameter, refused, StripeApiError, unexpectedState } from '../errors.ts';
import { checkAmount } from '../money.ts';
import type { PaymentIntent } from '../objects.ts';
import type { Params } from '../params.ts';
import type { Simulation } from '../simulation.ts';

/** Stripe's limit of tries, declined ones too. */
const MAX_TRIES = 10;
const DECLINED = { code: 'card_declined', decline_code: 'insufficient_funds' };

/**
 * POST /v1/payment_intents/:id/increment_authorization. A card's bank lets three times of what was first authorised through; more is declined, and
 * nothing changes.
 */
export function incrementAuthorization(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  params: Params,
): PaymentIntent {
  const amount = params.integer('amount');
  if (amount === undefined) throw missingParameter('amount');
  checkAmount(amount, paymentIntent.currency);
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  if (paymentIntent.status !== 'requires_capture' || !charge) {
    throw unexpectedState(
      paymentIntent,
      `This PaymentIntent's authorization could not be incremented because it has a status of ${paymentIntent.status}. Only a PaymentIntent with one of the following statuses may be incremented: requires_capture.`,
    );
  }
  const card = charge.payment_method_details?.card;
  if (card?.incremental_authorization?.status !== 'available' || charge.amount_captured > 0) {
    throw refused(
      'This PaymentIntent is not eligible for incremental authorizations.',
      'incremental_authorization_not_available',
    );
  }
  const { amount: before } = paymentIntent;
  if (amount <= before) {
    throw invalidParameter('amount', `The amount must be greater than the currently authorized amount (${before}).`);
  }
  const tries = (simulation.state.raises.get(paymentIntent.id) ?? 0) + 1;
  if (tries > MAX_TRIES) throw refused(`You can increment an authorization ${MAX_TRIES} times at most.`);
  simulation.state.raises.set(paymentIntent.id, tries);
  if (amount > 3 * (card.amount_authorized ?? before)) {
    throw new StripeApiError(402, { type: 'card_error', ...DECLINED, message: 'Your card has insufficient funds.' });
  }
  if (params.has('metadata')) paymentIntent.metadata = params.metadata(paymentIntent.metadata);
  if (params.has('description')) paymentIntent.description = params.nullableString('description') ?? null;
  paymentIntent.amount = amount;
  paymentIntent.amount_capturable = amount;
  charge.amount = amount;
  simulation.events.emit('charge.updated', charge, { amount: before });
  simulation.events.emit('payment_intent.amount_capturable_updated', paymentIntent, {
    amount: before,
    amount_capturable: before,
  });
  return paymentIntent;
}
