import { randomUUID } from 'node:crypto';
import type { PaymentMethod, PaymentMethodDraft, PaymentMethodUpdateAction } from '@commercetools/platform-sdk';
import { quoted } from '@connector/commercetools';
import { NotFoundError, StaleVersionError } from '@connector/errors';
import { describe, expect, it } from 'vitest';
import type { ProjectCalls } from './calls.ts';

/** How commercetools handles customers' saved payment methods. */
export function itKeepsPaymentMethods(calls: ProjectCalls): void {
  const { methods, saved } = methodsOf(calls);

  describe('a payment method', () => {
    it('is active and not the default unless its draft says so, and is found by its key', async () => {
      const method = await saved();
      expect(method).toMatchObject({ version: 1, paymentMethodStatus: 'Active', default: false, method: 'card' });
      expect(await methods.byKey(method.key ?? '')).toEqual(method);
      await expect(methods.byKey('nobody-has-it')).rejects.toThrow(NotFoundError);
    });

    it('is listed for its customer and payment interface', async () => {
      const method = await saved();
      await saved();
      const of = method.customer?.id ?? '';
      expect(await methods.of(of, 'checkout-stripe')).toEqual([method]);
      expect(await methods.of(of, 'another')).toEqual([]);
    });

    it('is not created a second time with the same key, or for an unknown customer', async () => {
      const { key = '' } = await saved();
      await expect(saved({ key })).rejects.toMatchObject({ code: 'DuplicateField', field: 'key' });
      const customer = { typeId: 'customer' as const, id: randomUUID() };
      await expect(saved({ customer })).rejects.toMatchObject({ code: 'ReferencedResourceNotFound' });
    });

    it('accepts a name and a state, in a later version', async () => {
      const before = await saved({ default: true });
      const after = await methods.update(
        before,
        { action: 'setName', name: { en: 'Visa' } },
        { action: 'setDefault', default: false },
        { action: 'setPaymentMethodStatus', paymentMethodStatus: 'Inactive' },
      );
      expect(after).toMatchObject({ name: { en: 'Visa' }, default: false, paymentMethodStatus: 'Inactive' });
      expect(after.version).toBeGreaterThan(before.version);
      expect(await methods.byKey(before.key ?? '')).toEqual(after);
    });

    it('is neither changed nor deleted with an older version', async () => {
      const before = await saved();
      const rename: PaymentMethodUpdateAction = { action: 'setName', name: { en: 'Visa' } };
      const after = await methods.update(before, rename);
      await expect(methods.update(before, rename)).rejects.toThrow(StaleVersionError);
      await expect(methods.delete(before)).rejects.toThrow(StaleVersionError);
      expect(await methods.byKey(before.key ?? '')).toEqual(after);
    });

    it('is not found after it was deleted', async () => {
      const method = await saved();
      await methods.delete(method);
      await expect(methods.byKey(method.key ?? '')).rejects.toThrow(NotFoundError);
      await expect(methods.delete(method)).rejects.toThrow(NotFoundError);
    });
  });
}

function methodsOf({ call, newCustomer }: ProjectCalls) {
  const methods = {
    create: (body: PaymentMethodDraft) => call('payment-methods.create', (api) => api.paymentMethods().post({ body })),
    byKey: (key: string) => call('payment-methods.get', (api) => api.paymentMethods().withKey({ key }).get()),
    of: async (customerId: string, paymentInterface: string) => {
      const where = `customer(id=${quoted(customerId)}) and paymentInterface=${quoted(paymentInterface)}`;
      const queryArgs = { where, sort: 'id asc', limit: 500, withTotal: false };
      return (await call('payment-methods.query', (api) => api.paymentMethods().get({ queryArgs }))).results;
    },
    update: ({ id: ID, version }: Pick<PaymentMethod, 'id' | 'version'>, ...actions: PaymentMethodUpdateAction[]) =>
      call('payment-methods.update', (api) => api.paymentMethods().withId({ ID }).post({ body: { version, actions } })),
    delete: ({ id: ID, version }: Pick<PaymentMethod, 'id' | 'version'>) =>
      call('payment-methods.delete', (api) => api.paymentMethods().withId({ ID }).delete({ queryArgs: { version } })),
  };
  const saved = async (fields: Partial<PaymentMethodDraft> = {}) =>
    methods.create({
      key: `key-${randomUUID()}`,
      customer: { typeId: 'customer', id: (await newCustomer()).id },
      paymentInterface: 'checkout-stripe',
      method: 'card',
      token: { value: `pm_${randomUUID()}` },
      ...fields,
    });
  return { methods, saved };
}
