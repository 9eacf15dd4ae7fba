import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import type { EventQuery, ListEvents } from '../use-cases/ports.ts';

const PAGE = 100;
/** The most event types in one list call at Stripe. */
const TYPES_PER_CALL = 20;

/**
 * Lists Stripe's events, oldest first. Stripe lists newest first and pages towards newer events only from a known event
 * (`ending_before`), so the newest event before `since` is looked up first; if there is none, the list is read back to
 * its oldest event. If there are more types than one list accepts, several lists are merged, because an interrupted run
 * continues after its last event, and no older event may follow that one. One page of each list is in memory at a time.
 * Throws what `call` throws.
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

  return (query) => {
    const lists: AsyncGenerator<Stripe.Event[]>[] = [];
    for (let from = 0; from < query.types.length; from += TYPES_PER_CALL) {
      lists.push(oldestFirst({ ...query, types: query.types.slice(from, from + TYPES_PER_CALL) }));
    }
    return merged(lists);
  };
}

/** Merges lists that are each oldest first, so that no event is followed by an older one. */
async function* merged(lists: readonly AsyncGenerator<Stripe.Event[]>[]): AsyncGenerator<Stripe.Event[]> {
  const open = new Map(lists.map((list) => [list, [] as Stripe.Event[]]));
  for (;;) {
    for (const [list, events] of open) {
      while (events.length === 0 && open.has(list)) {
        const { done, value = [] } = await list.next();
        if (done) open.delete(list);
        else events.push(...value);
      }
    }
    if (open.size === 0) return;
    const held = [...open.values()];
    // The next event of a list is never older than the last event from it.
    const known = Math.min(...held.map((events) => events.at(-1)?.created ?? 0));
    const page = held.flatMap((events) =>
      events.splice(0, events.findLastIndex(({ created }) => created <= known) + 1),
    );
    yield page.toSorted((a, b) => a.created - b.created);
  }
}
