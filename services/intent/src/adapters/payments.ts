import type { PaymentUpdateAction } from '@commercetools/platform-sdk';
import { type Commercetools, CommercetoolsRejection } from '@connector/commercetools';
import { NotFoundError } from '@connector/errors';
import type { Payment } from '../domain/checkout-cart.ts';
import type { Payments } from '../use-cases/ports.ts';

export function commercetoolsPayments({ api, call }: Pick<Commercetools, 'api' | 'call'>): Payments {
  const getByKey = async (key: string) =>
    (await call('payments.get', api.payments().withKey({ key }).get())) as Payment;
  return {
    get: async (ID) => (await call('payments.get', api.payments().withId({ ID }).get())) as Payment,
    byKey: async (key) => {
      try {
        return await getByKey(key);
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
    },
    create: async (draft) => {
      try {
        const payment = (await call('payments.create', api.payments().post({ body: draft }))) as Payment;
        return { kind: 'created', payment };
      } catch (error) {
        const isDuplicate = error instanceof CommercetoolsRejection && error.code === 'DuplicateField';
        if (!isDuplicate || !draft.key) throw error;
        return { kind: 'exists', payment: await getByKey(draft.key) };
      }
    },
    change: async ({ id, version }, { amountPlanned, interfaceId, customerId }) => {
      const actions: PaymentUpdateAction[] = [];
      if (amountPlanned) {
        const { centAmount, currencyCode } = amountPlanned;
        actions.push({ action: 'changeAmountPlanned', amount: { centAmount, currencyCode } });
      }
      if (interfaceId) actions.push({ action: 'setInterfaceId', interfaceId });
      if (customerId) actions.push({ action: 'setCustomer', customer: { typeId: 'customer', id: customerId } });
      const request = api.payments().withId({ ID: id }).post({ body: { version, actions } });
      return (await call('payments.update', request)) as Payment;
    },
  };
}
