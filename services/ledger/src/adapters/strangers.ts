import { LRUCache } from 'lru-cache';

import type { Strangers } from '../use-cases/ports.ts';

/**
 * The last `max` PaymentIntents of other integrations, some 100 bytes each. One process is enough to know them, because
 * the consumer of a partition sees all events of a PaymentIntent.
 */
export function createStrangers(max = 20_000): Strangers {
  const seen = new LRUCache<string, true>({ max });
  return {
    has: (id) => seen.has(id),
    add: (id) => {
      seen.set(id, true);
    },
    delete: (id) => {
      seen.delete(id);
    },
  };
}
