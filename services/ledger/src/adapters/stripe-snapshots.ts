import { orUndefined } from '@connector/errors';
import { isMissing, type StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import type { Snapshot, StripeSnapshots } from '../use-cases/ports.ts';
import { MOVEMENTS } from './stripe-facts.ts';
import { listAll, unixSeconds } from './stripe-lists.ts';

/** The present state of Stripe's objects, read over its API. */
export function stripeSnapshots(client: Pick<StripeClient, 'call'>): StripeSnapshots {
  const read = (operation: string, work: (stripe: Stripe) => Promise<object>): Promise<Snapshot | undefined> =>
    orUndefined(client.call(operation, work) as Promise<Snapshot>);
  return {
    paymentIntent: (id) => read('payment_intents.retrieve', (stripe) => stripe.paymentIntents.retrieve(id)),
    refund: (id) =>
      read('refunds.retrieve', (stripe) => stripe.refunds.retrieve(id, { expand: ['balance_transaction'] })),
    dispute: (id) => read('disputes.retrieve', (stripe) => stripe.disputes.retrieve(id)),
    refundsOf: async (payment_intent) => {
      try {
        const refunds = await listAll(client, 'refunds.list', (stripe) =>
          stripe.refunds.list({ payment_intent, limit: 100, expand: [...MOVEMENTS] }),
        );
        return refunds as unknown as Snapshot[];
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },
    paymentIntents: async (since, until, afterId) => {
      const created = { gte: unixSeconds(since), lt: unixSeconds(until) };
      const { data } = await client.call('payment_intents.list', (stripe) =>
        stripe.paymentIntents.list({ created, limit: 100, ...(afterId && { starting_after: afterId }) }),
      );
      return data as unknown as Snapshot[];
    },
  };
}
