import { randomUUID } from 'node:crypto';
import type { Cart } from '@commercetools/platform-sdk';
import { quoted, withPaymentsOf } from '@connector/commercetools';
import { NotFoundError, StaleVersionError } from '@connector/errors';
import { describe, expect, it } from 'vitest';
import type { ProjectCalls } from './calls.ts';

/** What commercetools does with the orders of carts. */
export function itKeepsOrders(calls: ProjectCalls): void {
  const { call } = calls;
  const { change, paidCart, order, idsOf, byId } = ordersOf(calls);

  describe('an order', () => {
    it('has its cart and its payments, and is found by them and by its number', async () => {
      const { cart, paymentId } = await paidCart();
      const made = await order(cart);
      expect(made).toMatchObject({
        cart: { id: cart.id },
        paymentState: 'Pending',
        paymentInfo: { payments: [{ typeId: 'payment', id: paymentId }] },
      });
      const ways = [
        `orderNumber = ${quoted(made.orderNumber ?? '')}`,
        `cart(id = ${quoted(cart.id)})`,
        withPaymentsOf([paymentId]),
        `${withPaymentsOf([randomUUID()])} or cart(id = ${quoted(cart.id)})`,
      ];
      for (const where of ways) expect(await idsOf(where), where).toEqual([made.id]);
      expect((await byId(made.id)).orderNumber).toBe(made.orderNumber);
      await expect(byId(randomUUID())).rejects.toThrow(NotFoundError);
    });

    it('is created once for a cart, and only for the version that was read', async () => {
      const { cart } = await paidCart();
      const later = await change(cart, { action: 'setShippingAddress', address: { country: 'FR' } });
      await expect(order(cart)).rejects.toThrow(StaleVersionError);
      await order(later);
      const ordered = await call('carts.get', (api) => api.carts().withId({ ID: cart.id }).get());
      expect(ordered.cartState).toBe('Ordered');
      await expect(order(ordered)).rejects.toMatchObject({ status: 400 });
      expect(await idsOf(`cart(id = ${quoted(cart.id)})`)).toHaveLength(1);
    });

    it('is not created with a number that another order has', async () => {
      const [first, second] = [await paidCart(), await paidCart()];
      const { orderNumber = '' } = await order(first.cart);
      const taken = { code: 'DuplicateField', field: 'orderNumber', status: 400 };
      await expect(order(second.cart, orderNumber)).rejects.toMatchObject(taken);
      expect(await idsOf(`cart(id = ${quoted(second.cart.id)})`)).toEqual([]);
    });

    it('shows another payment state from the update on', async () => {
      const { id: ID, version } = await order((await paidCart()).cart);
      const body = { version, actions: [{ action: 'changePaymentState' as const, paymentState: 'Failed' as const }] };
      const update = () => call('orders.update', (api) => api.orders().withId({ ID }).post({ body }));
      expect((await update()).paymentState).toBe('Failed');
      await expect(update()).rejects.toThrow(StaleVersionError);
    });
  });
}

/** What commercetools does with carts that have a payment or an order. */
export function itKeepsPaidCarts(calls: ProjectCalls): void {
  const { call } = calls;
  const { change, paidCart, order } = ordersOf(calls);

  describe('a cart', () => {
    const remove = (id: string) => ({ action: 'removePayment', payment: { typeId: 'payment', id } });

    it('is not found by a payment that was removed from it', async () => {
      const { cart, paymentId } = await paidCart();
      const after = await change(cart, remove(paymentId));
      expect(after.paymentInfo?.payments ?? []).toEqual([]);
      const queryArgs = { where: withPaymentsOf([paymentId]), limit: 10, withTotal: false };
      expect((await call('carts.query', (api) => api.carts().get({ queryArgs }))).results).toEqual([]);
      await expect(change(cart, remove(paymentId))).rejects.toThrow(StaleVersionError);
    });

    it('that is ordered keeps its payment', async () => {
      const { cart, paymentId } = await paidCart();
      await order(cart);
      const ordered = await call('carts.get', (api) => api.carts().withId({ ID: cart.id }).get());
      await expect(change(ordered, remove(paymentId))).rejects.toMatchObject({ status: 400 });
    });
  });
}

function ordersOf({ call }: ProjectCalls) {
  const change = ({ id: ID, version }: Cart, ...actions: object[]) =>
    call('carts.update', (api) =>
      api
        .carts()
        .withId({ ID })
        .post({ body: { version, actions: actions as never } }),
    );
  /** A cart that can be ordered, with one payment. */
  const paidCart = async () => {
    const cart = await call('carts.create', (api) => api.carts().post({ body: { currency: 'EUR' } }));
    const amountPlanned = { centAmount: 100, currencyCode: 'EUR' };
    const payment = await call('payments.create', (api) => api.payments().post({ body: { amountPlanned } }));
    const addressed = await change(cart, { action: 'setShippingAddress', address: { country: 'DE' } });
    const paid = await change(addressed, { action: 'addPayment', payment: { typeId: 'payment', id: payment.id } });
    return { cart: paid, paymentId: payment.id };
  };
  const order = ({ id, version }: Cart, orderNumber = `order-${randomUUID()}`) => {
    const body = { cart: { typeId: 'cart' as const, id }, version, orderNumber, paymentState: 'Pending' as const };
    return call('orders.create', (api) => api.orders().post({ body }));
  };
  const idsOf = async (where: string) => {
    const queryArgs = { where, limit: 500, withTotal: false };
    return (await call('orders.query', (api) => api.orders().get({ queryArgs }))).results.map(({ id }) => id);
  };
  const byId = (ID: string) => call('orders.get', (api) => api.orders().withId({ ID }).get());
  return { change, paidCart, order, idsOf, byId };
}
