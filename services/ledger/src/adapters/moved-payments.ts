import { type Commercetools, quoted } from '@connector/commercetools';
import { MOVEMENT_TYPES } from '../domain/audit.ts';
import type { MovedPayments } from '../use-cases/ports-audit.ts';
import { paymentsQuery } from './payments-query.ts';

/** Payments per call. */
const PAGE = 200;

/** Payments of this connector that show money as moved, from the project's HTTP API. */
export function movedPayments(
  commercetools: Pick<Commercetools, 'api' | 'call'>,
  paymentInterface: string,
): MovedPayments {
  const query = paymentsQuery(commercetools);
  const types = MOVEMENT_TYPES.map(quoted).join(', ');
  return {
    page: async (since, until, afterId) => {
      const between = (field: string) => `${field} >= "${since.toISOString()}" and ${field} < "${until.toISOString()}"`;
      const moved = `transactions(type in (${types}) and state = "Success" and ${between('timestamp')})`;
      // A transaction's timestamp is optional.
      const undated = `transactions(type in (${types}) and state = "Success" and timestamp is not defined)`;
      const ours = `paymentMethodInfo(paymentInterface=${quoted(paymentInterface)})`;
      const wanted = `${ours} and (${moved} or (${undated} and ${between('lastModifiedAt')}))`;
      return query(afterId ? `${wanted} and id > ${quoted(afterId)}` : wanted, PAGE);
    },
    ofPaymentIntents: (ids) => query(`interfaceId in (${ids.map(quoted).join(', ')})`, 500),
  };
}
