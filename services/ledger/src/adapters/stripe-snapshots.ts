import { NotFoundError } from '@connector/errors';
import { isMissing, type StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import type { Snapshot, StripeSnapshots } from '../use-cases/ports.ts';

/** Stripe's objects as they are now, over its API. */
export function stripeSnapshots(client: StripeClient): StripeSnapshots {
  const read = async (operation: string, work: (stripe: Stripe) => Promise<object>): Promise<Snapshot | undefined> => {
    try {
      return (await client.call(operation, work)) as Snapshot;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };
  return {
    paymentIntent: (id) => read('payment_intents.retrieve', (stripe) => stripe.paymentIntents.retrieve(id)),
    refund: (id) => read('refunds.retrieve', (stripe) => stripe.refunds.retrieve(id)),
    dispute: (id) => read('disputes.retrieve', (stripe) => stripe.disputes.retrieve(id)),
    refundsOf: async (payment_intent) => {
      try {
        const refunds = await client.call('refunds.list', (stripe) =>
          Array.fromAsync(stripe.refunds.list({ payment_intent, limit: 100 })),
        );
        return refunds as unknown as Snapshot[];
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },
    paymentIntents: async (since, until, afterId) => {
      const created = { gte: seconds(since), lt: seconds(until) };
      const { data } = await client.call('payment_intents.list', (stripe) =>
        stripe.paymentIntents.list({ created, limit: 100, ...(afterId && { starting_after: afterId }) }),
      );
      return data as unknown as Snapshot[];
    },
  };
}

/** As Stripe counts time. */
const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);
