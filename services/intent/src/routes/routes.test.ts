import { TransientError } from '@connector/errors';
import type { Money } from '@connector/payment-model';
import { BUILD, register } from '@connector/telemetry';
import { stripeRejection } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';
import { aCart, aCustomer, aPayment, aPaymentIntent, aTaxedPrice, aTransaction, euro } from '../testing/builders.ts';
import { FakeWorld } from '../testing/fake-world.ts';
import { JWT, startApp, tokenFor } from '../testing/start-app.ts';

const OPERATOR = tokenFor('manage_checkout_payment_intents');

describe('GET /operations/config', () => {
  it('returns the public configuration, with stored methods off while the feature is off', async () => {
    await using app = await startApp(new FakeWorld());
    const { status, body } = await app.call('GET', '/operations/config', { session: true });
    expect(status).toBe(200);
    expect(body).toEqual({
      environment: 'TEST',
      publishableKey: 'pk_test_x',
      captureMethod: 'automatic',
      storedPaymentMethodsConfig: { isEnabled: false },
    });
  });

  it.each([
    [undefined, false],
    ['customer-1', true],
  ])('offers stored methods only to customers: %s', async (customerId, isEnabled) => {
    const world = new FakeWorld(aCart(customerId ? { customerId } : {}));
    await using app = await startApp(world, { env: { STORED_PAYMENT_METHODS_ENABLED: 'true' } });
    const { body } = await app.call('GET', '/operations/config', { session: true });
    expect(body).toMatchObject({ storedPaymentMethodsConfig: { isEnabled } });
  });
});

describe('GET /config-element/{paymentComponent}', () => {
  it('returns the same for any component name', async () => {
    await using app = await startApp(new FakeWorld(), {
      env: { STRIPE_APPEARANCE_PAYMENT_ELEMENT: '{"theme":"flat"}' },
    });
    for (const name of ['payment', 'anything']) {
      const { status, body } = await app.call('GET', `/config-element/${name}`, { session: true });
      expect(status).toBe(200);
      expect(body).toEqual({
        cartInfo: { amount: 1190, currency: 'EUR' },
        appearance: '{"theme":"flat"}',
        captureMethod: 'automatic',
        layout: '{"type":"tabs","defaultCollapsed":false}',
        collectBillingAddress: 'auto',
        paymentElementOptions: '{}',
        flowType: 'deferred',
      });
    }
  });

  it("follows the rule for the cart's country", async () => {
    const rules = { PL: { flowType: 'pi_first', captureMethod: 'manual', collectBillingAddress: 'never' } };
    await using app = await startApp(new FakeWorld(aCart({ country: 'PL' })), {
      env: { STRIPE_PAYMENT_BEHAVIOR_RULES: JSON.stringify(rules) },
    });
    const { body } = await app.call('GET', '/config-element/payment', { session: true });
    expect(body).toMatchObject({ flowType: 'pi_first', captureMethod: 'manual', collectBillingAddress: 'never' });
  });
});

describe('the amount that the form is shown', () => {
  it.each([
    ['EUR', 1190, 2, 1190],
    ['JPY', 1001, 0, 1001],
    ['MGA', 50_000, 2, 500],
    ['XOF', 700, 0, 700],
    ['JOD', 10_100, 3, 10_100],
    ['ISK', 1000, 0, 100_000],
    ['UGX', 5000, 0, 500_000],
    ['HUF', 100_000, 2, 100_000],
  ])(
    'is the amount that is charged, in Stripe’s units: %s',
    async (currencyCode, centAmount, fractionDigits, amount) => {
      const world = new FakeWorld(aCart({ total: { currencyCode, centAmount, fractionDigits } }));
      await using app = await startApp(world);
      const { body } = await app.call('GET', '/config-element/payment', { session: true });
      expect(body).toMatchObject({ cartInfo: { amount, currency: currencyCode } });
      await app.call('GET', '/payments', { session: true });
      expect([...world.intents.values()]).toMatchObject([{ amount, currency: currencyCode.toLowerCase() }]);
    },
  );

  it.each([
    ['KWD', 7993, 3, 'Stripe takes KWD amounts that end in 0 only'],
    ['ISK', 30_050, 2, 'Stripe takes whole units of ISK only'],
    ['UGX', 150, 2, 'Stripe takes whole units of UGX only'],
    ['MGA', 150, 2, '150 MGA has digits that the other side cannot express'],
  ])(
    '%s that Stripe cannot take is refused before a form or a wallet is shown',
    async (currencyCode, centAmount, fractionDigits, reason) => {
      const world = new FakeWorld(aCart({ total: { currencyCode, centAmount, fractionDigits } }));
      await using app = await startApp(world);
      for (const path of ['/config-element/payment', '/express-payment-data']) {
        const { status, body } = await app.call('GET', path, { session: true });
        expect([path, status]).toEqual([path, 400]);
        expect(body).toMatchObject({
          message: reason,
          errors: [{ code: 'InvalidField', field: 'amount.centAmount', message: reason }],
        });
      }
      expect(world.calls).not.toContain('payment_intents.create');
    },
  );
});

describe('GET /payments', () => {
  it('answers with the open payment, and only with the contract’s fields', async () => {
    const world = new FakeWorld();
    await using app = await startApp(world);
    const { status, body } = await app.call('GET', '/payments', { session: true });
    expect(status).toBe(200);
    const [payment] = world.paymentsOnCart();
    expect(body).toEqual({
      sClientSecret: expect.stringMatching(/^pi_\d_secret_/),
      paymentReference: payment?.id,
      merchantReturnUrl: 'https://shop.example/return',
      cartId: 'cart-1',
    });
  });

  it.each<[string, Record<string, string>, { customer?: string; shipping: boolean }]>([
    ['none', {}, { customer: 'cus_1', shipping: true }],
    ['x-express-checkout: true', { 'x-express-checkout': 'true' }, { shipping: false }],
    ['x-express-checkout: 1', { 'x-express-checkout': '1' }, { shipping: false }],
    ['x-express-checkout: TRUE', { 'x-express-checkout': 'TRUE' }, { customer: 'cus_1', shipping: true }],
    [
      'both',
      { 'X-Express-Checkout': 'true', 'X-Express-Customer-Session': 'true' },
      { customer: 'cus_1', shipping: false },
    ],
    [
      'a customer session that is not exactly true',
      { 'x-express-checkout': 'true', 'x-express-customer-session': '1' },
      { shipping: false },
    ],
  ])('reads the headers of express checkout: %s', async (_what, headers, { customer, shipping }) => {
    const named = { type: { typeId: 'type' as const, id: 't' }, fields: { stripeConnector_stripeCustomerId: 'cus_1' } };
    const world = new FakeWorld(
      aCart({
        customerId: 'customer-1',
        shippingAddress: { country: 'DE', firstName: 'Ada', streetName: 'Torstr.', streetNumber: '1' },
      }),
    );
    world.putCustomer(aCustomer({ id: 'customer-1', custom: named }));
    world.stripe.customers.set('cus_1', { id: 'cus_1', metadata: { ct_customer_id: 'customer-1' } } as never);
    await using app = await startApp(world);
    expect((await app.call('GET', '/payments', { session: true, headers })).status).toBe(200);
    const [made] = [...world.intents.values()];
    expect([made?.customer ?? undefined, Boolean(made?.shipping)]).toEqual([customer, shipping]);
  });

  it('answers 400 for a paid cart, with the amounts', async () => {
    const world = new FakeWorld();
    world.putPayment(aPayment({ transactions: [aTransaction('Charge', 'Success')] }), 'cart-1');
    await using app = await startApp(world);
    const { status, body } = await app.call('GET', '/payments', { session: true });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      message: 'The cart has already been paid in full',
      errors: [{ code: 'InvalidOperation', paidAmount: 1190, cartAmount: 1190, resource: { id: 'cart-1' } }],
    });
  });

  it.each(['/payments', '/config-element/payment', '/express-payment-data'])(
    'answers 400 nothing_to_pay at %s for a free cart, not that it is paid',
    async (path) => {
      await using app = await startApp(new FakeWorld(aCart({ total: euro(0) })));
      const { status, body } = await app.call('GET', path, { session: true });
      expect(status).toBe(400);
      expect(body).toMatchObject({
        message: 'The cart has nothing to pay',
        errors: [{ code: 'nothing_to_pay', paidAmount: 0, cartAmount: 0, resource: { id: 'cart-1' } }],
      });
    },
  );

  it("answers with Stripe's status and code when Stripe refuses, not with its message", async () => {
    const world = new FakeWorld();
    world.stripe.refuse = () => stripeRejection('amount_too_small');
    await using app = await startApp(world);
    const { status, body, text } = await app.call('GET', '/payments', { session: true });
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ code: 'amount_too_small' }] });
    expect(text).not.toContain('"no"');
  });

  it('answers 503 with Retry-After while a side is down', async () => {
    const world = new FakeWorld();
    world.gate = async (call) => {
      if (call === 'carts.get') throw new TransientError('down', { retryAfterMs: 3000 });
    };
    await using app = await startApp(world);
    const { status, headers } = await app.call('GET', '/payments', { session: true });
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('3');
  });

  it('says to try again when a limit of Stripe is reached, and the next try continues the same attempt', async () => {
    const world = new FakeWorld();
    let isLimited = true;
    world.gate = async (call, moment) => {
      if (isLimited && call === 'payment_intents.create' && moment === 'before')
        throw new TransientError('Stripe answered 429', { reason: 'rate_limited', retryAfterMs: 2_000 });
    };
    await using app = await startApp(world);
    const told = await app.call('GET', '/payments', { session: true });
    expect(told.status).toBe(503);
    expect(told.headers.get('retry-after')).toBe('2');
    const message = 'Too many payments are being made at the moment. Please try again.';
    expect(told.body).toMatchObject({ message, statusCode: 503, errors: [{ code: 'Overloaded', message }] });
    isLimited = false;
    expect((await app.call('GET', '/payments', { session: true })).status).toBe(200);
    expect(world.paymentsOnCart()).toHaveLength(1);
    expect([...world.intents.values()]).toHaveLength(1);
  });

  it.each([
    ['JPY', 1001, 0, 1001],
    ['JOD', 10100, 3, 10100],
  ])('charges %s in Stripe’s units', async (currencyCode, centAmount, fractionDigits, amount) => {
    const world = new FakeWorld(aCart({ total: { currencyCode, centAmount, fractionDigits } }));
    await using app = await startApp(world);
    expect((await app.call('GET', '/payments', { session: true })).status).toBe(200);
    expect([...world.intents.values()]).toMatchObject([{ amount, currency: currencyCode.toLowerCase() }]);
  });

  it('refuses an amount that Stripe cannot take, instead of rounding it', async () => {
    const world = new FakeWorld(aCart({ total: { currencyCode: 'JOD', centAmount: 10101, fractionDigits: 3 } }));
    await using app = await startApp(world);
    const { status, body } = await app.call('GET', '/payments', { session: true });
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ code: 'InvalidField', field: 'amount.centAmount' }] });
  });

  it('limits payments of a session per minute, then says when to try again', async () => {
    await using app = await startApp(new FakeWorld(), { env: { RATE_LIMIT_OPENS_PER_SESSION: '2' } });
    const open = () => app.call('GET', '/payments', { session: true });
    expect([(await open()).status, (await open()).status]).toEqual([200, 200]);
    const third = await open();
    expect(third.status).toBe(429);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(third.body).toMatchObject({ statusCode: 429, errors: [{ code: 'TooManyRequests' }] });
  });
});

describe('POST /confirmPayments/{id}', () => {
  const paid = (fields: Parameters<typeof aPaymentIntent>[0] = {}) => {
    const world = new FakeWorld();
    world.putPayment(aPayment({ interfaceId: 'pi_1' }), 'cart-1');
    world.intents.set('pi_1', aPaymentIntent({ status: 'succeeded', amount_received: 1190, ...fields }));
    return world;
  };
  const confirm = { session: true, body: { paymentIntent: 'pi_1' } };

  it('answers 200 when the ledger has recorded it', async () => {
    await using app = await startApp(paid());
    const { status, body } = await app.call('POST', '/confirmPayments/payment-1', confirm);
    expect([status, body]).toEqual([200, { outcome: 'approved' }]);
  });

  it('answers 202 while the money is on its way', async () => {
    await using app = await startApp(paid({ status: 'processing' }));
    const { status, body } = await app.call('POST', '/confirmPayments/payment-1', confirm);
    expect([status, body]).toEqual([202, { outcome: 'pending' }]);
  });

  it('answers 400 cart_changed with the amount due when the cart has grown, or 200 like the original if configured', async () => {
    const grown = () => {
      const world = paid();
      world.setTotal('cart-1', euro(24000));
      return world;
    };
    await using app = await startApp(grown());
    const { status, body } = await app.call('POST', '/confirmPayments/payment-1', confirm);
    expect(status).toBe(400);
    expect(body).toEqual({
      outcome: 'rejected',
      error: 'The cart changed while it was being paid, and more is due',
      code: 'cart_changed',
      amountDue: { centAmount: 22810, currencyCode: 'EUR', fractionDigits: 2 },
    });
    await using original = await startApp(grown(), { env: { CONFIRM_CHECKS_CART: 'false' } });
    expect(await original.call('POST', '/confirmPayments/payment-1', confirm)).toMatchObject({ status: 200 });
  });

  it("answers 400 with Stripe's codes for a decline", async () => {
    const last_payment_error = { code: 'card_declined', decline_code: 'insufficient_funds', message: 'secret words' };
    const world = paid({ status: 'requires_payment_method', last_payment_error: last_payment_error as never });
    await using app = await startApp(world);
    const { status, body } = await app.call('POST', '/confirmPayments/payment-1', confirm);
    expect(status).toBe(400);
    expect(body).toEqual({
      outcome: 'rejected',
      error: 'Payment confirmation failed',
      code: 'card_declined',
      declineCode: 'insufficient_funds',
    });
  });

  it.each([
    ['an unknown payment', '/confirmPayments/nobody'],
    ["another cart's payment", '/confirmPayments/foreign'],
  ])('rejects %s', async (_what, path) => {
    const world = paid();
    world.putPayment(aPayment({ id: 'foreign', key: 'cart-2-1' }));
    await using app = await startApp(world);
    const { status, body } = await app.call('POST', path, confirm);
    expect([status, body]).toEqual([400, { outcome: 'rejected', error: 'Payment confirmation failed' }]);
  });

  it('answers 503 while Stripe does not answer, so that the browser tries again', async () => {
    const world = paid();
    world.gate = async (call) => {
      if (call === 'payment_intents.retrieve') throw new TransientError('down');
    };
    await using app = await startApp(world);
    expect((await app.call('POST', '/confirmPayments/payment-1', confirm)).status).toBe(503);
  });

  it('requires the PaymentIntent', async () => {
    await using app = await startApp(paid());
    const { status, body } = await app.call('POST', '/confirmPayments/payment-1', { session: true, body: {} });
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ code: 'RequiredField', field: 'paymentIntent' }] });
  });
});

describe('POST /operations/payment-intents/{id}', () => {
  const authorised = () => {
    const world = new FakeWorld();
    world.putPayment(aPayment({ interfaceId: 'pi_1' }), 'cart-1');
    world.intents.set('pi_1', aPaymentIntent({ status: 'requires_capture', amount_capturable: 1190 }));
    return world;
  };
  const capture = { action: 'capturePayment', amount: { centAmount: 1190, currencyCode: 'EUR' } };
  const path = '/operations/payment-intents/payment-1';

  it('captures', async () => {
    await using app = await startApp(authorised());
    const { status, body } = await app.call('POST', path, { token: OPERATOR, body: { actions: [capture] } });
    expect([status, body]).toEqual([200, { outcome: 'approved' }]);
  });

  it('accepts amounts as text, like the original', async () => {
    await using app = await startApp(authorised());
    const actions = [{ ...capture, amount: { centAmount: '1190', currencyCode: 'EUR' } }];
    expect((await app.call('POST', path, { token: OPERATOR, body: { actions } })).body).toEqual({
      outcome: 'approved',
    });
  });

  it.each<[string, object, object]>([
    ['no merchant reference by null', { merchantReference: null }, {}],
    ['a merchant reference that is a number', { merchantReference: 4711 }, { merchant_reference: '4711' }],
    ['no transaction by null', { transactionId: null }, {}],
  ])('accepts %s, like the original', async (_what, fields, metadata) => {
    const world = new FakeWorld();
    world.putPayment(aPayment({ interfaceId: 'pi_1' }), 'cart-1');
    world.intents.set(
      'pi_1',
      aPaymentIntent({
        status: 'succeeded',
        latest_charge: { id: 'ch_1', amount_captured: 1190, amount_refunded: 0 } as never,
      }),
    );
    await using app = await startApp(world);
    const amount = { centAmount: 1190, currencyCode: 'EUR' };
    const actions = [{ action: 'refundPayment', amount, ...fields }];
    const { status, body } = await app.call('POST', path, {
      token: OPERATOR,
      body: { actions, merchantReference: null },
    });
    expect([status, body]).toEqual([200, { outcome: 'received' }]);
    expect([...world.stripe.refunds.values()][0]?.metadata).toMatchObject(metadata);
  });

  it('answers 404 for an unknown payment', async () => {
    await using app = await startApp(authorised());
    const nobody = '/operations/payment-intents/nobody';
    const { status, body } = await app.call('POST', nobody, { token: OPERATOR, body: { actions: [capture] } });
    expect(status).toBe(404);
    expect(body).toMatchObject({ errors: [{ code: 'ResourceNotFound' }] });
  });

  it.each([
    ['no action', { actions: [] }, 'InvalidJsonInput'],
    ['two actions', { actions: [capture, capture] }, 'InvalidJsonInput'],
    ['no list', {}, 'RequiredField'],
    ['a capture without an amount', { actions: [{ action: 'capturePayment' }] }, 'RequiredField'],
    ['half an amount', { actions: [{ ...capture, amount: { currencyCode: 'EUR' } }] }, 'RequiredField'],
    ['an action without a name', { actions: [{ amount: capture.amount }] }, 'RequiredField'],
    ['an unknown action', { actions: [{ action: 'doIt' }] }, 'InvalidJsonInput'],
    ['no JSON', '{"actions":', 'InvalidJsonInput'],
    ['text', '"actions"', 'InvalidJsonInput'],
    ['an empty body', '', 'InvalidJsonInput'],
  ])('answers 400 for %s, and 401 while the caller is unknown', async (_what, body, code) => {
    await using app = await startApp(authorised());
    const headers = { 'content-type': 'application/json' };
    const answer = await app.call('POST', path, { body, headers, token: OPERATOR });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ code }] });
    expect((await app.call('POST', path, { body, headers })).status).toBe(401);
  });

  it('answers 401, not 403, for a token without the permission, and names the permissions that suffice', async () => {
    await using app = await startApp(authorised());
    const token = tokenFor('view_payments');
    const { status, body } = await app.call('POST', path, { token, body: { actions: [capture] } });
    expect(status).toBe(401);
    expect(body).toMatchObject({
      error: 'invalid_token',
      errors: [{ validAuthorities: ['manage_project', 'manage_checkout_payment_intents'] }],
    });
  });

  it('refuses a body of 100 kB and one that nests 10,000 deep', async () => {
    await using app = await startApp(authorised());
    const large = { actions: [capture], note: 'x'.repeat(100_000) };
    expect((await app.call('POST', path, { token: OPERATOR, body: large })).status).toBe(413);
    const deep = `{"actions":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    expect((await app.call('POST', path, { token: OPERATOR, body: deep })).status).toBe(400);
  });
});

describe('GET /express-payment-data', () => {
  it('returns the amounts of one moment; a PaymentIntent opened later is for the cart of that later moment', async () => {
    const world = new FakeWorld();
    await using app = await startApp(world);
    const headers = { 'x-express-checkout': 'true' };
    for (const total of [1190, 2400, 900]) {
      world.setTotal('cart-1', euro(total));
      const { body } = await app.call('GET', '/express-payment-data', { session: true });
      const { totalPrice, lineItems } = body as { totalPrice: Money; lineItems: { amount: Money }[] };
      expect(totalPrice).toEqual(euro(total));
      expect(lineItems.reduce((sum, { amount }) => sum + amount.centAmount, 0)).toBe(total);
      world.setTotal('cart-1', euro(total + 100));
      expect(await app.call('GET', '/payments', { session: true, headers })).toMatchObject({ status: 200 });
      expect([...world.intents.values()]).toMatchObject([{ amount: total + 100 }]);
    }
  });

  it('lists net and tax of a taxed cart', async () => {
    await using app = await startApp(new FakeWorld(aCart({ taxedPrice: aTaxedPrice(1000, 190) })));
    const { status, body } = await app.call('GET', '/express-payment-data', { session: true });
    expect(status).toBe(200);
    expect(body).toEqual({
      totalPrice: euro(1190),
      currencyCode: 'EUR',
      lineItems: [
        { name: 'Subtotal', amount: euro(1000), type: 'SUBTOTAL' },
        { name: 'Tax', amount: euro(190), type: 'TAX' },
      ],
    });
  });
});

describe('GET /customer/session', () => {
  it('answers 204 for a guest', async () => {
    await using app = await startApp(new FakeWorld());
    const { status, text } = await app.call('GET', '/customer/session', { session: true });
    expect([status, text]).toEqual([204, '']);
  });

  it('creates a Stripe customer and stores its id', async () => {
    const customer = aCustomer();
    const world = new FakeWorld(aCart({ customerId: customer.id }));
    world.putCustomer(customer);
    await using app = await startApp(world);
    const { status, body } = await app.call('GET', '/customer/session', { session: true });
    expect(status).toBe(200);
    const [stripeCustomerId = ''] = world.stripe.customers.keys();
    const ofIt = expect.stringMatching(new RegExp(`_secret_of_${stripeCustomerId}$`));
    expect(body).toEqual({ stripeCustomerId, ephemeralKey: ofIt, sessionId: ofIt });
    const { custom } = world.commercetools.customers.get(customer.id) ?? aCustomer();
    expect(custom?.fields.stripeConnector_stripeCustomerId).toBe(stripeCustomerId);
  });
});

describe('POST /express-config', () => {
  it('answers a known origin only', async () => {
    await using app = await startApp(new FakeWorld());
    const ask = (headers: Record<string, string>) => app.call('POST', '/express-config', { headers, body: {} });
    const known = await ask({ origin: 'https://shop.example' });
    expect([known.status, known.body]).toEqual([
      200,
      { environment: 'TEST', publishableKey: 'pk_test_x', captureMethod: 'automatic' },
    ]);
    for (const headers of [{}, { origin: 'https://evil.example' }, { origin: 'https://shop.example.evil.example' }]) {
      const { status, body } = await ask(headers as Record<string, string>);
      expect([status, body]).toEqual([403, { error: 'Forbidden', message: 'CORS origin not allowed.' }]);
    }
  });
});

describe("the express element's appearance", () => {
  const OF_PAYMENT = '{"theme":"night"}';
  const OF_EXPRESS = '{"theme":"flat"}';
  it.each([
    ['is its own', { STRIPE_APPEARANCE_EXPRESS_CHECKOUT: OF_EXPRESS }, OF_EXPRESS],
    ['is that of the payment element if it has none', {}, OF_PAYMENT],
  ])('%s, with and without a session; the payment element keeps its own', async (_rule, own, expected) => {
    await using app = await startApp(new FakeWorld(), {
      env: { STRIPE_APPEARANCE_PAYMENT_ELEMENT: OF_PAYMENT, ...own } as Record<string, string>,
    });
    const before = await app.call('POST', '/express-config', { headers: { origin: 'https://shop.example' }, body: {} });
    const during = await app.call('GET', '/operations/config', { session: true });
    const element = await app.call('GET', '/config-element/payment', { session: true });
    const appearances = [before, during, element].map(({ body }) => (body as { appearance?: string }).appearance);
    expect(appearances).toEqual([expected, expected, OF_PAYMENT]);
  });
});

describe('GET /applePayConfig', () => {
  it('returns the text to anybody', async () => {
    await using app = await startApp(new FakeWorld(), { env: { STRIPE_APPLE_PAY_WELL_KNOWN: '7B2276' } });
    const { status, text, headers } = await app.call('GET', '/applePayConfig', {
      headers: { origin: 'https://anyone.example' },
    });
    expect([status, text]).toEqual([200, '7B2276']);
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  it('answers 404 without a file', async () => {
    await using app = await startApp(new FakeWorld());
    expect((await app.call('GET', '/applePayConfig')).status).toBe(404);
  });
});

describe('GET /operations/status', () => {
  const up = { name: 'one', check: async () => ({ message: 'works' }) };
  const down = {
    name: 'two',
    check: async () => {
      throw new TransientError('sk_test_secret of somebody');
    },
  };
  it.each([
    ['OK', [up]],
    ['Partially Available', [up, down]],
    ['Unavailable', [down]],
  ])('answers 200 with %s', async (expected, healthChecks) => {
    await using app = await startApp(new FakeWorld(), { ports: { healthChecks } });
    const { status, body, text } = await app.call('GET', '/operations/status', { token: JWT });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: expected, version: BUILD.version, timestamp: expect.any(String) });
    expect(text).not.toContain('sk_test_secret');
  });

  it('gives up on checks that hang', async () => {
    const hanging = { name: 'three', check: () => new Promise<never>(() => {}) };
    await using app = await startApp(new FakeWorld(), {
      env: { HEALTH_CHECK_TIMEOUT: '20' },
      ports: { healthChecks: [up, hanging] },
    });
    const { body } = await app.call('GET', '/operations/status', { token: JWT });
    expect(body).toMatchObject({ status: 'Unavailable', checks: [] });
  });

  it('needs a JWT', async () => {
    await using app = await startApp(new FakeWorld());
    expect((await app.call('GET', '/operations/status')).status).toBe(401);
  });
});

describe('GET /operations/payment-components', () => {
  it('names what the enabler can show', async () => {
    await using app = await startApp(new FakeWorld());
    const { status, body } = await app.call('GET', '/operations/payment-components', { token: JWT });
    expect([status, body]).toEqual([
      200,
      { dropins: [{ type: 'embedded' }], components: [{ type: 'card' }], express: [{ type: 'dropin' }] },
    ]);
  });
});

describe('stored payment methods', () => {
  const enabled = { env: { STORED_PAYMENT_METHODS_ENABLED: 'true' } };
  const customers = () => {
    const world = new FakeWorld(aCart({ customerId: 'customer-1' }));
    world.saveMethod('method-1', { version: 3, default: true, createdAt: '2026-01-01T00:00:00.000Z' });
    return world;
  };

  it('are listed with their details from Stripe', async () => {
    await using app = await startApp(customers(), enabled);
    const { status, body } = await app.call('GET', '/stored-payment-methods', { session: true });
    expect(status).toBe(200);
    expect(body).toEqual({
      storedPaymentMethods: [
        {
          id: 'method-1',
          type: 'card',
          token: 'pm_1',
          isDefault: true,
          createdAt: '2026-01-01T00:00:00.000Z',
          displayOptions: { endDigits: '4242', brand: { key: 'visa' }, expiryMonth: 8, expiryYear: 27 },
        },
      ],
    });
  });

  it('are deleted in commercetools before they are detached at Stripe', async () => {
    const world = customers();
    await using app = await startApp(world, enabled);
    const { status, text } = await app.call('DELETE', '/stored-payment-methods/method-1', { session: true });
    expect([status, text]).toEqual([200, '']);
    await world.settled();
    const done = world.calls.filter((call) => /methods\.(delete|detach)$/.test(call));
    expect(done).toEqual(['payment-methods.delete', 'payment_methods.detach']);
    expect(world.commercetools.paymentMethods.size).toBe(0);
    expect(world.stripe.paymentMethods.get('pm_1')?.customer).toBeNull();
  });

  it.each([
    ['a method of somebody else', enabled, customers(), 404, 'ResourceNotFound'],
    ['a guest', enabled, new FakeWorld(), 400, 'RequiredField'],
    ['the feature off', {}, customers(), 400, 'InvalidOperation'],
  ])('answers for %s', async (_what, options, world, expected, code) => {
    await using app = await startApp(world, options);
    const { status, body } = await app.call('DELETE', '/stored-payment-methods/other', { session: true });
    expect(status).toBe(expected);
    expect(body).toMatchObject({ errors: [{ code }] });
  });

  it.each([
    ['changed', { version: 4 }, 200],
    ['given to another customer', { version: 4, customer: { typeId: 'customer' as const, id: 'other' } }, 400],
    ['deleted', undefined, 200],
  ])('are deleted as they are now where one was %s meanwhile', async (_what, change, status) => {
    const world = customers();
    world.gate = async (call, moment) => {
      if (call !== 'payment-methods.query' || moment !== 'after') return;
      if (change) world.saveMethod('method-1', change);
      else world.commercetools.paymentMethods.clear();
    };
    await using app = await startApp(world, enabled);
    const answer = await app.call('DELETE', '/stored-payment-methods/method-1', { session: true });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body).toMatchObject({ errors: [{ code: 'InternalConstraintViolated' }] });
    else expect(answer.text).toBe('');
    expect(world.commercetools.paymentMethods.size).toBe(status === 200 ? 0 : 1);
  });
});

describe('what every route has in common', () => {
  it('answers 401 with the same text for any invalid session', async () => {
    await using app = await startApp(new FakeWorld());
    for (const headers of [{}, { 'x-session-id': 'unknown' }]) {
      const { status, body } = await app.call('GET', '/payments', { headers: headers as Record<string, string> });
      expect(status).toBe(401);
      expect(body).toMatchObject({
        message: 'Session is not active',
        statusCode: 401,
        error: 'invalid_token',
        error_description: 'Session is not active',
        errors: [{ code: 'invalid_token', message: 'Session is not active' }],
      });
    }
  });

  it.each([
    ['POST', '/operations/payment-intents/payment-1'],
    ['POST', '/operations/transactions'],
  ])('%s %s says nothing of a body before it knows who asks, not even that it is too large', async (method, path) => {
    await using app = await startApp(new FakeWorld());
    for (const body of ['{', '{}', `{"note":"${'x'.repeat(100_000)}"}`]) {
      const answer = await app.call(method, path, { body, token: 'Bearer nobody' });
      expect(answer.status).toBe(401);
    }
  });

  it('accepts ids of any UUID form, and null for absent fields of a transaction, like the original', async () => {
    const cartId = '12345678-1234-1234-1234-123456789012';
    const paymentMethodId = '11111111-2222-3333-4444-555555555555';
    const world = new FakeWorld(aCart({ id: cartId, customerId: 'customer-1' }));
    world.putCustomer(aCustomer({ id: 'customer-1' }));
    world.stripe.addCustomer('cus_1');
    world.saveMethod(paymentMethodId);
    await using app = await startApp(world, { env: { STORED_PAYMENT_METHODS_ENABLED: 'true' } });
    const left = { amount: null, idempotencyKey: null, futureOrderNumber: null, paymentInterface: null };
    const { status, body } = await app.call('POST', '/operations/transactions', {
      token: tokenFor('manage_checkout_transactions'),
      body: {
        type: 'Recurring',
        cartId,
        checkoutTransactionItemId: '00000000-0000-0000-0000-00000000000a',
        paymentMethodId,
        ...left,
      },
    });
    expect([status, body]).toMatchObject([201, { transactionStatus: { state: 'Completed' } }]);
  });

  it.each<[string, object, object]>([
    ['a type', { type: undefined }, { code: 'RequiredField', field: 'type' }],
    ['half an amount', { amount: { currencyCode: 'EUR' } }, { code: 'RequiredField', field: 'amount.centAmount' }],
  ])('requires %s of a transaction', async (_what, fields, error) => {
    await using app = await startApp(new FakeWorld());
    const id = '6a1f3c52-6f0b-4f6e-9a55-3d7f5c0b2a11';
    const { status, body } = await app.call('POST', '/operations/transactions', {
      token: tokenFor('manage_checkout_transactions'),
      body: { type: 'Recurring', cartId: id, checkoutTransactionItemId: id, ...fields },
    });
    expect([status, body]).toMatchObject([400, { errors: [error] }]);
  });

  it('counts cycles of recurring orders by their result, and charges none of them twice', async () => {
    const cartId = '6a1f3c52-6f0b-4f6e-9a55-3d7f5c0b2a11';
    const paymentMethodId = '7c1f5c7e-0d3e-4b5a-8f6d-2b1a0c9d8e7f';
    const world = new FakeWorld(aCart({ id: cartId, customerId: 'customer-1' }));
    world.putCustomer(aCustomer({ id: 'customer-1' }));
    world.stripe.declines = () => 'insufficient_funds';
    world.stripe.addCustomer('cus_1');
    world.saveMethod(paymentMethodId);
    await using app = await startApp(world, { env: { STORED_PAYMENT_METHODS_ENABLED: 'true' } });
    register.resetMetrics();
    const cycle = (checkoutTransactionItemId: string) =>
      app.call('POST', '/operations/transactions', {
        token: tokenFor('manage_checkout_transactions'),
        body: JSON.stringify({ type: 'Recurring', cartId, checkoutTransactionItemId, paymentMethodId }),
      });
    const [failing, other] = ['0b54d1f2-6a6e-4a43-9d5b-1f2e3d4c5b6a', '0b54d1f2-6a6e-4a43-9d5b-1f2e3d4c5b6b'] as const;
    const failed = { transactionStatus: { state: 'Failed', errors: [{ code: 'PaymentRejected' }] } };
    expect((await cycle(failing)).body).toMatchObject(failed);
    world.stripe.declines = () => undefined;
    // A repeated request for a failed cycle gets the same result; a new try has an identity of its own.
    expect((await cycle(failing)).body).toMatchObject(failed);
    expect((await cycle(other)).body).toMatchObject({ transactionStatus: { state: 'Completed', errors: [] } });
    expect((await cycle(other)).body).toMatchObject({ transactionStatus: { state: 'Completed' } });
    expect([...world.intents.values()].filter(({ status }) => status === 'succeeded')).toHaveLength(1);
    const { values = [] } = (await register.getSingleMetric('stripe_connector_payment_operations_total')?.get()) ?? {};
    const counts = values.filter(({ labels, value }) => labels.operation === 'transaction' && value > 0);
    expect(Object.fromEntries(counts.map(({ labels, value }) => [labels.outcome, value]))).toEqual({
      rejected: 2,
      approved: 2,
    });
  });

  it('counts every denial by the route’s scheme, also those that are not checked', async () => {
    const denials = async () => {
      const { values = [] } = (await register.getSingleMetric('stripe_connector_denials_total')?.get()) ?? {};
      return Object.fromEntries(values.map(({ labels, value }) => [`${labels.scheme} ${labels.reason}`, value]));
    };
    register.resetMetrics();
    await using app = await startApp(new FakeWorld(), { env: { RATE_LIMIT_DENIALS_PER_ADDRESS: '3' } });
    await app.call('GET', '/payments');
    await app.call('GET', '/operations/status');
    await app.call('POST', '/operations/transactions', { body: '{' });
    await app.call('POST', '/operations/transactions', { body: '{' });
    await app.call('GET', '/payments', { session: true });
    expect(await denials()).toEqual({
      'session refused': 1,
      'jwt refused': 1,
      'oauth2 refused': 1,
      'oauth2 too_many': 1,
      'session too_many': 1,
    });
  });

  it('stops an address that guesses session ids', async () => {
    await using app = await startApp(new FakeWorld(), { env: { RATE_LIMIT_DENIALS_PER_ADDRESS: '3' } });
    const statuses: number[] = [];
    for (let guess = 0; guess < 5; guess += 1) statuses.push((await app.call('GET', '/payments')).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });

  it.each([
    ['GET', '/nothing'],
    ['GET', '/Payments'],
    ['POST', '/payments'],
    ['GET', '/confirmpayments/x'],
  ])('has no route %s %s', async (method, path) => {
    await using app = await startApp(new FakeWorld());
    const { status, body } = await app.call(method, path, { body: method === 'POST' ? {} : undefined });
    expect([status, body]).toEqual([
      404,
      { message: `Route ${method}:${path} not found`, error: 'Not Found', statusCode: 404 },
    ]);
  });

  it('echoes only a known origin', async () => {
    await using app = await startApp(new FakeWorld());
    const ask = (origin: string) => app.call('GET', '/operations/config', { session: true, headers: { origin } });
    const known = await ask('https://shop.example');
    expect(known.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(known.headers.get('vary')).toContain('Origin');
    expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('answers preflights: 204 to a known origin, 403 to another, 400 to an OPTIONS that is no preflight', async () => {
    await using app = await startApp(new FakeWorld());
    const preflight = (headers: Record<string, string>) => app.call('OPTIONS', '/payments', { headers });
    const asks = { 'access-control-request-method': 'GET' };
    const known = await preflight({ ...asks, origin: 'https://shop.example' });
    expect(known.status).toBe(204);
    expect(known.headers.get('access-control-allow-methods')).toBe('GET,HEAD,POST,DELETE');
    expect(known.headers.get('access-control-allow-headers')).toBe(
      'Content-Type, Authorization, X-Correlation-ID, X-Request-ID, X-Session-ID, x-express-checkout, x-express-customer-session',
    );
    expect((await preflight({ ...asks, origin: 'https://evil.example' })).status).toBe(403);
    const none = await preflight({ origin: 'https://shop.example' });
    expect([none.status, none.text]).toEqual([400, 'Invalid Preflight Request']);
  });

  it('has security headers and must not be cached', async () => {
    await using app = await startApp(new FakeWorld());
    const { headers } = await app.call('GET', '/operations/config', { session: true });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{7,}/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it("uses the session's correlation id if there is one, else the caller's", async () => {
    const headers = { 'x-correlation-id': 'from-caller' };
    await using own = await startApp(new FakeWorld());
    const first = await own.call('GET', '/operations/config', { session: true, headers });
    expect(first.headers.get('x-correlation-id')).toBe('from-caller');
    await using other = await startApp(new FakeWorld(), { session: { cartId: 'cart-1', correlationId: 'of-session' } });
    const second = await other.call('GET', '/operations/config', { session: true, headers });
    expect(second.headers.get('x-correlation-id')).toBe('of-session');
  });

  it('answers 500, not 400, when its own data breaks a schema', async () => {
    const healthChecks = [{ name: 7 as unknown as string, check: async () => ({}) }];
    await using app = await startApp(new FakeWorld(), { ports: { healthChecks } });
    const { status, body } = await app.call('GET', '/operations/status', { token: JWT });
    expect(status).toBe(500);
    expect(body).toMatchObject({ errors: [{ code: 'General', message: 'Internal server error.' }] });
  });

  it('serves its OpenAPI document', async () => {
    await using app = await startApp(new FakeWorld());
    const { status, body } = await app.call('GET', '/openapi.json');
    expect(status).toBe(200);
    expect(body).toMatchObject({ openapi: '3.1.0', paths: { '/payments': { get: { operationId: 'openPayment' } } } });
  });
});
