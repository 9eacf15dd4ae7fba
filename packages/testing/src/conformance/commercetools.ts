import { randomUUID } from 'node:crypto';
import type { Cart, Payment, PaymentDraft, PaymentUpdateAction } from '@commercetools/platform-sdk';
import { NotFoundError, PermanentError, StaleVersionError } from '@connector/errors';
import { describe, expect, it } from 'vitest';

/** Payments of a project, as the ledger's port has them. */
export interface PaymentsPort {
  byId(id: string): Promise<Payment | undefined>;
  byKey(key: string): Promise<Payment | undefined>;
  byPaymentIntent(paymentIntentId: string): Promise<Payment | undefined>;
  update(payment: Pick<Payment, 'id' | 'version'>, actions: PaymentUpdateAction[]): Promise<Payment>;
  create(draft: PaymentDraft): Promise<Payment | undefined>;
}

/** Carts of a project, as the ledger's port has them. */
export interface CartsPort {
  byId(id: string): Promise<Cart | undefined>;
  addPayment(cart: Pick<Cart, 'id' | 'version'>, paymentId: string): Promise<void>;
}

/** A project to try, and what the ports cannot make in it. */
export interface Project {
  readonly payments: PaymentsPort;
  readonly carts: CartsPort;
  /** A new cart without payments. */
  newCart(): Promise<Cart>;
  /** Id of a new customer. */
  newCustomer(): Promise<string>;
}

/** What commercetools does, whoever plays it: the fake of unit tests, or the adapter before a server. `project` is asked in each test. */
export function itIsCommercetools(project: () => Project): void {
  const draft = (fields: Partial<PaymentDraft> = {}): PaymentDraft => ({
    key: `key-${randomUUID()}`,
    amountPlanned: { centAmount: 10_000, currencyCode: 'EUR' },
    paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
    ...fields,
  });
  const created = async (fields?: Partial<PaymentDraft>): Promise<Payment> => {
    const payment = await project().payments.create(draft(fields));
    if (!payment) throw new Error('the key was taken');
    return payment;
  };
  const paymentIntentId = () => `pi_${randomUUID().replaceAll('-', '')}`;
  const authorization = (fields: object = {}): PaymentUpdateAction => ({
    action: 'addTransaction',
    transaction: { type: 'Authorization', amount: { centAmount: 10_000, currencyCode: 'EUR' }, ...fields },
  });

  describe('a payment', () => {
    it('is undefined when there is none of that id, key or PaymentIntent', async () => {
      const { payments } = project();
      expect(await payments.byId(randomUUID())).toBeUndefined();
      expect(await payments.byKey('nobody-has-it')).toBeUndefined();
      expect(await payments.byPaymentIntent(paymentIntentId())).toBeUndefined();
    });

    it('is created at version 1 without transactions, and found by id and key', async () => {
      const payment = await created();
      expect(payment).toMatchObject({ version: 1, transactions: [], interfaceInteractions: [] });
      expect(payment.amountPlanned).toMatchObject({ centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 });
      expect(await project().payments.byId(payment.id)).toEqual(payment);
      expect(await project().payments.byKey(payment.key ?? '')).toEqual(payment);
    });

    it.each([
      ['JPY', 0],
      ['KWD', 3],
    ])('in %s has amounts of %i digits', async (currencyCode, fractionDigits) => {
      const payment = await created({ amountPlanned: { centAmount: 500, currencyCode } });
      expect(payment.amountPlanned).toMatchObject({ centAmount: 500, currencyCode, fractionDigits });
    });

    it('is not created a second time under its key', async () => {
      const payment = await created();
      const again = { key: payment.key ?? '', amountPlanned: { centAmount: 1, currencyCode: 'EUR' } };
      expect(await project().payments.create(draft(again))).toBeUndefined();
      expect(await project().payments.byKey(payment.key ?? '')).toEqual(payment);
    });

    it('is created for a customer that exists', async () => {
      const id = await project().newCustomer();
      expect((await created({ customer: { typeId: 'customer', id } })).customer).toMatchObject({ id });
    });

    it('is refused for a customer that does not exist', async () => {
      const fields = draft({ customer: { typeId: 'customer', id: randomUUID() } });
      await expect(project().payments.create(fields)).rejects.toMatchObject({ code: 'ReferencedResourceNotFound' });
      expect(await project().payments.byKey(fields.key ?? '')).toBeUndefined();
    });

    it('is changed by what was read alone: a change of an answer changes nothing', async () => {
      const payment = await created();
      Object.assign(payment, { key: 'changed' });
      payment.transactions.push({ id: 't' } as never);
      expect(await project().payments.byId(payment.id)).toMatchObject({ transactions: [] });
    });
  });

  describe('an update of a payment', () => {
    it('answers the next version, with the transaction as it was sent', async () => {
      const { id, version } = await created();
      const fields = { state: 'Success', interactionId: 'pi_1', timestamp: '2026-11-23T09:01:00.000Z' };
      const updated = await project().payments.update({ id, version }, [authorization(fields)]);
      expect(updated.version).toBe(version + 1);
      expect(updated.transactions).toMatchObject([
        { type: 'Authorization', amount: { centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 }, ...fields },
      ]);
      expect(await project().payments.byId(id)).toEqual(updated);
    });

    it('adds a transaction without a state as Initial', async () => {
      const updated = await project().payments.update(await created(), [authorization()]);
      expect(updated.transactions).toMatchObject([{ state: 'Initial' }]);
    });

    it('changes state and interaction id of one transaction, and no other', async () => {
      const { payments } = project();
      const two = await payments.update(await created(), [authorization(), authorization()]);
      const [first, second] = two.transactions;
      const changed = await payments.update(two, [
        { action: 'changeTransactionState', transactionId: first?.id ?? '', state: 'Success' },
        { action: 'changeTransactionInteractionId', transactionId: first?.id ?? '', interactionId: 're_1' },
      ]);
      expect(changed.transactions).toEqual([{ ...first, state: 'Success', interactionId: 're_1' }, second]);
    });

    it('of an older version is stale, and changes nothing', async () => {
      const { payments } = project();
      const before = await created();
      const after = await payments.update(before, [authorization()]);
      await expect(payments.update(before, [authorization()])).rejects.toThrow(StaleVersionError);
      expect(await payments.byId(before.id)).toEqual(after);
    });

    it('is done whole or not at all', async () => {
      const { payments } = project();
      const payment = await created();
      const nobody: PaymentUpdateAction = {
        action: 'changeTransactionState',
        transactionId: randomUUID(),
        state: 'Success',
      };
      await expect(payments.update(payment, [authorization(), nobody])).rejects.toThrow(PermanentError);
      expect(await payments.byId(payment.id)).toEqual(payment);
    });

    it('ties it to its PaymentIntent, by which it is found', async () => {
      const { payments } = project();
      const interfaceId = paymentIntentId();
      const tied = await payments.update(await created(), [{ action: 'setInterfaceId', interfaceId }]);
      expect(tied.interfaceId).toBe(interfaceId);
      expect(await payments.byPaymentIntent(interfaceId)).toEqual(tied);
    });

    it('never ties it to another PaymentIntent', async () => {
      const { payments } = project();
      const first = { action: 'setInterfaceId' as const, interfaceId: paymentIntentId() };
      const tied = await payments.update(await created(), [first]);
      const other = { ...first, interfaceId: paymentIntentId() };
      await expect(payments.update(tied, [other])).rejects.toThrow(PermanentError);
      expect(await payments.byId(tied.id)).toEqual(tied);
    });

    it('never ties two payments to one PaymentIntent', async () => {
      const { payments } = project();
      const action = { action: 'setInterfaceId' as const, interfaceId: paymentIntentId() };
      const first = await payments.update(await created(), [action]);
      const second = await created();
      await expect(payments.update(second, [action])).rejects.toThrow(PermanentError);
      expect(await payments.byPaymentIntent(action.interfaceId)).toEqual(first);
    });

    it('gives it a customer that exists, in place of the guest, and no other', async () => {
      const { payments, newCustomer } = project();
      const guest = await created({ anonymousId: randomUUID() });
      const to = (id: string) => ({ action: 'setCustomer' as const, customer: { typeId: 'customer' as const, id } });
      await expect(payments.update(guest, [to(randomUUID())])).rejects.toMatchObject({
        code: 'ReferencedResourceNotFound',
      });
      const id = await newCustomer();
      const known = await payments.update(guest, [to(id)]);
      expect(known.customer).toMatchObject({ id });
      expect(known.anonymousId).toBeUndefined();
    });

    it('changes the planned amount and the method, and leaves the rest', async () => {
      const { payments } = project();
      const payment = await created();
      const changed = await payments.update(payment, [
        { action: 'changeAmountPlanned', amount: { centAmount: 9_000, currencyCode: 'EUR' } },
        { action: 'setMethodInfoMethod', method: 'card' },
      ]);
      expect(changed.amountPlanned).toEqual({ ...payment.amountPlanned, centAmount: 9_000 });
      expect(changed.paymentMethodInfo).toMatchObject({ paymentInterface: 'checkout-stripe', method: 'card' });
    });
  });

  describe('a cart', () => {
    it('is undefined when there is none of that id', async () => {
      expect(await project().carts.byId(randomUUID())).toBeUndefined();
    });

    it('has a payment that was put on it, in its next version', async () => {
      const { carts } = project();
      const cart = await project().newCart();
      const { id } = await created();
      await carts.addPayment(cart, id);
      const after = await carts.byId(cart.id);
      expect(after?.version).toBeGreaterThan(cart.version);
      expect(after?.paymentInfo?.payments).toMatchObject([{ typeId: 'payment', id }]);
    });

    it('that is gone takes no payment', async () => {
      const gone = { id: randomUUID(), version: 1 };
      await expect(project().carts.addPayment(gone, (await created()).id)).rejects.toThrow(NotFoundError);
    });

    it('takes no payment at an older version', async () => {
      const { carts } = project();
      const cart = await project().newCart();
      await carts.addPayment(cart, (await created()).id);
      const after = await carts.byId(cart.id);
      await expect(carts.addPayment(cart, (await created()).id)).rejects.toThrow(StaleVersionError);
      expect(await carts.byId(cart.id)).toEqual(after);
    });
  });
}
