import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createStripe } from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventQuery } from '../use-cases/ports.ts';
import { stripeEvents } from './stripe-events.ts';

interface Stored {
  id: string;
  object: 'event';
  type: string;
  created: number;
  delivered: boolean;
}

/** As Stripe's list: newest first, cursors in both directions, filters by type, creation and delivery. */
function listPage(events: readonly Stored[], params: URLSearchParams) {
  const types = [...params].filter(([name]) => name.startsWith('types')).map(([, type]) => type);
  if (types.length > 20) return undefined;
  const [since, until] = [params.get('created[gte]'), params.get('created[lt]')];
  const newestFirst = events.toReversed();
  const [after, before] = [params.get('starting_after'), params.get('ending_before')];
  const position = newestFirst.findIndex(({ id }) => id === (after ?? before));
  const matches = newestFirst.filter(
    ({ type, created, delivered }, index) =>
      types.includes(type) &&
      (!since || created >= Number(since)) &&
      (!until || created < Number(until)) &&
      (params.get('delivery_success') !== 'false' || !delivered) &&
      (!after || index > position) &&
      (!before || index < position),
  );
  const limit = Number(params.get('limit'));
  const data = before ? matches.slice(-limit) : matches.slice(0, limit);
  return { object: 'list', url: '/v1/events', data, has_more: matches.length > limit };
}

describe("Stripe's events", () => {
  let events: Stored[] = [];
  let calls = 0;
  const server = createServer((req, res) => {
    calls += 1;
    const url = new URL(req.url ?? '/', 'http://stripe');
    const page = url.pathname === '/v1/events' ? listPage(events, url.searchParams) : undefined;
    res.writeHead(page ? 200 : 400, { 'content-type': 'application/json' });
    res.end(JSON.stringify(page ?? { error: { type: 'invalid_request_error', message: 'refused' } }));
  });
  let client: ReturnType<typeof createStripe>;

  beforeEach(async () => {
    calls = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = createStripe(
      { STRIPE_SECRET_KEY: 'sk_test_x', STRIPE_API_BASE: `http://127.0.0.1:${port}` },
      { log: createLogger('test', 'silent') },
    );
  });
  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
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
    const pages: string[][] = [];
    const all = { since: 0, until: 1_000_000, types: ['charge.succeeded'], undeliveredOnly: false, ...query };
    for await (const page of stripeEvents(client)(all)) pages.push(page.map(({ id }) => id));
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

  it('are listed oldest first from within, without walking over what is older', async () => {
    events = stored(1000);
    expect((await list({ since: 1800, until: 1950 })).flat()).toEqual(ids(800, 950));
    expect(calls).toBe(3);
  });

  it('of one second are all listed', async () => {
    events = stored(300, () => ({ created: 5000 }));
    expect((await list({ since: 5000, until: 5001 })).flat()).toEqual(ids(0, 300));
  });

  it('that were not delivered can be listed alone', async () => {
    events = stored(300, (index) => ({ delivered: index % 3 > 0 }));
    const undelivered = ids(0, 300).filter((_, index) => index % 3 === 0);
    expect((await list({ undeliveredOnly: true })).flat()).toEqual(undelivered);
    expect((await list({ undeliveredOnly: true, since: 1150 })).flat()).toEqual(undelivered.slice(50));
  });

  it('of more types than one call takes are listed by several calls', async () => {
    const types = Array.from({ length: 25 }, (_, index) => `type.${index}`);
    events = stored(50, (index) => ({ type: types[index % 25] as string }));
    expect((await list({ types })).flat().toSorted()).toEqual(ids(0, 50).toSorted());
  });
});
