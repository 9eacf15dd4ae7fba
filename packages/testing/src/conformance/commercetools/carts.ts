import { randomUUID } from 'node:crypto';
import { withPaymentsOf } from '@connector/commercetools';
import { NotFoundError, PermanentError, StaleVersionError } from '@connector/errors';
import { describe, expect, it } from 'vitest';
import type { ProjectCalls } from './calls.ts';

export function itKeepsCarts({ call, carts, created }: ProjectCalls): void {
  describe('a cart', () => {
    it('is not found by an unknown id', async () => {
      await expect(carts.byId(randomUUID())).rejects.toThrow(NotFoundError);
    });

    it('has an added payment in its next version', async () => {
      const cart = await carts.create();
      const { id } = await created();
      await carts.addPayment(cart, id);
      const after = await carts.byId(cart.id);
      expect(after.version).toBeGreaterThan(cart.version);
      expect(after.paymentInfo?.payments).toEqual([{ typeId: 'payment', id }]);
    });

    it('is returned with its payments expanded on request', async () => {
      const cart = await carts.create();
      const [first, second] = [await created(), await created()];
      await carts.addPayment(await carts.addPayment(cart, first.id), second.id);
      const { paymentInfo } = await carts.byId(cart.id, ['paymentInfo.payments[*]']);
      expect(paymentInfo?.payments).toMatchObject([{ obj: first }, { obj: second }]);
    });

    it('is found by a payment on it', async () => {
      const cart = await carts.create();
      const [{ id }, other] = [await created(), await created()];
      await carts.addPayment(cart, id);
      const holding = async (paymentId: string) => {
        const queryArgs = { where: withPaymentsOf([paymentId]), limit: 10, withTotal: false };
        return (await call('carts.query', (api) => api.carts().get({ queryArgs }))).results.map((each) => each.id);
      };
      expect(await holding(id)).toEqual([cart.id]);
      expect(await holding(other.id)).toEqual([]);
    });
  });
}

export function itAddsPaymentsToCarts({ call, carts, created }: ProjectCalls): void {
  describe('a cart', () => {
    it('that was deleted accepts no payment', async () => {
      const gone = { id: randomUUID(), version: 1 };
      await expect(carts.addPayment(gone, (await created()).id)).rejects.toThrow(NotFoundError);
    });

    it('accepts no unknown payment', async () => {
      const cart = await carts.create();
      await expect(carts.addPayment(cart, randomUUID())).rejects.toThrow(PermanentError);
      expect(await carts.byId(cart.id)).toEqual(cart);
    });

    it('accepts no payment once it is ordered', async () => {
      const { id } = await carts.create();
      const address = {
        body: { version: 1, actions: [{ action: 'setShippingAddress' as const, address: { country: 'DE' } }] },
      };
      await call('carts.update', (api) => api.carts().withId({ ID: id }).post(address));
      const { version } = await carts.byId(id);
      await call('orders.create', (api) => api.orders().post({ body: { cart: { typeId: 'cart', id }, version } }));
      const ordered = await carts.byId(id);
      expect(ordered.cartState).toBe('Ordered');
      await expect(carts.addPayment(ordered, (await created()).id)).rejects.toMatchObject({ code: 'InvalidOperation' });
    });

    it('accepts no payment with an older version', async () => {
      const cart = await carts.create();
      await carts.addPayment(cart, (await created()).id);
      const after = await carts.byId(cart.id);
      await expect(carts.addPayment(cart, (await created()).id)).rejects.toThrow(StaleVersionError);
      expect(await carts.byId(cart.id)).toEqual(after);
    });
  });
}
