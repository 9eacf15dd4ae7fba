import { bookCapture, mostCapturable } from '../charges.ts';
import { disputeIfMeant } from '../disputes.ts';
import { invalidParameter, refused, unexpectedState } from '../errors.ts';
import { display } from '../money.ts';
import type { Charge, PaymentIntent } from '../objects.ts';
import type { Params } from '../params.ts';
import { releaseUncaptured } from '../refunds.ts';
import type { Simulation } from '../simulation.ts';
import { secretsOf } from './states.ts';

/** POST /v1/payment_intents/:id/capture. */
export function capturePaymentIntent(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  params: Params,
): PaymentIntent {
  const isFinalAsked = params.boolean('final_capture') ?? true;
  const { charge, amount } = checkedCapture(simulation, paymentIntent, params, isFinalAsked);
  if (params.has('metadata')) paymentIntent.metadata = params.metadata(paymentIntent.metadata);
  const isFinal = isFinalAsked || amount >= paymentIntent.amount_capturable;
  const wasCaptured = charge.amount_captured;
  const previous: Record<string, unknown> = {
    amount_captured: wasCaptured,
    balance_transaction: charge.balance_transaction,
    ...(isFinal ? { captured: false } : {}),
  };
  charge.amount_captured += amount;
  paymentIntent.amount_received += amount;
  // Released with a movement of its own, what is let go of was booked with what is captured.
  const isReleaseBooked = isFinal && simulation.settings.releases === 'movement';
  if (amount > 0)
    bookCapture(simulation, charge, isReleaseBooked ? Math.max(amount, charge.amount - wasCaptured) : amount);
  if (!isFinal) {
    const { amount_capturable, amount_received } = paymentIntent;
    paymentIntent.amount_capturable -= amount;
    simulation.events.emit('charge.updated', charge, previous);
    simulation.events.emit('payment_intent.amount_capturable_updated', paymentIntent, {
      amount_capturable,
      amount_received: amount_received - amount,
    });
    return paymentIntent;
  }
  charge.captured = true;
  paymentIntent.amount_capturable = 0;
  paymentIntent.status = 'succeeded';
  if (wasCaptured > 0 && amount > 0) simulation.events.emit('charge.updated', charge, previous);
  simulation.events.emit('charge.captured', charge, previous);
  simulation.events.emit('payment_intent.succeeded', paymentIntent);
  releaseUncaptured(simulation, charge, charge.amount - charge.amount_captured);
  disputeIfMeant(simulation, charge, simulation.state.behaviours.get(charge.payment_method ?? '') ?? {});
  return paymentIntent;
}

/** The charge and how much of it to capture, in minor units. Throws StripeApiError where that cannot be. */
function checkedCapture(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  params: Params,
  isFinalAsked: boolean,
): { charge: Charge; amount: number } {
  const requested = params.integer('amount_to_capture');
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  if (paymentIntent.status !== 'requires_capture' || !charge) {
    throw unexpectedState(
      paymentIntent,
      `This PaymentIntent could not be captured because it has a status of ${paymentIntent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
    );
  }
  const { allowsMulticapture } = secretsOf(simulation, paymentIntent);
  if (!isFinalAsked && !allowsMulticapture) {
    throw refused(
      'You cannot use `final_capture` with this PaymentIntent because multicapture is not available for it.',
      undefined,
      'final_capture',
    );
  }
  const amount = requested ?? paymentIntent.amount_capturable;
  const mayBeZero = isFinalAsked && charge.amount_captured > 0;
  if (amount < 0 || (amount === 0 && !mayBeZero)) {
    throw invalidParameter(
      'amount_to_capture',
      `This value must be greater than or equal to 1 (it currently is '${amount}').`,
      'parameter_invalid_integer',
    );
  }
  const most =
    isFinalAsked && charge.amount_captured === 0 ? mostCapturable(paymentIntent) : paymentIntent.amount_capturable;
  if (amount > most) {
    throw refused(
      `The amount to capture (${display(amount, charge.currency)}) is greater than the capturable amount of this PaymentIntent (${display(paymentIntent.amount_capturable, charge.currency)}).`,
      'amount_too_large',
      'amount_to_capture',
    );
  }
  return { charge, amount };
}
