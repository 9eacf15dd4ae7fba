import type { Payment } from '@commercetools/platform-sdk';
import {
  addPaymentToCart,
  type Commercetools,
  CommercetoolsRejection,
  type Executable,
  found,
  quoted,
} from '@connector/commercetools';
import type { Carts, Payments, PaymentsOf } from '../use-cases/ports.ts';

/** Payments of the project over its HTTP API. */
export function commercetoolsPayments({ api, call }: Pick<Commercetools, 'api' | 'call'>): Payments {
  const payments = api.payments();
  return {
    byId: (ID) => found(call('payments.get', payments.withId({ ID }).get())),
    byKey: (key) => found(call('payments.get_by_key', payments.withKey({ key }).get())),
    byPaymentIntent: async (paymentIntentId) => {
      const where = `interfaceId=${quoted(paymentIntentId)}`;
      const { results } = await call(
        'payments.query',
        payments.get({ queryArgs: { where, limit: 2, withTotal: false } }),
      );
      return results[0];
    },
    update: ({ id, version }, actions) =>
      call('payments.update', payments.withId({ ID: id }).post({ body: { version, actions } }) as Executable<Payment>),
    create: async (draft) => {
      try {
        return await call('payments.create', payments.post({ body: draft }));
      } catch (error) {
        if (error instanceof CommercetoolsRejection && error.code === 'DuplicateField' && error.field === 'key')
          return undefined;
        throw error;
      }
    },
  };
}

/** The payments of several PaymentIntents, in one call. */
export const commercetoolsPaymentsOf =
  ({ api, call }: Pick<Commercetools, 'api' | 'call'>): PaymentsOf =>
  async (paymentIntentIds) => {
    const where = `interfaceId in (${paymentIntentIds.map(quoted).join(', ')})`;
    const queryArgs = { where, limit: 2 * paymentIntentIds.length, withTotal: false };
    return (await call('payments.query', api.payments().get({ queryArgs }))).results;
  };

/** Carts of the project over its HTTP API. */
export function commercetoolsCarts(commercetools: Pick<Commercetools, 'api' | 'call'>): Carts {
  const { api, call } = commercetools;
  return {
    byId: (ID) => found(call('carts.get', api.carts().withId({ ID }).get())),
    addPayment: (cart, paymentId) => addPaymentToCart(commercetools, cart, paymentId),
  };
}
