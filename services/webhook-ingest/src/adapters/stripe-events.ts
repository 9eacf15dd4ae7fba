import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import type { EventQuery, ListEvents } from '../use-cases/ports.ts';

const PAGE = 100;
/** Stripe takes this many types in one list call. */
const TYPES_PER_CALL = 20;

/**
 * Lists Stripe's events. Stripe lists newest first and pages towards newer events only from a known one (`ending_before`), so
 * the newest event before `since` is looked up first; where there is none, the list is walked back to its oldest event. One
 * page is held at a time. Throws what `call` throws.
 */
export function stripeEvents(client: Pick<StripeClient, 'call'>): ListEvents {
  const list = (params: Stripe.EventListParams) =>
    client.call('events.list', (stripe) => stripe.events.list({ limit: PAGE, ...params }));

  async function* oldestFirst({ since, until, types, undeliveredOnly }: EventQuery): AsyncGenerator<Stripe.Event[]> {
    const filter = { types: [...types], ...(undeliveredOnly && { delivery_success: false }) };
    const [before] = (await list({ ...filter, created: { lt: since }, limit: 1 })).data;
    let cursor = before?.id;
    if (!cursor) {
      const created = { gte: since, lt: until };
      let page = await list({ ...filter, created });
      if (!page.has_more) return yield page.data.toReversed();
      for (let last = page.data.at(-1); page.has_more && last; last = page.data.at(-1)) {
        page = await list({ ...filter, created, starting_after: last.id });
      }
      const oldest = page.data.toReversed();
      yield oldest;
      cursor = oldest.at(-1)?.id;
    }
    for (let more = cursor !== undefined; more && cursor; ) {
      const page = await list({ ...filter, created: { lt: until }, ending_before: cursor });
      const events = page.data.toReversed();
      yield events;
      cursor = events.at(-1)?.id;
      more = page.has_more;
    }
  }

  return async function* listEvents(query) {
    for (let from = 0; from < query.types.length; from += TYPES_PER_CALL) {
      yield* oldestFirst({ ...query, types: query.types.slice(from, from + TYPES_PER_CALL) });
    }
  };
}
