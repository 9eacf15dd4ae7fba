import { describe, expect, it } from 'vitest';
import { aCart, aCustomer, aPaymentIntent, euro, someBehaviour } from '../testing/builders.ts';
import { behaviourFor } from './behaviour.ts';
import { attemptKey, changeTo, createParams, type WantedInput, wantedOf } from './payment-intent-params.ts';

const customer = aCustomer({
  custom: { type: { typeId: 'type', id: 't' }, fields: { stripeConnector_stripeCustomerId: 'cus_1' } },
});
const cart = aCart({ customerId: customer.id });

const wanted = (fields: Partial<WantedInput> = {}) =>
  wantedOf({
    cart,
    customer,
    due: euro(1190),
    behaviour: behaviourFor(cart, false, someBehaviour({ setupFutureUsage: 'off_session' })),
    projectKey: 'project',
    cardFeatures: {},
    express: false,
    expressCustomerSession: false,
    ...fields,
  });

describe("a PaymentIntent's parameters", () => {
  it('name the order that Checkout will make, and describe it if configured', () => {
    const of = (fields: Partial<WantedInput>) => createParams('k', wanted({ orderNumber: 'A-17', ...fields }));
    expect(of({})).toMatchObject({ metadata: { order_number: 'A-17' } });
    expect(of({}).description).toBeUndefined();
    expect(of({ orderInDescription: true }).description).toBe('A-17');
    expect(of({ orderNumber: undefined, orderInDescription: true }).description).toBeUndefined();
    expect(of({ orderNumber: 'x'.repeat(501) }).metadata).toMatchObject({ order_number: 'x'.repeat(500) });
  });

  it('get the order number later, if the session names it only later', () => {
    const present = aPaymentIntent({ ...createParams('k', wanted()), description: null } as never);
    const change = changeTo(present, wanted({ orderNumber: 'A-17', orderInDescription: true }));
    expect(change).toMatchObject({ params: { metadata: { order_number: 'A-17' }, description: 'A-17' } });
  });

  it('name the payment, cart and project from the start', () => {
    expect(createParams('cart-1-1', wanted())).toEqual({
      amount: 1190,
      currency: 'eur',
      automatic_payment_methods: { enabled: true },
      capture_method: 'automatic',
      customer: 'cus_1',
      setup_future_usage: 'off_session',
      metadata: {
        cart_id: 'cart-1',
        ct_project_key: 'project',
        ct_customer_id: customer.id,
        ct_payment_key: 'cart-1-1',
      },
    });
  });

  it.each([
    ['a guest', { cart: aCart(), customer: undefined }, undefined],
    ['a customer without a Stripe customer', { customer: aCustomer() }, undefined],
    ['express', { express: true }, undefined],
    ['express with a customer session', { express: true, expressCustomerSession: true }, 'cus_1'],
  ])('set the customer, and save the method for it, as the elements were created: %s', (_what, fields, expected) => {
    const params = createParams('cart-1-1', wanted(fields));
    expect(params.customer).toBe(expected);
    expect(params.setup_future_usage).toBe(expected && 'off_session');
  });

  it("complete the shipping address from the customer's", () => {
    const shippingAddress = { country: 'DE', firstName: 'Ada', streetName: 'Main', streetNumber: '5', mobile: '123' };
    const addresses = [{ country: 'FR', lastName: 'Other', city: 'Berlin', postalCode: '10115', state: 'BE' }];
    const fields = { cart: aCart({ shippingAddress }), customer: aCustomer({ addresses }) };
    expect(createParams('k', wanted(fields)).shipping).toEqual({
      name: 'Ada',
      phone: '123',
      address: { line1: '5 Main', city: 'Berlin', postal_code: '10115', state: 'BE', country: 'DE' },
    });
    expect(createParams('k', wanted({ ...fields, express: true })).shipping).toBeUndefined();
  });

  it('request several captures only if enabled', () => {
    const { payment_method_options } = createParams('k', wanted({ cardFeatures: { multicapture: true } }));
    expect(payment_method_options).toEqual({ card: { request_multicapture: 'if_available' } });
    expect(createParams('k', wanted())).not.toHaveProperty('payment_method_options');
  });

  it.each([
    ['overcapture', 'request_overcapture'],
    ['extendedAuthorization', 'request_extended_authorization'],
    ['incrementalAuthorization', 'request_incremental_authorization'],
  ] as const)('request %s if enabled and the capture is manual', (feature, request) => {
    const cardFeatures = { [feature]: true };
    const manual = behaviourFor(cart, false, someBehaviour({ captureMethod: 'manual' }));
    const { payment_method_options } = createParams('k', wanted({ cardFeatures, behaviour: manual }));
    expect(payment_method_options).toEqual({ card: { [request]: 'if_available' } });
    expect(createParams('k', wanted({ cardFeatures }))).not.toHaveProperty('payment_method_options');
    const leftOut = new Set(['card_features'] as const);
    const without = createParams('k', wanted({ cardFeatures, behaviour: manual, leftOut }));
    expect(without).not.toHaveProperty('payment_method_options');
  });

  it.each([
    [['taxcalc_1'], { inputs: { tax: { calculation: 'taxcalc_1' } } }],
    [['taxcalc_1', 'taxcalc_2'], undefined],
    [[], undefined],
    [undefined, undefined],
  ])('name the Stripe Tax calculation when there is exactly one: %j', (references, hooks) => {
    const fields = { connectorStripeTax_calculationReferences: references };
    const taxed = aCart({ custom: { type: { typeId: 'type', id: 't' }, fields } });
    expect(createParams('k', wanted({ cart: taxed })).hooks).toEqual(hooks);
  });
});

describe('the idempotency key of an attempt', () => {
  it('is the same for the same payment and amount, whatever the other parameters are', () => {
    expect(attemptKey('cart-1-1', euro(1190))).toBe(attemptKey('cart-1-1', { currencyCode: 'EUR', centAmount: 1190 }));
    expect(attemptKey('cart-1-1', euro(1190))).not.toBe(attemptKey('cart-1-1', euro(1191)));
    expect(attemptKey('cart-1-1', euro(1190))).not.toBe(attemptKey('cart-1-2', euro(1190)));
  });
});

describe('a cart of a business unit', () => {
  const businessUnit = { typeId: 'business-unit' as const, key: 'acme' };
  const fields = {
    stripeConnector_stripeCustomerId: 'cus_own',
    stripeConnector_stripeCustomerIdsOfBusinessUnits: '{"acme":"cus_acme"}',
  };
  const associate = (more: Record<string, string> = {}) =>
    aCustomer({ custom: { type: { typeId: 'type', id: 't' }, fields: { ...fields, ...more } } });
  const of = (cart: Partial<Parameters<typeof aCart>[0]>, customer = associate()) =>
    createParams('k', wanted({ cart: aCart({ customerId: customer.id, ...cart }), customer }));

  it('is paid by the associate’s Stripe customer for the unit, and says so', () => {
    const params = of({ businessUnit });
    expect(params).toMatchObject({ customer: 'cus_acme', metadata: { ct_business_unit: 'acme' } });
    expect(params.metadata).toHaveProperty('ct_customer_id');
  });

  it('is never paid by the associate’s own Stripe customer, nor by another unit’s', () => {
    expect(of({ businessUnit: { ...businessUnit, key: 'other' } }).customer).toBeUndefined();
    expect(of({})).toMatchObject({ customer: 'cus_own' });
    expect(of({}).metadata).not.toHaveProperty('ct_business_unit');
  });

  it.each(['', 'no json', '[]', 'null', '{"acme":7}'])('has no Stripe customer if the field contains %j', (text) => {
    const customer = associate({ stripeConnector_stripeCustomerIdsOfBusinessUnits: text });
    expect(of({ businessUnit }, customer).customer).toBeUndefined();
  });
});

describe('the goods of a payment', () => {
  const goods = (quantity: number) =>
    aCart({
      lineItems: [{ name: { en: 'Chair' }, quantity, totalPrice: { type: 'centPrecision', ...euro(1190) } }],
    });
  const sent = wanted({ cart: goods(1), lineItems: true });

  it('are sent if enabled, with an order reference', () => {
    expect(createParams('k', sent)).toMatchObject({
      amount_details: { line_items: [{ product_name: 'Chair', quantity: 1, unit_cost: 1190 }] },
      payment_details: { order_reference: 'cart-1' },
      metadata: { ct_line_items: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    const named = createParams('k', wanted({ cart: goods(1), lineItems: true, orderNumber: 'A-17' }));
    expect(named.payment_details).toEqual({ order_reference: 'A-17' });
  });

  it.each<[string, Partial<WantedInput>]>([
    ['while that is off', { cart: goods(1) }],
    ['once Stripe refused them', { cart: goods(1), lineItems: true, leftOut: new Set(['line_items'] as const) }],
    ['when they do not add up to the amount', { cart: goods(1), due: euro(1000), lineItems: true }],
  ])('are not sent %s', (_when, fields) => {
    const params = createParams('k', wanted(fields));
    expect(params).not.toHaveProperty('amount_details');
    expect(params).not.toHaveProperty('payment_details');
    expect(params.metadata).not.toHaveProperty('ct_line_items');
  });

  it('are changed with the cart, and removed when they no longer fit', () => {
    const present = aPaymentIntent(createParams('k', sent) as never);
    expect(changeTo(present, sent)).toEqual({ kind: 'none' });
    expect(changeTo(present, wanted({ cart: goods(2), lineItems: true }))).toMatchObject({
      kind: 'update',
      params: { amount_details: { line_items: [{ quantity: 2, unit_cost: 595 }] } },
    });
    const without = changeTo(present, wanted({ cart: goods(1), due: euro(1000), lineItems: true }));
    expect(without).toMatchObject({
      params: {
        amount: 1000,
        amount_details: { line_items: '', shipping: '', discount_amount: '' },
        metadata: { ct_line_items: '' },
      },
    });
  });
});

describe('making a PaymentIntent what is wanted', () => {
  it('requests card features that were enabled since, once', () => {
    const manual = behaviourFor(cart, false, someBehaviour({ captureMethod: 'manual' }));
    const cardFeatures = { overcapture: true, incrementalAuthorization: true };
    const asked = { request_overcapture: 'if_available', request_incremental_authorization: 'if_available' };
    const with_ = wanted({ behaviour: manual, cardFeatures });
    const before = { ...createParams('k', wanted({ behaviour: manual })), payment_method_options: { card: {} } };
    expect(changeTo(aPaymentIntent(before as never), with_)).toEqual({
      kind: 'update',
      params: { payment_method_options: { card: asked } },
    });
    expect(changeTo(aPaymentIntent(createParams('k', with_) as never), with_)).toEqual({ kind: 'none' });
  });

  const guest = wanted({ cart: aCart(), customer: undefined });
  const present = aPaymentIntent();
  const address = { line1: '5 Main', line2: null, city: 'Berlin', postal_code: null, state: null, country: 'DE' };

  it.each<[string, Parameters<typeof changeTo>, ReturnType<typeof changeTo>]>([
    ['nothing changed', [present, guest], { kind: 'none' }],
    ['another amount', [present, { ...guest, due: euro(2000) }], { kind: 'update', params: { amount: 2000 } }],
    [
      'another currency',
      [present, { ...guest, due: { centAmount: 1190, currencyCode: 'USD', fractionDigits: 2 } }],
      { kind: 'replace' },
    ],
    ['another capture method', [present, { ...guest, captureMethod: 'manual' }], { kind: 'replace' }],
    ['another customer', [aPaymentIntent({ customer: 'cus_0' }), { ...guest, customer: 'cus_1' }], { kind: 'replace' }],
    ['no customer any more', [aPaymentIntent({ customer: 'cus_0' }), guest], { kind: 'replace' }],
    [
      'a customer at last',
      [present, { ...guest, customer: 'cus_1' }],
      { kind: 'update', params: { customer: 'cus_1' } },
    ],
    [
      'not to be saved any more',
      [aPaymentIntent({ setup_future_usage: 'off_session' }), guest],
      { kind: 'update', params: { setup_future_usage: '' } },
    ],
    [
      'the same address, as Stripe stores it',
      [
        aPaymentIntent({ shipping: { name: 'Ada', address } as never }),
        {
          ...guest,
          shipping: {
            name: 'Ada',
            phone: '',
            address: { line1: '5 Main', line2: '', city: 'Berlin', postal_code: '', state: '', country: 'DE' },
          },
        },
      ],
      { kind: 'none' },
    ],
    [
      "the wallet's own address",
      [aPaymentIntent({ shipping: { name: 'Ada', address } as never }), guest],
      { kind: 'update', params: { shipping: '' } },
    ],
    [
      'the customer is known now',
      [present, { ...guest, metadata: { ...guest.metadata, ct_customer_id: 'c' } }],
      { kind: 'update', params: { metadata: { ct_customer_id: 'c' } } },
    ],
  ])('%s', (_what, input, expected) => {
    expect(changeTo(...input)).toEqual(expected);
  });
});
