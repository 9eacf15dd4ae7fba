import { randomUUID } from 'node:crypto';
import { NotFoundError } from '@connector/errors';
import { describe, expect, it } from 'vitest';
import type { StripeCalls } from './calls.ts';

export function itHasCustomers({ create, update, customer, call }: StripeCalls): void {
  describe('a customer', () => {
    it('is created, and found by its id and metadata', async () => {
      const metadata = { ct_customer_id: randomUUID() };
      const made = await customer({ email: 'ada@example.com', name: 'Ada', metadata });
      expect(made).toMatchObject({ object: 'customer', email: 'ada@example.com', name: 'Ada', metadata });
      expect(await call('customers.retrieve', (stripe) => stripe.customers.retrieve(made.id))).toEqual(made);
      const query = `metadata['ct_customer_id']:'${metadata.ct_customer_id}'`;
      const found = await call('customers.search', (stripe) => stripe.customers.search({ query, limit: 1 }));
      expect(found.data.map(({ id }) => id)).toEqual([made.id]);
    });

    it('is not created with an invalid e-mail address', async () => {
      await expect(customer({ email: 'ada' })).rejects.toMatchObject({ code: 'email_invalid', param: 'email' });
    });

    it('is set on a PaymentIntent, and by an update on one without a customer', async () => {
      const { id } = await customer();
      expect((await create({ customer: id })).customer).toBe(id);
      expect((await update((await create()).id, { customer: id })).customer).toBe(id);
    });

    it('with an unknown id is missing, both as the requested object and as a parameter', async () => {
      const found = call('customers.retrieve', (stripe) => stripe.customers.retrieve('cus_nobody'));
      await expect(found).rejects.toThrow(NotFoundError);
      const missing = { code: 'resource_missing', param: 'customer', status: 400 };
      await expect(create({ customer: 'cus_nobody' })).rejects.toMatchObject(missing);
      await expect(update((await create()).id, { customer: 'cus_nobody' })).rejects.toMatchObject(missing);
      const session = call('customer_sessions.create', (stripe) =>
        stripe.customerSessions.create({ customer: 'cus_nobody', components: { payment_element: { enabled: true } } }),
      );
      await expect(session).rejects.toMatchObject(missing);
    });

    it('gets a client secret of its own for each customer session', async () => {
      const { id } = await customer();
      const session = () =>
        call('customer_sessions.create', (stripe) =>
          stripe.customerSessions.create({ customer: id, components: { payment_element: { enabled: true } } }),
        );
      const ephemeralKey = () =>
        call('ephemeral_keys.create', (stripe) =>
          stripe.ephemeralKeys.create({ customer: id }, { apiVersion: '2026-10-28.endive' }),
        );
      expect((await session()).client_secret).not.toBe((await session()).client_secret);
      expect((await ephemeralKey()).secret).not.toBe((await ephemeralKey()).secret);
    });
  });
}

export function itSavesPaymentMethods({ customer, call }: StripeCalls): void {
  describe('a payment method', () => {
    const attach = (id: string, of: string) =>
      call('payment_methods.attach', (stripe) => stripe.paymentMethods.attach(id, { customer: of }));
    const detach = (id: string) => call('payment_methods.detach', (stripe) => stripe.paymentMethods.detach(id));
    const found = (id: string) => call('payment_methods.retrieve', (stripe) => stripe.paymentMethods.retrieve(id));

    it('with an unknown id is not found', async () => {
      for (const asked of [found('pm_nobody'), detach('pm_nobody')]) await expect(asked).rejects.toThrow(NotFoundError);
    });

    it('is saved for a customer, with the details of its card', async () => {
      const { id } = await customer();
      const saved = await attach('pm_card_visa', id);
      expect(saved).toMatchObject({ object: 'payment_method', type: 'card', customer: id });
      expect(saved.card).toMatchObject({ brand: 'visa', last4: '4242', exp_year: expect.any(Number) });
      expect(await found(saved.id)).toEqual(saved);
    });

    it('is detached from its customer, once', async () => {
      const { id } = await attach('pm_card_visa', (await customer()).id);
      expect((await detach(id)).customer).toBeNull();
      expect((await found(id)).customer).toBeNull();
      await expect(detach(id)).rejects.toMatchObject({ status: 400 });
    });

    it('has one customer, who must exist', async () => {
      const [one, other] = [await customer(), await customer()];
      const { id } = await attach('pm_card_visa', one.id);
      await expect(attach(id, other.id)).rejects.toMatchObject({ code: 'payment_method_already_attached' });
      await expect(attach('pm_card_visa', 'cus_nobody')).rejects.toMatchObject({ code: 'resource_missing' });
    });
  });
}
