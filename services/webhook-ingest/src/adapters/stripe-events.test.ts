import { FakeStripe } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventQuery } from '../use-cases/ports.ts';
import { stripeEvents } from './stripe-events.ts';

interface Stored {
  id: string;
  object: 'event';
  type: string;
  created: number;
  delivered: boolean;
}

describe("Stripe's events", () => {
  let stripe: FakeStripe;
  let events: Stored[] = [];
  beforeEach(() => {
    stripe = new FakeStripe();
  });

  const stored = (count: number, changes: (index: number) => Partial<Stored> = () => ({})): Stored[] =>
    Array.from({ length: count }, (_, index) => ({
      id: `evt_${index}`,
      object: 'event',
      type: 'charge.succeeded',
      created: 1000 + index,
      delivered: true,
      ...changes(index),
    }));
  const list = async (query: Partial<EventQuery> = {}) => {
    for (const { delivered, ...event } of events) {
      stripe.events.set(event.id, event as unknown as Stripe.Event);
      if (!delivered) stripe.undelivered.add(event.id);
    }
    const pages: string[][] = [];
    const all = { since: 0, until: 1_000_000, types: ['charge.succeeded'], undeliveredOnly: false, ...query };
    for await (const page of stripeEvents(stripe)(all)) pages.push(page.map(({ id }) => id));
    return pages;
  };
  const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `evt_${from + index}`);

  it.each([
    ['none', 0, []],
    ['one page', 7, ids(0, 7)],
    ['exactly one page', 100, ids(0, 100)],
    ['several pages', 345, ids(0, 345)],
  ])('are listed oldest first, from the oldest that Stripe keeps: %s', async (_rule, count, expected) => {
    events = stored(count);
    const pages = await list();
    expect(pages.flat()).toEqual(expected);
    expect(Math.max(0, ...pages.map((page) => page.length))).toBeLessThanOrEqual(100);
  });

  it('are listed oldest first from a given time, without reading older ones', async () => {
    events = stored(1000);
    expect((await list({ since: 1800, until: 1950 })).flat()).toEqual(ids(800, 950));
    expect(stripe.calls.length).toBe(3);
  });

  it('of one second are all listed', async () => {
    events = stored(300, () => ({ created: 5000 }));
    expect((await list({ since: 5000, until: 5001 })).flat()).toEqual(ids(0, 300));
  });

  it('can be limited to those that were not delivered', async () => {
    events = stored(300, (index) => ({ delivered: index % 3 > 0 }));
    const undelivered = ids(0, 300).filter((_, index) => index % 3 === 0);
    expect((await list({ undeliveredOnly: true })).flat()).toEqual(undelivered);
    expect((await list({ undeliveredOnly: true, since: 1150 })).flat()).toEqual(undelivered.slice(50));
  });

  it.each([1, 7, 100])('of more types than one call accepts are also listed oldest first (%i a page)', async (most) => {
    stripe.maxPage = most;
    const types = Array.from({ length: 45 }, (_, index) => `type.${index}`);
    // The third list has no events for a long time, and then all.
    events = stored(300, (index) => ({ type: types[index < 200 ? index % 40 : 40 + (index % 5)] as string }));
    expect((await list({ types })).flat()).toEqual(ids(0, 300));
    expect((await list({ types, since: 1150 })).flat()).toEqual(ids(150, 300));
  });
});
