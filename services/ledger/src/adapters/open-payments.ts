import type { Commercetools } from '@connector/commercetools';

import type { OpenPayments } from '../use-cases/ports.ts';

/** Payments per call; commercetools gives at most 500, and a payment is some 5 kB. */
const PAGE = 200;

/**
 * Payments of this connector, from the project's HTTP API. Pages follow the ids: an offset may not exceed 10,000, and skips payments while
 * others settle.
 */
export function openPayments({ api, call }: Commercetools, paymentInterface: string): OpenPayments {
  const query = (where: string, limit: number) =>
    call('payments.query', api.payments().get({ queryArgs: { where, sort: 'id asc', limit, withTotal: false } }));
  const ours = `paymentMethodInfo(paymentInterface=${quoted(paymentInterface)})`;
  return {
    page: async (before, afterId) => {
      const open = `${ours} and createdAt < "${before.toISOString()}" and transactions(state in ("Pending", "Initial"))`;
      const { results } = await query(afterId ? `${open} and id > ${quoted(afterId)}` : open, PAGE);
      return results;
    },
    ofPaymentIntents: async (ids) => {
      const { results } = await query(`interfaceId in (${ids.map(quoted).join(', ')})`, 500);
      return results;
    },
  };
}

/** A text in a query predicate. */
const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;
