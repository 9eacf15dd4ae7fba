import { bookFailure } from '../charges.ts';
import { disputeIfMeant } from '../disputes.ts';
import { unexpectedState } from '../errors.ts';
import type { Charge, PaymentIntent, PaymentMethod } from '../objects.ts';
import { findPaymentMethod } from '../payment-methods.ts';
import type { Simulation } from '../simulation.ts';

/** A processing payment (bank debit) comes to its end. */
export function settle(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  outcome: 'succeeded' | 'failed',
): PaymentIntent {
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  if (paymentIntent.status !== 'processing' || !charge) {
    throw unexpectedState(paymentIntent, `This PaymentIntent has a status of ${paymentIntent.status}, not processing.`);
  }
  const method = findPaymentMethod(simulation, charge.payment_method ?? '', 'payment_method');
  return outcome === 'succeeded'
    ? settled(simulation, paymentIntent, charge, method)
    : bounced(simulation, paymentIntent, charge, method);
}

function settled(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  charge: Charge,
  method: PaymentMethod,
): PaymentIntent {
  charge.status = 'succeeded';
  charge.paid = true;
  charge.captured = true;
  charge.amount_captured = charge.amount;
  paymentIntent.status = 'succeeded';
  paymentIntent.amount_received = paymentIntent.amount;
  simulation.events.emit('charge.succeeded', charge);
  simulation.events.emit('payment_intent.succeeded', paymentIntent);
  disputeIfMeant(simulation, charge, simulation.state.behaviours.get(method.id) ?? {});
  return paymentIntent;
}

function bounced(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  charge: Charge,
  method: PaymentMethod,
): PaymentIntent {
  charge.status = 'failed';
  charge.paid = false;
  charge.captured = false;
  charge.failure_code = 'insufficient_funds';
  bookFailure(simulation, charge);
  charge.failure_message = 'The customer’s account has insufficient funds to cover this payment.';
  paymentIntent.status = 'requires_payment_method';
  paymentIntent.payment_method = null;
  paymentIntent.last_payment_error = {
    type: 'card_error',
    code: 'payment_intent_payment_attempt_failed',
    doc_url: 'https://stripe.com/docs/error-codes/payment-intent-payment-attempt-failed',
    decline_code: 'insufficient_funds',
    charge: charge.id,
    message: 'The payment failed.',
    payment_method: structuredClone(method),
  };
  simulation.events.emit('charge.failed', charge);
  simulation.events.emit('payment_intent.payment_failed', paymentIntent);
  return paymentIntent;
}
