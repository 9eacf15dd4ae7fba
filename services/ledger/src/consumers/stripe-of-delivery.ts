import { TransientError } from '@connector/errors';
import type { Delivery } from '@connector/kafka';
import type { StripeFacts } from '../use-cases/ports.ts';

/** Throws TransientError (`circuit_open`) while Stripe's circuit is open and another message is the probe. */
export function mustCall(dependency: 'stripe', mayCall: Delivery['mayCall']): void {
  if (mayCall(dependency)) return;
  throw new TransientError('Stripe fails for every event', { reason: 'circuit_open', dependency });
}

/**
 * Stripe's port for one attempt at a message. While Stripe's circuit is open only the probe may call; other attempts
 * fail at once, so that messages that need no call to Stripe do not wait behind them. `answered` says whether Stripe
 * was called and answered.
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
