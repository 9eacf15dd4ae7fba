import { TransientError } from '@connector/errors';
import type { Delivery } from '@connector/kafka';
import type { StripeFacts } from '../use-cases/ports.ts';

/** Throws TransientError (`circuit_open`) while Stripe fails for everybody and somebody else is the probe. */
export function mustCall(dependency: 'stripe', mayCall: Delivery['mayCall']): void {
  if (mayCall(dependency)) return;
  throw new TransientError('Stripe fails for every event', { reason: 'circuit_open', dependency });
}

/**
 * Stripe as one try may ask it. While it fails for everybody only the probe asks; others fail at once, without keeping those waiting that need no
 * call of Stripe's. `answered` tells whether it was asked, and answered.
 */
export function stripeOf(
  stripe: StripeFacts,
  mayCall: Delivery['mayCall'],
): { stripe: StripeFacts; answered: () => boolean } {
  let answered = false;
  const guarded =
    <Args extends unknown[], T>(ask: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      mustCall('stripe', mayCall);
      const answer = await ask(...args);
      answered = true;
      return answer;
    };
  return {
    stripe: {
      paymentIntent: guarded((id) => stripe.paymentIntent(id)),
      refundsOf: guarded((id) => stripe.refundsOf(id)),
      dispute: guarded((id) => stripe.dispute(id)),
    },
    answered: () => answered,
  };
}
