import { PAYMENT_TRANSACTIONS } from '@connector/contracts';
import { createLogger } from '@connector/telemetry';
import { fromTheFuture, recordedEvents } from '@connector/testing';
import { expect, it } from 'vitest';
import { createEvictCart } from './evict-cart.ts';
import type { SessionCache } from './verify-session.ts';

const recorded = recordedEvents().filter(
  ({ topic, headers }) => topic === PAYMENT_TRANSACTIONS && headers.ce_type === 'checkout.transaction.recorded',
);

it.each(recorded.flatMap((event) => [event, fromTheFuture(event)]))(
  "a payment of release $release that shows a transaction evicts the cart's sessions, and one that shows none does not",
  ({ headers, value }) => {
    const evicted: string[] = [];
    const cache = { evict: (cartId: string) => evicted.push(cartId) } as unknown as SessionCache;
    const evictCart = createEvictCart({ cache, log: createLogger('session-auth', 'silent') });
    const data = JSON.parse(value) as { cartId: string };
    evictCart({ headers, value: Buffer.from(JSON.stringify({ ...data, transactions: [] })) });
    expect(evicted).toEqual([]);
    evictCart({ headers, value: Buffer.from(value) });
    expect(evicted).toEqual([data.cartId]);
  },
);
