import type { Payment } from '@commercetools/platform-sdk';
import type { KnownPayments } from '../use-cases/ports.ts';

/** The caches of one process. */
export function memory(): KnownPayments {
  const known = new Map<string, Payment>();
  return {
    get: (id) => known.get(id),
    set: (id, payment) => void known.set(id, payment),
    delete: (id) => void known.delete(id),
  };
}
