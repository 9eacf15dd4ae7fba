import type { Cart, Order } from '@commercetools/platform-sdk';
import { type Commercetools, CommercetoolsRejection, found, quoted, withPaymentsOf } from '@connector/commercetools';
import type { CartView, OrderRef } from '../domain/unordered.ts';
import type { Orders, PaidCarts, PaidPayments } from '../use-cases/ports-unordered.ts';
import { paymentsQuery } from './payments-query.ts';

/** Payments per page: a query with this many ids stays well below the maximum length of a URL. */
const PAGE = 100;
/**
 * The most that commercetools returns at once; a payment is hardly ever on more than one cart or in more than one
 * order.
 */
const LIMIT = 500;

/** Paid payments of this connector, from the project's HTTP API, `perPage` at a time; paging uses the last id. */
export const paidPayments = (
  commercetools: Pick<Commercetools, 'api' | 'call'>,
  paymentInterface: string,
  perPage = PAGE,
): PaidPayments => ({
  page: (since, before, afterId) => {
    const paid = [
      `paymentMethodInfo(paymentInterface=${quoted(paymentInterface)})`,
      `lastModifiedAt >= "${since.toISOString()}"`,
      `createdAt < "${before.toISOString()}"`,
      'transactions(type in ("Authorization", "Charge") and state = "Success")',
      ...(afterId ? [`id > ${quoted(afterId)}`] : []),
    ];
    return paymentsQuery(commercetools)(paid.join(' and '), perPage);
  },
});

const EXPAND = 'paymentInfo.payments[*]';

/** Carts with their payments over the project's HTTP API. */
export const paidCarts = ({ api, call }: Pick<Commercetools, 'api' | 'call'>): PaidCarts => ({
  ofPayments: async (ids) => {
    const queryArgs = { where: withPaymentsOf(ids), limit: LIMIT, withTotal: false, expand: EXPAND };
    return (await call('carts.query', api.carts().get({ queryArgs }))).results.map(viewOf);
  },
  byId: async (ID) => {
    const request = api
      .carts()
      .withId({ ID })
      .get({ queryArgs: { expand: EXPAND } });
    const cart = await found(call('carts.get', request));
    return cart && viewOf(cart);
  },
  detach: async ({ id: ID, version }, paymentIds) => {
    const actions = paymentIds.map((id) => ({
      action: 'removePayment' as const,
      payment: { typeId: 'payment' as const, id },
    }));
    await call('carts.update', api.carts().withId({ ID }).post({ body: { version, actions } }));
  },
});

function viewOf({ id, version, cartState, origin, totalPrice, taxedPrice, paymentInfo }: Cart): CartView {
  const { centAmount, currencyCode, fractionDigits } = taxedPrice?.totalGross ?? totalPrice;
  const payments = (paymentInfo?.payments ?? []).flatMap(({ obj }) => obj ?? []);
  return { id, version, cartState, origin, total: { centAmount, currencyCode, fractionDigits }, payments };
}

/** Orders over the project's HTTP API. */
export const unorderedOrders = ({ api, call }: Pick<Commercetools, 'api' | 'call'>): Orders => {
  const orders = api.orders();
  const query = async (where: string): Promise<OrderRef[]> => {
    const { results } = await call(
      'orders.query',
      orders.get({ queryArgs: { where, limit: LIMIT, withTotal: false } }),
    );
    return results.map(refOf);
  };
  const byNumber = async (orderNumber: string): Promise<OrderRef | undefined> =>
    (await query(`orderNumber = ${quoted(orderNumber)}`))[0];
  return {
    byNumber,
    of: async (paymentIds, cartId) => {
      const conditions = [
        ...(paymentIds.length > 0 ? [withPaymentsOf([...new Set(paymentIds)])] : []),
        ...(cartId ? [`cart(id = ${quoted(cartId)})`] : []),
      ];
      return conditions.length > 0 ? query(conditions.join(' or ')) : [];
    },
    create: async ({ id, version }, { orderNumber, paymentState }) => {
      const body = { version, cart: { typeId: 'cart' as const, id }, orderNumber, paymentState };
      try {
        return refOf(await call('orders.create', orders.post({ body })));
      } catch (error) {
        if (!(error instanceof CommercetoolsRejection) || error.code !== 'DuplicateField') throw error;
        return 'number-taken';
      }
    },
    changePaymentState: async (ID, paymentState) => {
      const order = orders.withId({ ID });
      const { version } = await call('orders.get', order.get());
      const actions = [{ action: 'changePaymentState' as const, paymentState }];
      await call('orders.update', order.post({ body: { version, actions } }));
    },
  };
};

const refOf = ({ id, orderNumber, cart, paymentInfo }: Order): OrderRef => ({
  id,
  orderNumber,
  cartId: cart?.id,
  paymentIds: (paymentInfo?.payments ?? []).map((payment) => payment.id),
});
