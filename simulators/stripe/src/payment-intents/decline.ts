import { newCharge } from '../charges.ts';
import { StripeApiError } from '../errors.ts';
import type { PaymentIntent, PaymentMethod } from '../objects.ts';
import type { Simulation } from '../simulation.ts';
import type { Decline } from '../test-cards.ts';

export function fail(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  method: PaymentMethod,
  decline: Decline,
  { isAuthenticated }: { isAuthenticated: boolean },
): never {
  const charge = newCharge(simulation, paymentIntent, method, {
    status: 'failed',
    isCaptured: false,
    isAuthenticated,
    decline,
  });
  const snapshot = structuredClone(method);
  const details = {
    code: decline.code,
    ...(decline.declineCode ? { decline_code: decline.declineCode } : {}),
    message: decline.message,
    ...(decline.param ? { param: decline.param } : {}),
    charge: charge.id,
    ...(charge.outcome?.network_decline_code ? { network_decline_code: charge.outcome.network_decline_code } : {}),
    ...(charge.outcome?.advice_code ? { advice_code: charge.outcome.advice_code } : {}),
  };
  paymentIntent.status = 'requires_payment_method';
  paymentIntent.payment_method = null;
  paymentIntent.next_action = null;
  paymentIntent.latest_charge = charge.id;
  paymentIntent.last_payment_error = {
    type: 'card_error',
    ...details,
    doc_url: `https://stripe.com/docs/error-codes/${decline.code.replaceAll('_', '-')}`,
    payment_method: snapshot,
  };
  simulation.events.emit('charge.failed', charge);
  simulation.events.emit('payment_intent.payment_failed', paymentIntent);
  throw new StripeApiError(402, {
    type: 'card_error',
    ...details,
    payment_intent: paymentIntent,
    payment_method: snapshot,
  });
}
