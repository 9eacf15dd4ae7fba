import { randomUUID } from 'node:crypto';
import type {
  Cart,
  CustomerUpdateAction,
  Payment,
  PaymentDraft,
  PaymentUpdateAction,
} from '@commercetools/platform-sdk';
import { type Commercetools, type Executable, quoted, withPaymentsOf } from '@connector/commercetools';
import { NotFoundError, PermanentError, StaleVersionError } from '@connector/errors';
import { describe, expect, it } from 'vitest';
import { itFindsByPredicate } from './commercetools-predicates.ts';
import { itKeepsOrders } from './orders.ts';
import { itKeepsPaymentMethods } from './payment-methods.ts';

/** A project to try, by the client that the services call it with. */
export type Project = Pick<Commercetools, 'api' | 'call'>;

/** What commercetools does, whoever plays it: the fake of unit tests, or the client before a server. `project` is asked in each test. */
export function itIsCommercetools(project: () => Project): void {
  const call = <T>(operation: string, request: (api: Commercetools['api']) => Executable<T>): Promise<T> =>
    project().call(operation, request(project().api));
  const payments = {
    byId: (ID: string) => call('payments.get', (api) => api.payments().withId({ ID }).get()),
    byKey: (key: string) => call('payments.get_by_key', (api) => api.payments().withKey({ key }).get()),
    byPaymentIntent: async (id: string) => {
      const queryArgs = { where: `interfaceId=${quoted(id)}`, limit: 2, withTotal: false };
      return (await call('payments.query', (api) => api.payments().get({ queryArgs }))).results;
    },
    update: ({ id: ID, version }: Pick<Payment, 'id' | 'version'>, actions: PaymentUpdateAction[]): Promise<Payment> =>
      call('payments.update', (api) => api.payments().withId({ ID }).post({ body: { version, actions } })),
    create: (body: PaymentDraft) => call('payments.create', (api) => api.payments().post({ body })),
  };
  const carts = {
    create: () => call('carts.create', (api) => api.carts().post({ body: { currency: 'EUR' } })),
    byId: (ID: string, expand: string[] = []) =>
      call('carts.get', (api) => api.carts().withId({ ID }).get({ queryArgs: { expand } })),
    addPayment: ({ id: ID, version }: Pick<Cart, 'id' | 'version'>, id: string) => {
      const actions = [{ action: 'addPayment' as const, payment: { typeId: 'payment' as const, id } }];
      return call('carts.update', (api) => api.carts().withId({ ID }).post({ body: { version, actions } }));
    },
  };
  const newCustomer = async () => {
    const body = { email: `${randomUUID()}@example.com`, password: 'secret' };
    return (await call('customers.create', (api) => api.customers().post({ body }))).customer;
  };

  const draft = (fields: Partial<PaymentDraft> = {}): PaymentDraft => ({
    key: `key-${randomUUID()}`,
    amountPlanned: { centAmount: 10_000, currencyCode: 'EUR' },
    paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
    ...fields,
  });
  const created = (fields?: Partial<PaymentDraft>): Promise<Payment> => payments.create(draft(fields));
  const paymentIntentId = () => `pi_${randomUUID().replaceAll('-', '')}`;
  const authorization = (fields: object = {}): PaymentUpdateAction => ({
    action: 'addTransaction',
    transaction: { type: 'Authorization', amount: { centAmount: 10_000, currencyCode: 'EUR' }, ...fields },
  });

  describe('a payment', () => {
    it('is not found when there is none of that id, key or PaymentIntent', async () => {
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

    it('is not created a second time under its key', async () => {
      const payment = await created();
      const again = { key: payment.key ?? '', amountPlanned: { centAmount: 1, currencyCode: 'EUR' } };
      const taken = { code: 'DuplicateField', field: 'key', status: 400 };
      await expect(payments.create(draft(again))).rejects.toMatchObject(taken);
      expect(await payments.byKey(payment.key ?? '')).toEqual(payment);
    });

    it('is created for a customer that exists', async () => {
      const id = (await newCustomer()).id;
      expect((await created({ customer: { typeId: 'customer', id } })).customer).toMatchObject({ id });
    });

    it('is refused for a customer that does not exist', async () => {
      const fields = draft({ customer: { typeId: 'customer', id: randomUUID() } });
      await expect(payments.create(fields)).rejects.toMatchObject({ code: 'ReferencedResourceNotFound' });
      await expect(payments.byKey(fields.key ?? '')).rejects.toThrow(NotFoundError);
    });

    it('is changed by what was read alone: a change of an answer changes nothing', async () => {
      const payment = await created();
      Object.assign(payment, { key: 'changed' });
      payment.transactions.push({ id: 't' } as never);
      expect(await payments.byId(payment.id)).toMatchObject({ transactions: [] });
    });
  });

  describe('an update of a payment', () => {
    it('answers the next version, with the transaction as it was sent', async () => {
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

    it('of an older version is stale, and changes nothing', async () => {
      const before = await created();
      const after = await payments.update(before, [authorization()]);
      await expect(payments.update(before, [authorization()])).rejects.toThrow(StaleVersionError);
      expect(await payments.byId(before.id)).toEqual(after);
    });

    it('is done whole or not at all', async () => {
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
      const interfaceId = paymentIntentId();
      const tied = await payments.update(await created(), [{ action: 'setInterfaceId', interfaceId }]);
      expect(tied.interfaceId).toBe(interfaceId);
      expect(await payments.byPaymentIntent(interfaceId)).toEqual([tied]);
    });

    it('never ties it to another PaymentIntent', async () => {
      const first = { action: 'setInterfaceId' as const, interfaceId: paymentIntentId() };
      const tied = await payments.update(await created(), [first]);
      const other = { ...first, interfaceId: paymentIntentId() };
      await expect(payments.update(tied, [other])).rejects.toThrow(PermanentError);
      expect(await payments.byId(tied.id)).toEqual(tied);
    });

    it('never ties two payments to one PaymentIntent', async () => {
      const action = { action: 'setInterfaceId' as const, interfaceId: paymentIntentId() };
      const first = await payments.update(await created(), [action]);
      const second = await created();
      await expect(payments.update(second, [action])).rejects.toThrow(PermanentError);
      expect(await payments.byPaymentIntent(action.interfaceId)).toEqual([first]);
    });

    it('gives it a customer that exists, in place of the guest, and no other', async () => {
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

    it('changes the planned amount and the method, and leaves the rest', async () => {
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
    it('is not found when there is none of that id', async () => {
      await expect(carts.byId(randomUUID())).rejects.toThrow(NotFoundError);
    });

    it('has a payment that was put on it, in its next version', async () => {
      const cart = await carts.create();
      const { id } = await created();
      await carts.addPayment(cart, id);
      const after = await carts.byId(cart.id);
      expect(after.version).toBeGreaterThan(cart.version);
      expect(after.paymentInfo?.payments).toEqual([{ typeId: 'payment', id }]);
    });

    it('comes with its payments themselves where that is asked for', async () => {
      const cart = await carts.create();
      const [first, second] = [await created(), await created()];
      await carts.addPayment(await carts.addPayment(cart, first.id), second.id);
      const { paymentInfo } = await carts.byId(cart.id, ['paymentInfo.payments[*]']);
      expect(paymentInfo?.payments).toMatchObject([{ obj: first }, { obj: second }]);
    });

    it('is found by a payment that is on it', async () => {
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

    it('that is gone takes no payment', async () => {
      const gone = { id: randomUUID(), version: 1 };
      await expect(carts.addPayment(gone, (await created()).id)).rejects.toThrow(NotFoundError);
    });

    it('takes no payment that does not exist', async () => {
      const cart = await carts.create();
      await expect(carts.addPayment(cart, randomUUID())).rejects.toThrow(PermanentError);
      expect(await carts.byId(cart.id)).toEqual(cart);
    });

    it('takes no payment once it is ordered', async () => {
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

    it('takes no payment at an older version', async () => {
      const cart = await carts.create();
      await carts.addPayment(cart, (await created()).id);
      const after = await carts.byId(cart.id);
      await expect(carts.addPayment(cart, (await created()).id)).rejects.toThrow(StaleVersionError);
      expect(await carts.byId(cart.id)).toEqual(after);
    });
  });

  describe('a customer', () => {
    const byId = (ID: string) => call('customers.get', (api) => api.customers().withId({ ID }).get());
    const update = ({ id: ID, version }: { id: string; version: number }, ...actions: CustomerUpdateAction[]) =>
      call('customers.update', (api) => api.customers().withId({ ID }).post({ body: { version, actions } }));
    const field = (name: string) => ({ name, label: { en: name }, required: false, type: { name: 'String' as const } });
    const newType = (...names: string[]) => {
      const body = { key: `type-${randomUUID()}`, name: { en: 'ours' }, resourceTypeIds: ['customer' as const] };
      return call('types.create', (api) => api.types().post({ body: { ...body, fieldDefinitions: names.map(field) } }));
    };
    const setType = (key: string, fields: object = {}) => ({
      action: 'setCustomType' as const,
      type: { typeId: 'type' as const, key },
      fields: { ...fields },
    });

    it('is not found when there is none of that id', async () => {
      await expect(byId(randomUUID())).rejects.toThrow(NotFoundError);
    });

    it('takes fields of a custom type, by its key', async () => {
      const type = await newType('stripe', 'erp');
      const made = await newCustomer();
      const after = await update(made, setType(type.key, { stripe: 'cus_1', erp: '7' }));
      expect(after).toMatchObject({ version: made.version + 1, email: made.email });
      expect(after.custom).toEqual({
        type: { typeId: 'type', id: type.id },
        fields: { stripe: 'cus_1', erp: '7' },
      });
      expect(await byId(made.id)).toEqual(after);
    });

    it('keeps the other fields when one is set', async () => {
      const type = await newType('stripe', 'erp');
      const typed = await update(await newCustomer(), setType(type.key, { erp: '7' }));
      const after = await update(typed, { action: 'setCustomField', name: 'stripe', value: 'cus_1' });
      expect(after.custom?.fields).toEqual({ stripe: 'cus_1', erp: '7' });
    });

    it('takes a field that its type lacks once the type has it', async () => {
      const type = await newType('erp');
      const typed = await update(await newCustomer(), setType(type.key));
      const set: CustomerUpdateAction = { action: 'setCustomField', name: 'stripe', value: 'cus_1' };
      await expect(update(typed, set)).rejects.toThrow(PermanentError);
      expect(await byId(typed.id)).toEqual(typed);
      const actions = [{ action: 'addFieldDefinition' as const, fieldDefinition: field('stripe') }];
      const body = { version: type.version, actions };
      await call('types.update', (api) => api.types().withId({ ID: type.id }).post({ body }));
      const { fieldDefinitions } = await call('types.get', (api) => api.types().withId({ ID: type.id }).get());
      expect(fieldDefinitions.map(({ name }) => name)).toEqual(['erp', 'stripe']);
      expect((await update(typed, set)).custom?.fields).toEqual({ stripe: 'cus_1' });
    });

    it('of an older version takes nothing', async () => {
      const type = await newType('stripe');
      const made = await newCustomer();
      const after = await update(made, setType(type.key, { stripe: 'cus_1' }));
      await expect(update(made, setType(type.key, { stripe: 'cus_2' }))).rejects.toThrow(StaleVersionError);
      expect(await byId(made.id)).toEqual(after);
    });
  });

  itFindsByPredicate(project);
  itKeepsPaymentMethods(project);
  itKeepsOrders(project);
}
