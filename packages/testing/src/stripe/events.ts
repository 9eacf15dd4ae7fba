import type Stripe from 'stripe';
import { listOf } from './lists.ts';
import { refusal } from './refusal.ts';
import type { StripeState } from './state.ts';

/** Stripe accepts at most this many types in one list call. */
const MAX_TYPES = 20;

/** `events` of the SDK, and the key's account. */
export function eventsOf(stripe: StripeState) {
  return {
    events: {
      list: ({ types, delivery_success: isDelivered, ...page }: Stripe.EventListParams) => {
        if (types && types.length > MAX_TYPES) throw refusal(undefined, { param: 'types' });
        const wanted = [...stripe.events.values()]
          .filter(({ type }) => !types || types.includes(type))
          .filter(({ id }) => isDelivered === undefined || isDelivered !== stripe.undelivered.has(id));
        return listOf(stripe, wanted, page);
      },
    },
    accounts: { retrieveCurrent: async () => ({ id: stripe.accountId, object: 'account' }) },
  };
}
