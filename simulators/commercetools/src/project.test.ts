import { get } from 'node:http';
import type { CartDraft } from '@commercetools/platform-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCustomer } from './index.ts';
import { type TestProject, testProject } from './test-project.ts';

let test: TestProject;
beforeAll(async () => {
  test = await testProject();
});
afterAll(() => test.simulator.close());
beforeEach(() => test.simulator.reset());

it('answers 400 to a URL that cannot be parsed, and stays alive', async () => {
  const { port } = new URL(test.simulator.url);
  const status = (path: string) =>
    new Promise((resolve, reject) => {
      get({ port, path, agent: false }, (res) => resolve(res.resume().statusCode)).once('error', reject);
    });
  expect(await status('//')).toBe(400);
  expect(await status('/.well-known/jwks.json')).toBe(200);
});

const money = (centAmount: number, currencyCode = 'EUR') => ({ centAmount, currencyCode });
const cartDraft = (fields: Partial<CartDraft> = {}): CartDraft => ({
  currency: 'EUR',
  country: 'DE',
  taxMode: 'External',
  customLineItems: [
    {
      name: { en: 'Book' },
      slug: 'book',
      quantity: 2,
      money: money(1000),
      externalTaxRate: { name: 'VAT', amount: 0.19, country: 'DE', includedInPrice: false },
    },
  ],
  ...fields,
});
const createCart = async (fields: Partial<CartDraft> = {}) =>
  (
    await test.project
      .carts()
      .post({ body: cartDraft(fields) })
      .execute()
  ).body;
const createPayment = async (fields = {}) =>
  (
    await test.project
      .payments()
      .post({ body: { amountPlanned: money(2380), ...fields } })
      .execute()
  ).body;
const updateCart = (id: string, version: number | undefined, ...actions: unknown[]) =>
  test.call('POST', `/carts/${id}`, { version, actions });
const addPayment = (id: string) => ({ action: 'addPayment', payment: { typeId: 'payment', id } });
const customer = (email = 'ada@example.com') =>
  createCustomer(
    { ctUrl: test.simulator.url, projectKey: test.simulator.projectKey, token: test.simulator.issueToken() },
    { email },
  );

describe('carts', () => {
  it('keep everything that a checkout reads: totals, tax, addresses, customer and recurrence', async () => {
    const { id: customerId } = await customer();
    const address = { country: 'DE', city: 'Berlin', firstName: 'Ada' };
    const recurrenceInfo = {
      recurrencePolicy: { typeId: 'recurrence-policy', id: 'monthly' },
      priceSelectionMode: 'Fixed',
    };
    const { status, body } = await test.call('POST', '/carts', {
      ...cartDraft({ key: 'cart-1', customerId, customerEmail: 'ada@example.com', shippingAddress: address }),
      customLineItems: [{ ...cartDraft().customLineItems?.[0], recurrenceInfo }],
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      version: 1,
      key: 'cart-1',
      cartState: 'Active',
      customerId,
      country: 'DE',
      shippingAddress: address,
      totalPrice: { type: 'centPrecision', centAmount: 2000, currencyCode: 'EUR', fractionDigits: 2 },
      taxedPrice: { totalNet: { centAmount: 2000 }, totalGross: { centAmount: 2380 } },
      customLineItems: [{ recurrenceInfo }],
    });
    expect((await test.call('GET', '/carts/key=cart-1')).body).toEqual(body);
  });

  it.each([
    ['EUR', 2],
    ['JPY', 0],
    ['ISK', 0],
    ['TND', 3],
  ])('have prices in %s with %i fraction digits', async (currency, fractionDigits) => {
    const item = { name: { en: 'Book' }, slug: 'book', money: money(500, currency) };
    const cart = await createCart({ currency, customLineItems: [item] });
    expect(cart.totalPrice).toMatchObject({ centAmount: 500, fractionDigits });
  });

  it('accept an anonymousId, a store and a billing address', async () => {
    await test.simulator.reset();
    const cart = await createCart({ anonymousId: 'anon', store: { typeId: 'store', key: 'berlin' } });
    const { body } = await updateCart(cart.id, 1, { action: 'setBillingAddress', address: { country: 'FR' } });
    expect(body).toMatchObject({ anonymousId: 'anon', store: { key: 'berlin' }, billingAddress: { country: 'FR' } });
  });

  it('change their total with the quantity', async () => {
    const cart = await createCart();
    const customLineItemId = cart.customLineItems[0]?.id;
    const { body } = await updateCart(cart.id, 1, {
      action: 'changeCustomLineItemQuantity',
      customLineItemId,
      quantity: 3,
    });
    expect(body).toMatchObject({ totalPrice: { centAmount: 3000 }, taxedPrice: { totalGross: { centAmount: 3570 } } });
  });

  it('contain a payment once, however often it is added', async () => {
    const [cart, payment] = [await createCart(), await createPayment()];
    const first = await updateCart(cart.id, 1, addPayment(payment.id), addPayment(payment.id));
    const again = await updateCart(cart.id, 2, addPayment(payment.id));
    expect(first.body.paymentInfo).toEqual({ payments: [{ typeId: 'payment', id: payment.id }] });
    expect(again).toMatchObject({ status: 200, body: { version: 2, paymentInfo: first.body.paymentInfo } });
    const removed = await updateCart(cart.id, 2, { ...addPayment(payment.id), action: 'removePayment' });
    expect(removed.body.paymentInfo).toBeUndefined();
  });

  it('refuse a payment that does not exist', async () => {
    const cart = await createCart();
    expect(await updateCart(cart.id, 1, addPayment('none'))).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'ReferencedResourceNotFound' }] },
    });
  });

  it('expand their payments, the token masked', async () => {
    const paymentMethodInfo = { paymentInterface: 'checkout-stripe', token: { value: 'pm_secret' } };
    const [cart, payment] = [await createCart(), await createPayment({ paymentMethodInfo })];
    await updateCart(cart.id, 1, addPayment(payment.id));
    const { body } = await test.project
      .carts()
      .withId({ ID: cart.id })
      .get({ queryArgs: { expand: 'paymentInfo.payments[*]' } })
      .execute();
    expect(body.paymentInfo?.payments[0]?.obj).toMatchObject({
      id: payment.id,
      amountPlanned: { centAmount: 2380 },
      paymentMethodInfo: { token: { value: '****' } },
    });
  });

  it('leave a deleted payment unexpanded, both alone and in a query', async () => {
    const [cart, gone, payment] = [await createCart(), await createPayment(), await createPayment()];
    await updateCart(cart.id, 1, addPayment(gone.id), addPayment(payment.id));
    await test.call('DELETE', `/payments/${gone.id}?version=1`);
    const expand = 'expand=paymentInfo.payments[*]';
    const [one, list] = [
      await test.call('GET', `/carts/${cart.id}?${expand}`),
      await test.call('GET', `/carts?${expand}&where=${encodeURIComponent(`id="${cart.id}"`)}`),
    ];
    const { body } = one as unknown as { body: { paymentInfo: { payments: { id: string; obj?: object }[] } } };
    expect(body.paymentInfo.payments.map(({ id, obj }) => [id, obj !== undefined])).toEqual([
      [gone.id, false],
      [payment.id, true],
    ]);
    expect(list.body.results).toEqual([body]);
  });

  it('are found by their payments', async () => {
    const [cart, payment] = [await createCart(), await createPayment()];
    await createCart();
    const where = `paymentInfo(payments(id = "${payment.id}"))`;
    const find = async () => (await test.project.carts().get({ queryArgs: { where } }).execute()).body;
    expect((await find()).count).toBe(0);
    await updateCart(cart.id, 1, addPayment(payment.id));
    expect(await find()).toMatchObject({ count: 1, total: 1, results: [{ id: cart.id }] });
    await updateCart(cart.id, 2, { ...addPayment(payment.id), action: 'removePayment' });
    expect((await find()).count).toBe(0);
  });

  it.each([
    ['/carts', { currency: 'EUE' }, 'currency: must be a currency code of ISO 4217'],
    ['/carts', { currency: 'EUR', country: 'XY' }, 'country: must be a country code of ISO 3166-1'],
    ['/carts', { currency: 'EUR', shippingAddress: { country: 'Germany' } }, 'shippingAddress -> country: must be'],
    ['/payments', { amountPlanned: money(100, 'ABC') }, 'amountPlanned -> currencyCode: must be a currency code'],
  ])('and payments are of currencies and countries that exist: %s %j', async (path, draft, message) => {
    const { status, body } = await test.call('POST', path, draft);
    expect({ status, errors: body.errors }).toEqual({
      status: 400,
      errors: [
        {
          code: 'InvalidJsonInput',
          message: 'Request body does not contain valid JSON.',
          detailedErrorMessage: expect.stringContaining(message),
        },
      ],
    });
  });

  it('can be frozen, and still accept payments', async () => {
    const [cart, payment] = [await createCart(), await createPayment()];
    const frozen = await updateCart(cart.id, 1, { action: 'freezeCart', strategy: 'HardFreeze' });
    expect(frozen.body).toMatchObject({ cartState: 'Frozen', freezeStrategy: 'HardFreeze' });
    expect((await updateCart(cart.id, 2, addPayment(payment.id))).body).toMatchObject({
      version: 3,
      paymentInfo: { payments: [{ id: payment.id }] },
    });
    expect((await updateCart(cart.id, 3, { action: 'recalculate' })).status).toBe(400);
    const active = await updateCart(cart.id, 3, { action: 'unfreezeCart' });
    expect(active.body).toMatchObject({ cartState: 'Active', version: 4 });
    expect(active.body).not.toHaveProperty('freezeStrategy');
  });

  it('that are locked change only for a client with manage_locked_carts', async () => {
    const [cart, payment] = [await createCart(), await createPayment()];
    const withScopes = async (version: number, action: object, ...scopes: string[]) => {
      const answer = await fetch(`${test.simulator.url}/${test.simulator.projectKey}/carts/${cart.id}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${test.simulator.issueToken(scopes)}` },
        body: JSON.stringify({ version, actions: [action] }),
      });
      return { status: answer.status, body: await answer.json() };
    };
    const refusal = { status: 403, body: { error: 'insufficient_scope', errors: [{ code: 'insufficient_scope' }] } };
    expect(await withScopes(1, { action: 'lockCart' }, 'manage_orders')).toMatchObject(refusal);
    const locked = await updateCart(cart.id, 1, { action: 'lockCart' });
    expect(locked.body).toMatchObject({ version: 2, lock: { clientId: 'sandbox-client' } });
    expect(await withScopes(2, addPayment(payment.id), 'manage_orders')).toMatchObject(refusal);
    expect(await withScopes(2, addPayment(payment.id), 'manage_orders', 'manage_locked_carts')).toMatchObject({
      status: 200,
      body: { version: 3, lock: {}, paymentInfo: { payments: [{ id: payment.id }] } },
    });
    expect(await withScopes(3, { action: 'unlockCart' }, 'manage_orders')).toMatchObject(refusal);
    expect((await updateCart(cart.id, 3, { action: 'unlockCart' })).body).not.toHaveProperty('lock');
    expect((await withScopes(4, { action: 'setCountry', country: 'NL' }, 'manage_orders')).status).toBe(200);
  });

  it('need the current version', async () => {
    const [cart, payment] = [await createCart(), await createPayment()];
    expect((await updateCart(cart.id, undefined, addPayment(payment.id))).status).toBe(400);
    expect(await updateCart(cart.id, 7)).toMatchObject({
      status: 409,
      body: { errors: [{ code: 'ConcurrentModification', currentVersion: 1 }] },
    });
  });

  it('let one of many concurrent updates of a version win, by id or by key', async () => {
    const cart = await createCart({ key: 'contested' });
    const payments = await Promise.all(Array.from({ length: 8 }, () => createPayment()));
    const answers = await Promise.all(
      payments.map((payment, i) =>
        test.call('POST', i % 2 === 0 ? `/carts/${cart.id}` : '/carts/key=contested', {
          version: 1,
          actions: [addPayment(payment.id)],
        }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(7).fill(409)]);
  });

  it('become orders once, which are found by payment, and no longer change', async () => {
    const [cart, payment] = [await createCart(), await createPayment()];
    await updateCart(cart.id, 1, addPayment(payment.id));
    const order = { version: 2, cart: { typeId: 'cart', id: cart.id }, orderNumber: 'o-1' };
    expect((await test.call('POST', '/orders', { ...order, version: 1 })).status).toBe(409);
    const { status, body } = await test.call('POST', '/orders', order);
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { orderNumber: 'o-1', customLineItems: [{ slug: 'book' }] },
    });
    const where = `paymentInfo(payments(id = "${payment.id}"))`;
    expect((await test.project.orders().get({ queryArgs: { where } }).execute()).body.count).toBe(1);
    expect((await test.call('POST', '/orders', { ...order, version: 3 })).status).toBe(400);
    expect(await updateCart(cart.id, 3, addPayment((await createPayment()).id))).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'InvalidOperation' }] },
    });
  });

  it('get another total from the control plane', async () => {
    const cart = await createCart();
    const response = await fetch(`${test.simulator.url}/_sandbox/carts/${cart.id}/total`, {
      method: 'POST',
      body: JSON.stringify({ centAmount: 1190 }),
    });
    expect(response.status).toBe(200);
    expect((await test.call('GET', `/carts/${cart.id}`)).body).toMatchObject({
      version: 2,
      totalPrice: { centAmount: 1190, fractionDigits: 2 },
      taxedPrice: { totalGross: { centAmount: 1190 }, totalNet: { centAmount: 1000 }, totalTax: { centAmount: 190 } },
    });
  });
});

describe('customers and types', () => {
  const type = {
    key: 'customer-type',
    name: { en: 'Stripe' },
    resourceTypeIds: ['customer'],
    fieldDefinitions: [{ name: 'stripeId', label: { en: 'id' }, required: false, type: { name: 'String' } }],
  };
  const setType = {
    action: 'setCustomType',
    type: { typeId: 'type', key: 'customer-type' },
    fields: { stripeId: 'cus_1' },
  };

  beforeEach(async () => {
    const { status, body } = await test.call('GET', '/types/key=customer-type');
    if (status === 200) await test.call('DELETE', `/types/key=customer-type?version=${body.version}`);
    await test.call('POST', '/types', type);
  });

  it('keep custom fields of their type, and never show the password', async () => {
    const { id } = await customer();
    const change = { action: 'setCustomField', name: 'stripeId', value: 'cus_2' };
    const { status, body } = await test.call('POST', `/customers/${id}`, { version: 1, actions: [setType, change] });
    expect({ status, body }).toMatchObject({ status: 200, body: { custom: { fields: { stripeId: 'cus_2' } } } });
    const read = (await test.project.customers().withId({ ID: id }).get().execute()).body;
    expect(read.custom?.fields).toEqual({ stripeId: 'cus_2' });
    expect(read).not.toHaveProperty('password');
    expect(body).not.toHaveProperty('password');
  });

  it('of orders are also for carts, as at commercetools', async () => {
    await test.call('POST', '/types', { ...type, key: 'order-type', resourceTypeIds: ['order'] });
    const custom = { type: { typeId: 'type', key: 'order-type' }, fields: { stripeId: 'cus_1' } };
    const { status, body } = await test.call('POST', '/carts', { ...cartDraft(), custom });
    expect({ status, body }).toMatchObject({ status: 201, body: { custom: { fields: { stripeId: 'cus_1' } } } });
  });

  it.each<[string, unknown[], string]>([
    ['a type that is not for customers', [{ ...setType, type: { typeId: 'type', key: 'other' } }], 'InvalidOperation'],
    [
      'a type that does not exist',
      [{ ...setType, type: { typeId: 'type', key: 'none' } }],
      'ReferencedResourceNotFound',
    ],
    ['a field that the type lacks', [{ ...setType, fields: { other: 'x' } }], 'InvalidOperation'],
    ['a field before its type', [{ action: 'setCustomField', name: 'stripeId', value: 'x' }], 'InvalidOperation'],
    ['an unknown action', [{ action: 'setMood' }], 'InvalidInput'],
  ])('refuse %s', async (_case, actions, code) => {
    await test.call('POST', '/types', { ...type, key: 'other', resourceTypeIds: ['payment'] });
    const { id } = await customer();
    const { status, body } = await test.call('POST', `/customers/${id}`, { version: 1, actions });
    expect({ status, code: body.errors[0]?.code }).toEqual({ status: 400, code });
  });

  it('have a unique email and a unique key', async () => {
    await customer();
    const duplicate = await test.call('POST', '/customers', { email: 'ada@example.com', password: 'x' });
    expect(duplicate).toMatchObject({ status: 400, body: { errors: [{ code: 'DuplicateField', field: 'email' }] } });
    expect(await test.call('POST', '/types', type)).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'DuplicateField', field: 'key' }] },
    });
  });

  it('finds types by key and by resource, and adds fields', async () => {
    const find = async (where: string) =>
      (await test.project.types().get({ queryArgs: { where } }).execute()).body.results.map((each) => each.key);
    expect(await find('key="customer-type"')).toEqual(['customer-type']);
    expect(await find('resourceTypeIds contains any ("customer")')).toEqual(['customer-type']);
    const fieldDefinition = { name: 'more', label: { en: 'more' }, required: false, type: { name: 'Number' } };
    const actions = [{ action: 'addFieldDefinition', fieldDefinition }];
    const { body } = await test.call('POST', '/types/key=customer-type', { version: 1, actions });
    expect(body.fieldDefinitions).toHaveLength(2);
    const { id } = await customer();
    const withMore = { ...setType, fields: { more: 3 } };
    expect((await test.call('POST', `/customers/${id}`, { version: 1, actions: [withMore] })).status).toBe(200);
  });

  it('refuses to delete a type in use, and deletes it afterwards', async () => {
    const { id } = await customer();
    const { body } = await test.call('POST', `/customers/${id}`, { version: 1, actions: [setType] });
    const remove = () => test.call('DELETE', '/types/key=customer-type?version=1');
    expect(await remove()).toMatchObject({ status: 400, body: { errors: [{ code: 'ReferenceExists' }] } });
    await test.call('POST', `/customers/${id}`, { version: body.version, actions: [{ action: 'setCustomType' }] });
    expect((await remove()).status).toBe(200);
    expect((await test.call('GET', '/types/key=customer-type')).status).toBe(404);
  });

  it('creates, finds and deletes product types', async () => {
    await test.call('POST', '/product-types', { key: 'subscription', name: 'Subscription', description: 'x' });
    const where = encodeURIComponent('key="subscription"');
    expect((await test.call('GET', `/product-types?where=${where}`)).body).toMatchObject({ count: 1 });
    const products = `/products?limit=1&where=${encodeURIComponent('productType(id="x")')}`;
    expect((await test.call('GET', products)).body).toMatchObject({ count: 0 });
    expect((await test.call('DELETE', '/product-types/key=subscription?version=1')).status).toBe(200);
  });
});

describe('saved payment methods and recurring payment jobs', () => {
  const method = (customerId: string, fields = {}) =>
    test.call('POST', '/payment-methods', {
      customer: { typeId: 'customer', id: customerId },
      paymentInterface: 'checkout-stripe',
      method: 'card',
      default: false,
      paymentMethodStatus: 'Active',
      token: { value: 'pm_1' },
      ...fields,
    });

  it('are found by customer and interface, changed and deleted', async () => {
    const [ada, bob] = [await customer(), await customer('bob@example.com')];
    const mine = await method(ada.id);
    await method(bob.id);
    await method(ada.id, { paymentInterface: 'other' });
    const where = `customer(id="${ada.id}") and paymentInterface="checkout-stripe"`;
    const { body } = await test.call('GET', `/payment-methods?where=${encodeURIComponent(where)}`);
    expect(body).toMatchObject({ count: 1, results: [{ id: mine.body.id, token: { value: 'pm_1' }, default: false }] });
    const path = `/payment-methods/${mine.body.id}`;
    const change = { version: 1, actions: [{ action: 'setDefault', default: true }] };
    expect((await test.call('POST', path, change)).body).toMatchObject({ version: 2, default: true });
    expect((await test.call('DELETE', `${path}?version=1`)).status).toBe(409);
    expect((await test.call('DELETE', `${path}?version=2`)).status).toBe(200);
    expect((await test.call('GET', path)).status).toBe(404);
  });

  it('refuse a predicate that names the token', async () => {
    const answer = await test.call('GET', `/payment-methods?where=${encodeURIComponent('token(value="pm_1")')}`);
    expect(answer).toMatchObject({
      status: 400,
      body: {
        errors: [{ code: 'InvalidInput', message: "Malformed parameter: where: The field 'token' does not exist." }],
      },
    });
  });

  it('refuse an unknown customer', async () => {
    expect(await method('none')).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'ReferencedResourceNotFound' }] },
    });
  });

  it('create a job for an existing payment and method', async () => {
    const [{ id }, payment] = [await customer(), await createPayment()];
    const draft = {
      key: 'job-1',
      originPayment: { typeId: 'payment', id: payment.id },
      paymentMethod: { typeId: 'payment-method', id: (await method(id)).body.id },
      status: { state: 'Initial' },
    };
    const { status, body } = await test.call('POST', '/recurring-payment-jobs', draft);
    expect({ status, body }).toMatchObject({ status: 201, body: { ...draft, version: 1 } });
    expect((await test.call('GET', '/recurring-payment-jobs/key=job-1')).body).toEqual(body);
    expect((await test.call('GET', '/recurring-payment-jobs/key=job-2')).status).toBe(404);
    const again = await test.call('POST', '/recurring-payment-jobs', draft);
    expect(again).toMatchObject({ status: 400, body: { errors: [{ code: 'DuplicateField', field: 'key' }] } });
    const unknown = { ...draft, originPayment: { typeId: 'payment', id: 'none' } };
    expect((await test.call('POST', '/recurring-payment-jobs', unknown)).status).toBe(400);
  });
});
