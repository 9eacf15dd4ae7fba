import { StripeApiError, unexpectedState } from '../errors.ts';
import type { PaymentIntent } from '../objects.ts';
import { findPaymentMethod } from '../payment-methods.ts';
import type { Simulation } from '../simulation.ts';
import { pay } from './pay.ts';
import { secretsOf } from './states.ts';

export function askShopper(simulation: Simulation, paymentIntent: PaymentIntent, usesStripeJs: boolean): void {
  const { clientSecret, returnUrl } = secretsOf(simulation, paymentIntent);
  const url = `${simulation.url}/_sandbox/3ds/${paymentIntent.id}?client_secret=${encodeURIComponent(clientSecret)}`;
  paymentIntent.status = 'requires_action';
  paymentIntent.next_action = usesStripeJs
    ? {
        type: 'use_stripe_sdk',
        use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url, source: simulation.newId('payatt') },
      }
    : { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } };
  simulation.events.emit('payment_intent.requires_action', paymentIntent);
}

/** The shopper finished, or failed, what `next_action` asked for. */
export function finishAction(simulation: Simulation, paymentIntent: PaymentIntent, isComplete: boolean): PaymentIntent {
  const secrets = secretsOf(simulation, paymentIntent);
  const { pending } = secrets;
  if (paymentIntent.status !== 'requires_action' || !pending) {
    throw unexpectedState(
      paymentIntent,
      `This PaymentIntent has a status of ${paymentIntent.status} and waits for no action.`,
    );
  }
  secrets.pending = null;
  paymentIntent.next_action = null;
  const method = findPaymentMethod(simulation, pending.paymentMethodId, 'payment_method');
  if (isComplete)
    return attempt(() => pay(simulation, paymentIntent, method, { isAuthenticated: pending.kind === '3ds' }));
  paymentIntent.status = 'requires_payment_method';
  paymentIntent.payment_method = null;
  paymentIntent.last_payment_error =
    pending.kind === '3ds'
      ? {
          type: 'invalid_request_error',
          code: 'payment_intent_authentication_failure',
          doc_url: 'https://stripe.com/docs/error-codes/payment-intent-authentication-failure',
          message:
            'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
          payment_method: structuredClone(method),
        }
      : {
          type: 'invalid_request_error',
          code: 'payment_intent_payment_attempt_failed',
          doc_url: 'https://stripe.com/docs/error-codes/payment-intent-payment-attempt-failed',
          message: 'The customer declined the payment.',
          payment_method: structuredClone(method),
        };
  simulation.events.emit('payment_intent.payment_failed', paymentIntent);
  return paymentIntent;

  /** The page that finishes an action reads the outcome from the PaymentIntent; a decline is no error to it. */
  function attempt(work: () => PaymentIntent): PaymentIntent {
    try {
      return work();
    } catch (error) {
      if (error instanceof StripeApiError && error.status === 402) return paymentIntent;
      throw error;
    }
  }
}
