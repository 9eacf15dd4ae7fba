import type { Payment } from '@commercetools/platform-sdk';
import { LRUCache } from 'lru-cache';

import type { KnownPayments } from '../use-cases/ports.ts';

/**
 * The payments last written here, so that the next event of one costs a single call. Only their latest version is of use, and commercetools
 * refuses a write on any other; `max` bounds the memory (some 5 kB each).
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
