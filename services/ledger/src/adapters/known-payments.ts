import type { Payment } from '@commercetools/platform-sdk';
import { LRUCache } from 'lru-cache';

import type { KnownPayments } from '../use-cases/ports.ts';

/**
 * The payments that this process wrote last, so that the next event of such a payment costs a single call. A stale
 * entry does no harm: commercetools refuses a write on any version but the latest. `max` limits the memory (some 5 kB a
 * payment).
 */
export function createKnownPayments(max: number): KnownPayments {
  const cache = new LRUCache<string, Payment>({ max });
  return {
    get: (id) => cache.get(id),
    set: (id, payment) => {
      const newer = cache.peek(id);
      if (!newer || newer.version <= payment.version) cache.set(id, payment);
    },
    delete: (id) => {
      cache.delete(id);
    },
  };
}
