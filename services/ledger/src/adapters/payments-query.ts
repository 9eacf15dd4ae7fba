import type { Payment } from '@commercetools/platform-sdk';
import type { Commercetools } from '@connector/commercetools';

/**
 * Payments of the project that match a predicate, ordered by id, at most `limit` (commercetools returns at most 500; a
 * payment has some 5 kB). Paging uses the last id, because an offset may not exceed 10,000 and would skip payments
 * while others change.
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
