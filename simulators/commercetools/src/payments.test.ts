import type { PaymentDraft, PaymentUpdateAction } from '@commercetools/platform-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestProject, testProject } from './test-project.ts';

let test: TestProject;
beforeAll(async () => {
  test = await testProject();
});
afterAll(() => test.simulator.close());
beforeEach(() => test.simulator.reset());

const eur = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });
const draft = (fields: Partial<PaymentDraft> = {}): PaymentDraft => ({
  amountPlanned: eur(1190),
  paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
  ...fields,
});
const create = async (fields: Partial<PaymentDraft> = {}) =>
  (
    await test.project
      .payments()
      .post({ body: draft(fields) })
      .execute()
  ).body;
const update = (id: string, version: number | undefined, actions: unknown[]) =>
  test.call('POST', `/payments/${id}`, { version, actions });
const find = async (where: string, more = '') =>
  (await test.call('GET', `/payments?where=${encodeURIComponent(where)}${more}`)).body;
const charge = (interactionId: string, more = {}) => ({
  action: 'addTransaction',
  transaction: { type: 'Charge', amount: eur(1190), state: 'Success', interactionId, ...more },
});

describe('creating a payment', () => {
  it('returns the draft as a payment with version 1, by id and by key', async () => {
    const payment = await create({ key: 'cart-1-1', anonymousId: 'anon', interfaceId: 'pi_1' });
    expect(payment).toMatchObject({
      version: 1,
      key: 'cart-1-1',
      anonymousId: 'anon',
      interfaceId: 'pi_1',
      amountPlanned: { type: 'centPrecision', centAmount: 1190, currencyCode: 'EUR', fractionDigits: 2 },
      paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
      transactions: [],
      interfaceInteractions: [],
    });
    const byId = await test.project.payments().withId({ ID: payment.id }).get().execute();
    const byKey = await test.project.payments().withKey({ key: 'cart-1-1' }).get().execute();
    expect(byId.body).toEqual(payment);
    expect(byKey.body).toEqual(payment);
  });

  it('keeps checkoutTransactionItemId, which the SDK does not know', async () => {
    const { status, body } = await test.call('POST', '/payments', { ...draft(), checkoutTransactionItemId: 'item-1' });
    expect({ status, item: body.checkoutTransactionItemId }).toEqual({ status: 201, item: 'item-1' });
  });

  it.each([
    ['JPY', 0],
    ['ISK', 0],
    ['KWD', 3],
    ['EUR', 2],
  ])('returns %s with %i fraction digits', async (currencyCode, fractionDigits) => {
    const payment = await create({ amountPlanned: { centAmount: 100, currencyCode } });
    expect(payment.amountPlanned.fractionDigits).toBe(fractionDigits);
  });

  it.each<[string, Record<string, unknown>, string, string?]>([
    ['a used key', { key: 'taken' }, 'DuplicateField', 'key'],
    ['a used interfaceId of the same interface', { interfaceId: 'pi_taken' }, 'DuplicateField', 'interfaceId'],
    ['no amountPlanned', { amountPlanned: undefined }, 'InvalidJsonInput'],
    ['a fraction of a cent', { amountPlanned: eur(10.5) }, 'InvalidJsonInput'],
    ['an unknown customer', { customer: { typeId: 'customer', id: 'nobody' } }, 'ReferencedResourceNotFound'],
    [
      'a customer and an anonymousId',
      { customer: { typeId: 'customer', id: 'x' }, anonymousId: 'y' },
      'InvalidOperation',
    ],
  ])('refuses %s with 400', async (_case, fields, code, field) => {
    await create({ key: 'taken', interfaceId: 'pi_taken' });
    const { status, body } = await test.call('POST', '/payments', { ...draft(), ...fields });
    expect({ status, error: body.errors[0] }).toMatchObject({ status: 400, error: { code, ...(field && { field }) } });
  });

  it('allows an interfaceId twice on different payment interfaces', async () => {
    await create({ interfaceId: 'pi_1' });
    const other = await create({ interfaceId: 'pi_1', paymentMethodInfo: { paymentInterface: 'other' } });
    expect(other.interfaceId).toBe('pi_1');
  });

  it('says so when an interfaceId is used twice without a payment interface', async () => {
    await create({ interfaceId: 'pi_1', paymentMethodInfo: {} });
    const { body } = await test.call('POST', '/payments', { ...draft({ interfaceId: 'pi_1' }), paymentMethodInfo: {} });
    expect(body.message).toContain('already used without setting a payment interface');
  });

  it('creates only one of many concurrent payments with one key', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => test.call('POST', '/payments', draft({ key: 'once' }))),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(9).fill(400)]);
  });
});

describe('updating a payment', () => {
  it.each<[string, PaymentUpdateAction, Record<string, unknown>]>([
    ['changeAmountPlanned', { action: 'changeAmountPlanned', amount: eur(5) }, { amountPlanned: { centAmount: 5 } }],
    ['setInterfaceId', { action: 'setInterfaceId', interfaceId: 'pi_9' }, { interfaceId: 'pi_9' }],
    ['setKey', { action: 'setKey', key: 'new-key' }, { key: 'new-key' }],
    ['setAnonymousId', { action: 'setAnonymousId', anonymousId: 'a' }, { anonymousId: 'a' }],
    [
      'setMethodInfoMethod',
      { action: 'setMethodInfoMethod', method: 'card' },
      { paymentMethodInfo: { method: 'card' } },
    ],
    [
      'setMethodInfoName',
      { action: 'setMethodInfoName', name: { en: 'Card' } },
      { paymentMethodInfo: { name: { en: 'Card' } } },
    ],
    [
      'setMethodInfoToken',
      { action: 'setMethodInfoToken', token: { value: 'pm_1' } },
      { paymentMethodInfo: { token: { value: 'pm_1' } } },
    ],
    [
      'setMethodInfoInterfaceAccount',
      { action: 'setMethodInfoInterfaceAccount', interfaceAccount: 'acct' },
      { paymentMethodInfo: { interfaceAccount: 'acct' } },
    ],
    [
      'setMethodInfo',
      { action: 'setMethodInfo', method: 'klarna' },
      { paymentMethodInfo: { method: 'klarna', paymentInterface: 'checkout-stripe' } },
    ],
    [
      'setStatusInterfaceText',
      { action: 'setStatusInterfaceText', interfaceText: 'ok' },
      { paymentStatus: { interfaceText: 'ok' } },
    ],
    [
      'setStatusInterfaceCode',
      { action: 'setStatusInterfaceCode', interfaceCode: '00' },
      { paymentStatus: { interfaceCode: '00' } },
    ],
  ])('%s', async (_name, action, expected) => {
    const payment = await create();
    const { body } = await test.project
      .payments()
      .withId({ ID: payment.id })
      .post({ body: { version: 1, actions: [action] } })
      .execute();
    expect(body).toMatchObject({ version: 2, ...expected });
  });

  it('adds a transaction and changes its state, ids and time', async () => {
    const payment = await create({ key: 'by-key' });
    const added = await test.call('POST', '/payments/key=by-key', {
      version: 1,
      actions: [charge('pi_1', { state: undefined })],
    });
    const [transaction] = added.body.transactions as { id: string }[];
    expect(transaction).toMatchObject({ type: 'Charge', state: 'Initial', interactionId: 'pi_1', amount: eur(1190) });
    const transactionId = transaction?.id;
    const { body } = await update(payment.id, 2, [
      { action: 'changeTransactionState', transactionId, state: 'Success' },
      { action: 'changeTransactionInteractionId', transactionId, interactionId: 'ch_1' },
      { action: 'setTransactionInterfaceId', transactionId, interfaceId: 'txn_1' },
      { action: 'changeTransactionTimestamp', transactionId, timestamp: '2030-01-02T03:04:05Z' },
    ]);
    expect(body.transactions).toMatchObject([
      { state: 'Success', interactionId: 'ch_1', interfaceId: 'txn_1', timestamp: '2030-01-02T03:04:05.000Z' },
    ]);
  });

  it.each<[string, unknown, string]>([
    ['an unknown action', { action: 'burnMoney' }, 'InvalidInput'],
    ['a name of Object.prototype', { action: 'constructor' }, 'InvalidInput'],
    [
      'an unknown transaction',
      { action: 'changeTransactionState', transactionId: 'x', state: 'Success' },
      'InvalidInput',
    ],
    ['an unknown state', charge('ch_1', { state: 'Done' }), 'InvalidJsonInput'],
    ['a transaction interfaceId in use', charge('ch_1', { interfaceId: 'txn_taken' }), 'DuplicateField'],
    ['another interfaceId', { action: 'setInterfaceId', interfaceId: 'pi_other' }, 'InvalidOperation'],
    ['a used key', { action: 'setKey', key: 'taken' }, 'DuplicateField'],
    ['another payment interface', { action: 'setMethodInfoInterface', interface: 'other' }, 'InvalidOperation'],
  ])('refuses %s and changes nothing, not even by earlier actions of the update', async (_case, action, code) => {
    await create({ key: 'taken', transactions: [{ type: 'Charge', amount: eur(1), interfaceId: 'txn_taken' }] });
    const payment = await create({ interfaceId: 'pi_1' });
    const { status, body } = await update(payment.id, 1, [charge('ch_before'), action]);
    expect({ status, code: body.errors[0]?.code }).toEqual({ status: 400, code });
    expect((await test.call('GET', `/payments/${payment.id}`)).body).toEqual(payment);
  });

  it('refuses an interfaceId that another payment of the interface has', async () => {
    await create({ interfaceId: 'pi_1' });
    const payment = await create();
    const { status, body } = await update(payment.id, 1, [{ action: 'setInterfaceId', interfaceId: 'pi_1' }]);
    expect({ status, error: body.errors[0] }).toMatchObject({
      status: 400,
      error: { code: 'DuplicateField', field: 'interfaceId' },
    });
  });

  it('accepts the same interfaceId again without a new version', async () => {
    const payment = await create({ interfaceId: 'pi_1' });
    const { body } = await update(payment.id, 1, [{ action: 'setInterfaceId', interfaceId: 'pi_1' }]);
    expect(body.version).toBe(1);
  });

  it('answers 409 with the current version to a stale one, even if nothing would change', async () => {
    const payment = await create();
    await update(payment.id, 1, [charge('ch_1')]);
    for (const actions of [[charge('ch_2')], []]) {
      expect(await update(payment.id, 1, actions)).toMatchObject({
        status: 409,
        body: { errors: [{ code: 'ConcurrentModification', currentVersion: 2 }] },
      });
    }
    expect((await update(payment.id, undefined, [])).status).toBe(400);
  });

  it('lets one of many concurrent updates of a version win', async () => {
    const payment = await create();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => update(payment.id, 1, [charge(`ch_${i}`)])));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(9).fill(409)]);
  });

  it('answers 404 for an unknown payment', async () => {
    expect(await update('none', 1, [])).toMatchObject({
      status: 404,
      body: { errors: [{ code: 'ResourceNotFound' }] },
    });
  });
});

describe('interface interactions and custom fields', () => {
  const type = (fields = {}) =>
    test.call('POST', '/types', {
      key: 'interaction',
      name: { en: 'Interaction' },
      resourceTypeIds: ['payment-interface-interaction', 'payment'],
      fieldDefinitions: [
        { name: 'interactionId', label: { en: 'id' }, required: true, type: { name: 'String' } },
        { name: 'createdAt', label: { en: 'at' }, required: false, type: { name: 'DateTime' } },
      ],
      ...fields,
    });
  const interaction = (fields: Record<string, unknown>, key = 'interaction') => ({
    action: 'addInterfaceInteraction',
    type: { typeId: 'type', key },
    fields,
  });

  it('adds an interaction of a type named by its key', async () => {
    await test.call('DELETE', '/types/key=interaction?version=1');
    const created = await type();
    const payment = await create();
    const { body } = await update(payment.id, 1, [interaction({ interactionId: 'evt_1' })]);
    expect(body.interfaceInteractions).toEqual([
      { type: { typeId: 'type', id: created.body.id }, fields: { interactionId: 'evt_1' } },
    ]);
    expect(await test.call('DELETE', '/types/key=interaction?version=1')).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'ReferenceExists' }] },
    });
  });

  it.each<[string, unknown, string]>([
    ['an unknown type', interaction({}, 'nothing'), 'ReferencedResourceNotFound'],
    ['a missing required field', interaction({}), 'RequiredField'],
    ['an undefined field', interaction({ interactionId: 'a', other: 1 }), 'InvalidOperation'],
    ['a value of another kind', interaction({ interactionId: 1 }), 'InvalidField'],
    ['a field without a type', { action: 'setCustomField', name: 'interactionId', value: 'a' }, 'InvalidOperation'],
  ])('refuses %s', async (_case, action, code) => {
    await type();
    const payment = await create();
    const { status, body } = await update(payment.id, 1, [action]);
    expect({ status, code: body.errors[0]?.code }).toEqual({ status: 400, code });
  });

  it('sets, changes and removes custom fields', async () => {
    await type();
    const payment = await create();
    const set = {
      action: 'setCustomType',
      type: { typeId: 'type', key: 'interaction' },
      fields: { interactionId: 'a' },
    };
    const change = { action: 'setCustomField', name: 'interactionId', value: 'b' };
    expect((await update(payment.id, 1, [set, change])).body.custom).toMatchObject({ fields: { interactionId: 'b' } });
    expect((await update(payment.id, 3, [{ action: 'setCustomType' }])).body.custom).toBeUndefined();
  });
});

describe('querying payments', () => {
  it.each<[string, string, string[]]>([
    ['interfaceId', 'interfaceId="pi_2"', ['k-2']],
    ['interfaceId and more', 'interfaceId = "pi_2" and paymentMethodInfo(paymentInterface="other")', []],
    ['a choice of interfaceIds', 'interfaceId="pi_1" or interfaceId="pi_3"', ['k-1', 'k-3']],
    ['all but one interfaceId', 'not(interfaceId="pi_1")', ['k-2', 'k-3']],
    ['keys', 'key in ("k-1", "k-3", "k-9")', ['k-1', 'k-3']],
    ['transaction state', 'transactions(state="Pending")', ['k-2', 'k-3']],
    ['transaction state and type', 'transactions(state="Pending" and type="Refund")', ['k-3']],
    ['time', 'transactions(state="Pending") and lastModifiedAt < "2000-01-01T00:00:00.000Z"', []],
    ['time to come', 'lastModifiedAt < "2999-01-01T00:00:00.000Z" and key="k-1"', ['k-1']],
  ])('finds by %s', async (_case, where, keys) => {
    await create({
      key: 'k-1',
      interfaceId: 'pi_1',
      transactions: [{ type: 'Charge', state: 'Success', amount: eur(1) }],
    });
    await create({
      key: 'k-2',
      interfaceId: 'pi_2',
      transactions: [{ type: 'Charge', state: 'Pending', amount: eur(1) }],
    });
    await create({
      key: 'k-3',
      interfaceId: 'pi_3',
      transactions: [{ type: 'Refund', state: 'Pending', amount: eur(1) }],
    });
    const { results } = await find(where, '&sort=key%20asc');
    expect(results.map((payment) => payment.key)).toEqual(keys);
  });

  it('sorts, pages and counts, and omits the total on request', async () => {
    for (const key of ['k-1', 'k-2', 'k-3']) await create({ key });
    const page = (await test.call('GET', '/payments?sort=key%20desc&limit=1&offset=1')).body;
    expect(page).toMatchObject({ limit: 1, offset: 1, count: 1, total: 3, results: [{ key: 'k-2' }] });
    expect((await test.call('GET', '/payments?withTotal=false')).body).not.toHaveProperty('total');
  });

  it.each([
    'limit=501',
    'limit=-1',
    'offset=10001',
    `where=${encodeURIComponent('interfaceId=')}`,
    'where=intrfaceId%3D"x"',
  ])('refuses %s', async (query) => {
    expect(await test.call('GET', `/payments?${query}`)).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'InvalidInput' }] },
    });
  });
});
