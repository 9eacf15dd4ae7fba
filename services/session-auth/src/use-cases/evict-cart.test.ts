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
  "what the ledger of release $release recorded drops the cart's sessions",
  ({ headers, value }) => {
    const evicted: string[] = [];
    const cache = { evict: (cartId: string) => evicted.push(cartId) } as unknown as SessionCache;
    createEvictCart({ cache, log: createLogger('session-auth', 'silent') })({
      headers,
      value: Buffer.from(value),
    });
    expect(evicted).toEqual([(JSON.parse(value) as { cartId: string }).cartId]);
  },
);
