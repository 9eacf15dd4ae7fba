import { randomUUID } from 'node:crypto';
import type { PaymentUpdateAction } from '@commercetools/platform-sdk';
import { NotFoundError, PermanentError, StaleVersionError } from '@connector/errors';
import { describe, expect, it } from 'vitest';
import type { ProjectCalls } from './calls.ts';

export function itKeepsPayments({ payments, draft, created, paymentIntentId, authorization }: ProjectCalls): void {
  describe('a payment', () => {
    it('is not found by an unknown id, key or PaymentIntent', async () => {
      await expect(payments.byId(randomUUID())).rejects.toThrow(NotFoundError);
      await expect(payments.byKey('nobody-has-it')).rejects.toThrow(NotFoundError);
      expect(await payments.byPaymentIntent(paymentIntentId())).toEqual([]);
      await expect(payments.update({ id: randomUUID(), version: 1 }, [authorization()])).rejects.toThrow(NotFoundError);
    });

    it('is created at version 1 without transactions, and found by id and key', async () => {
      const payment = await created();
      expect(payment).toMatchObject({ version: 1, transactions: [], interfaceInteractions: [] });
      expect(payment.amountPlanned).toMatchObject({ centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 });
      expect(await payments.byId(payment.id)).toEqual(payment);
      expect(await payments.byKey(payment.key ?? '')).toEqual(payment);
    });

    it.each([
      ['JPY', 0],
      ['KWD', 3],
    ])('in %s has amounts of %i digits', async (currencyCode, fractionDigits) => {
      const payment = await created({ amountPlanned: { centAmount: 500, currencyCode } });
      expect(payment.amountPlanned).toMatchObject({ centAmount: 500, currencyCode, fractionDigits });
    });

    it('is not created a second time with the same key', async () => {
      const payment = await created();
      const again = { key: payment.key ?? '', amountPlanned: { centAmount: 1, currencyCode: 'EUR' } };
      const taken = { code: 'DuplicateField', field: 'key', status: 400 };
      await expect(payments.create(draft(again))).rejects.toMatchObject(taken);
      expect(await payments.byKey(payment.key ?? '')).toEqual(payment);
    });

    it('is changed by updates only: changing an answer in memory has no effect', async () => {
      const payment = await created();
      Object.assign(payment, { key: 'changed' });
      payment.transactions.push({ id: 't' } as never);
      expect(await payments.byId(payment.id)).toMatchObject({ transactions: [] });
    });
  });
}

export function itKeepsPaymentsOfCustomers({ payments, newCustomer, draft, created }: ProjectCalls): void {
  describe('a payment', () => {
    it('is created for an existing customer', async () => {
      const id = (await newCustomer()).id;
      expect((await created({ customer: { typeId: 'customer', id } })).customer).toMatchObject({ id });
    });

    it('is refused for an unknown customer', async () => {
      const fields = draft({ customer: { typeId: 'customer', id: randomUUID() } });
      await expect(payments.create(fields)).rejects.toMatchObject({ code: 'ReferencedResourceNotFound' });
      await expect(payments.byKey(fields.key ?? '')).rejects.toThrow(NotFoundError);
    });
  });
}

export function itUpdatesPayments({ payments, created, authorization }: ProjectCalls): void {
  describe('an update of a payment', () => {
    it('returns the next version, with the transaction that was sent', async () => {
      const { id, version } = await created();
      const fields = { state: 'Success', interactionId: 'pi_1', timestamp: '2026-11-23T09:01:00.000Z' };
      const updated = await payments.update({ id, version }, [authorization(fields)]);
      expect(updated.version).toBe(version + 1);
      expect(updated.transactions).toMatchObject([
        { type: 'Authorization', amount: { centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 }, ...fields },
      ]);
      expect(await payments.byId(id)).toEqual(updated);
    });

    it('adds a transaction without a state as Initial', async () => {
      const updated = await payments.update(await created(), [authorization()]);
      expect(updated.transactions).toMatchObject([{ state: 'Initial' }]);
    });

    it('changes state and interaction id of one transaction, and no other', async () => {
      const two = await payments.update(await created(), [authorization(), authorization()]);
      const [first, second] = two.transactions;
      const changed = await payments.update(two, [
        { action: 'changeTransactionState', transactionId: first?.id ?? '', state: 'Success' },
        { action: 'changeTransactionInteractionId', transactionId: first?.id ?? '', interactionId: 're_1' },
      ]);
      expect(changed.transactions).toEqual([{ ...first, state: 'Success', interactionId: 're_1' }, second]);
    });

    it('with an older version is stale, and changes nothing', async () => {
      const before = await created();
      const after = await payments.update(before, [authorization()]);
      await expect(payments.update(before, [authorization()])).rejects.toThrow(StaleVersionError);
      expect(await payments.byId(before.id)).toEqual(after);
    });

    it('applies all of its actions or none', async () => {
      const payment = await created();
      const nobody: PaymentUpdateAction = {
        action: 'changeTransactionState',
        transactionId: randomUUID(),
        state: 'Success',
      };
      await expect(payments.update(payment, [authorization(), nobody])).rejects.toThrow(PermanentError);
      expect(await payments.byId(payment.id)).toEqual(payment);
    });
  });
}

export function itTiesPayments({ payments, newCustomer, created, paymentIntentId }: ProjectCalls): void {
  describe('an update of a payment', () => {
    it("sets the PaymentIntent's id, by which the payment is found", async () => {
      const interfaceId = paymentIntentId();
      const tied = await payments.update(await created(), [{ action: 'setInterfaceId', interfaceId }]);
      expect(tied.interfaceId).toBe(interfaceId);
      expect(await payments.byPaymentIntent(interfaceId)).toEqual([tied]);
    });

    it("never changes the PaymentIntent's id", async () => {
      const first = { action: 'setInterfaceId' as const, interfaceId: paymentIntentId() };
      const tied = await payments.update(await created(), [first]);
      const other = { ...first, interfaceId: paymentIntentId() };
      await expect(payments.update(tied, [other])).rejects.toThrow(PermanentError);
      expect(await payments.byId(tied.id)).toEqual(tied);
    });

    it("never gives two payments the same PaymentIntent's id", async () => {
      const action = { action: 'setInterfaceId' as const, interfaceId: paymentIntentId() };
      const first = await payments.update(await created(), [action]);
      const second = await created();
      await expect(payments.update(second, [action])).rejects.toThrow(PermanentError);
      expect(await payments.byPaymentIntent(action.interfaceId)).toEqual([first]);
    });

    it('replaces the guest by an existing customer, and never by another', async () => {
      const guest = await created({ anonymousId: randomUUID() });
      const to = (id: string) => ({ action: 'setCustomer' as const, customer: { typeId: 'customer' as const, id } });
      await expect(payments.update(guest, [to(randomUUID())])).rejects.toMatchObject({
        code: 'ReferencedResourceNotFound',
      });
      const id = (await newCustomer()).id;
      const known = await payments.update(guest, [to(id)]);
      expect(known.customer).toMatchObject({ id });
      expect(known.anonymousId).toBeUndefined();
    });

    it('changes the planned amount and the method, and nothing else', async () => {
      const payment = await created();
      const changed = await payments.update(payment, [
        { action: 'changeAmountPlanned', amount: { centAmount: 9_000, currencyCode: 'EUR' } },
        { action: 'setMethodInfoMethod', method: 'card' },
      ]);
      expect(changed.amountPlanned).toEqual({ ...payment.amountPlanned, centAmount: 9_000 });
      expect(changed.paymentMethodInfo).toMatchObject({ paymentInterface: 'checkout-stripe', method: 'card' });
    });
  });
}
