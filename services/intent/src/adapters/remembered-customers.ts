import { LRUCache } from 'lru-cache';
import type { Customer } from '../domain/checkout-cart.ts';
import type { Customers, RememberingCustomers } from '../use-cases/ports.ts';

/** How long an entry is kept, in ms: the time that a shopper may look at the form. */
const TTL_MS = 15 * 60_000;

/** Caches up to `max` customers (some 3 kB each) between the page's customer session and the opening of the payment. */
export function rememberingCustomers(customers: Customers, { max }: { max: number }): RememberingCustomers {
  const seen = new LRUCache<string, Customer>({ max, ttl: TTL_MS });
  const remembered = (customerId: string, found: Customer | undefined): Customer | undefined => {
    if (found) seen.set(customerId, found);
    else seen.delete(customerId);
    return found;
  };
  return {
    find: async (customerId) => remembered(customerId, await customers.find(customerId)),
    saveStripeCustomerId: async (customer, ...saved) =>
      remembered(customer.id, await customers.saveStripeCustomerId(customer, ...saved)),
    recall: (customerId) => {
      const found = seen.get(customerId);
      seen.delete(customerId);
      return found;
    },
  };
}
