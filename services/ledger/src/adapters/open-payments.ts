import { type Commercetools, quoted } from '@connector/commercetools';
import type { OpenPayments } from '../use-cases/ports.ts';
import { paymentsQuery } from './payments-query.ts';

/** Payments per call. */
const PAGE = 200;

/** Payments of this connector with open transactions, from the project's HTTP API, `perPage` at a time. */
export function openPayments(
  commercetools: Pick<Commercetools, 'api' | 'call'>,
  paymentInterface: string,
  perPage = PAGE,
): OpenPayments {
  const query = paymentsQuery(commercetools);
  const ours = `paymentMethodInfo(paymentInterface=${quoted(paymentInterface)})`;
  return {
    page: (before, afterId) => {
      const open = `${ours} and createdAt < "${before.toISOString()}" and transactions(state in ("Pending", "Initial"))`;
      return query(afterId ? `${open} and id > ${quoted(afterId)}` : open, perPage);
    },
    ofPaymentIntents: (ids) => query(`interfaceId in (${ids.map(quoted).join(', ')})`, 500),
  };
}
