import { type Commercetools, found, quoted } from '@connector/commercetools';
import type { Orders } from '../use-cases/ports-explain.ts';

/** Orders and carts of the project, over its HTTP API. */
export function commercetoolsOrders({ api, call }: Commercetools): Orders {
  const withPayment = (id: string) => `paymentInfo(payments(id = ${quoted(id)}))`;
  const order = async (where: string) =>
    (await call('orders.query', api.orders().get({ queryArgs: { where, limit: 1, withTotal: false } }))).results[0];
  return {
    byId: (ID) => found(call('orders.get', api.orders().withId({ ID }).get())),
    byNumber: (orderNumber) => order(`orderNumber = ${quoted(orderNumber)}`),
    ofPayment: (paymentId) => order(withPayment(paymentId)),
    ofCart: (cartId) => order(`cart(id = ${quoted(cartId)})`),
    cart: (ID) => found(call('carts.get', api.carts().withId({ ID }).get())),
    cartOfPayment: async (paymentId) => {
      const queryArgs = { where: withPayment(paymentId), limit: 1, withTotal: false };
      return (await call('carts.query', api.carts().get({ queryArgs }))).results[0];
    },
  };
}
