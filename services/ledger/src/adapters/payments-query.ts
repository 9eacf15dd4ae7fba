import type { Payment } from '@commercetools/platform-sdk';
import type { Commercetools } from '@connector/commercetools';

/**
 * Payments of the project by a predicate, in the order of their ids, at most `limit` (commercetools gives at most 500, and a payment is
 * some 5 kB). Pages follow the ids: an offset may not exceed 10,000, and skips payments while others change.
 */
export const paymentsQuery =
  ({ api, call }: Pick<Commercetools, 'api' | 'call'>) =>
  async (where: string, limit: number): Promise<Payment[]> =>
    (
      await call(
        'payments.query',
        api.payments().get({ queryArgs: { where, sort: 'id asc', limit, withTotal: false } }),
      )
    ).results;
