import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { documented, undocumented } from './openapi.ts';
import { APPLE_PAY_DOMAIN, shareTestSystem } from './shared-test-system.ts';
import type { Answer, TestSystem } from './test-system.ts';

const PUBLISHABLE = expect.stringMatching(/^pk_test_/);

let system: TestSystem;
shareTestSystem((shared) => {
  system = shared;
});
/** The processor with limits of one request per address, and without what is optional. */
let strict: string;

beforeAll(async () => {
  strict = await system.startIntent({ RATE_LIMIT_REQUESTS_PER_ADDRESS: '1' });
});
afterEach(() => system.heal());

interface Row {
  readonly route: string;
  readonly status: number;
  readonly when: string;
  /** Brings it about and answers what came back. */
  readonly ask: (system: TestSystem) => Promise<Answer>;
  /** The whole body; absent where there is none. */
  readonly body?: unknown;
}

const error = (statusCode: number, code: string, message: unknown, fields: object = {}) => ({
  message,
  statusCode,
  errors: [{ code, message, ...fields }],
  correlationId: expect.any(String),
});
const unauthorized = (code: string, message: string, fields: object = {}) => ({
  ...error(401, code, message, fields),
  error: code,
  error_description: message,
});
const notActive = unauthorized('invalid_token', 'Session is not active');
const noHeader = unauthorized('access_denied', 'This endpoint requires the authorization header.');
const unavailable = error(503, 'General', 'A service that is needed is not available. Please try again.');
const unforeseen = error(500, 'General', 'Internal server error.');
const notFound = error(404, 'ResourceNotFound', 'The referenced resource was not found.');
const tooLarge = error(413, 'ContentTooLarge', 'Request body is too large.');
const invalidJson = error(400, 'InvalidJsonInput', 'Request body does not contain valid JSON.');
const declined = error(402, 'card_declined', 'Stripe refused the request.', { declineCode: 'insufficient_funds' });
const requiredField = (field: string) =>
  error(400, 'RequiredField', `A value is required for field ${field}.`, { field });
const nothingToPay = (id: unknown) =>
  error(400, 'nothing_to_pay', 'The cart has nothing to pay', {
    resource: { typeId: 'cart', id },
    paidAmount: 0,
    cartAmount: 0,
  });

const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });
const UUID = expect.stringMatching(/^[0-9a-f-]{36}$/);
const large = { padding: 'x'.repeat(70_000) };

const stripeDeclines = (match: RegExp) => (w: TestSystem) => {
  const refusal = {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'insufficient_funds',
    message: 'secret words',
  };
  w.stripeRelay.bends = [{ match, status: 402, body: { error: refusal } }];
};
const commercetoolsAnswers = (match: RegExp, status: number, body: unknown) => (w: TestSystem) => {
  w.commercetoolsRelay.bends = [{ match, status, body }];
};
const conflict = {
  statusCode: 409,
  message: 'secret words',
  errors: [{ code: 'ConcurrentModification', message: 'x' }],
};
const refusal = {
  statusCode: 400,
  message: 'secret words',
  errors: [{ code: 'InvalidInput', message: 'secret words' }],
};

/** Asks with a session of a new cart, after `before` bent something. */
const inSession =
  (method: string, path: string, before: (w: TestSystem) => void = () => {}, body?: unknown) =>
  async (w: TestSystem): Promise<Answer> => {
    const customerId = await w.customer();
    const { session } = await w.checkout({ customerId });
    before(w);
    return w.call(method, path, { session, ...(body !== undefined && { body }) });
  };
const cartGone =
  (method: string, path: string) =>
  async (w: TestSystem): Promise<Answer> => {
    const { session, cart } = await w.checkout();
    await w.deleteCart(cart);
    return w.call(method, path, { session });
  };
/** The second request of one address to the processor that takes one. */
const secondTime =
  (method: string, path: string) =>
  async (w: TestSystem): Promise<Answer> => {
    const address = { 'x-forwarded-for': `10.0.0.${strictAddress++}` };
    const once = () => w.call(method, path, { at: strict, headers: address, ...(method === 'POST' && { body: {} }) });
    expect((await once()).status).not.toBe(429);
    return once();
  };
let strictAddress = 1;
const tooMany = error(429, 'TooManyRequests', 'Too many requests. Please try again later.');

const operate = (w: TestSystem, id: string, action: object, body: object = {}) =>
  w.call('POST', `/operations/payment-intents/${id}`, {
    token: w.token('manage_checkout_payment_intents'),
    body: { actions: [action], ...body },
  });
const transaction = (w: TestSystem, body: object, token = w.token('manage_checkout_transactions')) =>
  w.call('POST', '/operations/transactions', {
    token,
    body: { type: 'Recurring', checkoutTransactionItemId: randomUUID(), ...body },
  });
const recurring = async (w: TestSystem, options: { paymentMethod?: string } = {}) => {
  const customerId = await w.customer();
  const method = await w.storedMethod(customerId, options);
  const { cart, session } = await w.checkout({ customerId });
  return { customerId, method, cart, session, body: { cartId: cart, paymentMethodId: method.id } };
};
const confirm = (w: TestSystem, at: { session?: string; payment: string; paymentIntent?: string }) =>
  w.call('POST', `/confirmPayments/${at.payment}`, {
    ...(at.session !== undefined && { session: at.session }),
    body: { ...(at.paymentIntent !== undefined && { paymentIntent: at.paymentIntent }) },
  });
const rejected = { outcome: 'rejected', error: 'Payment confirmation failed' };

const CONFIG = {
  environment: 'TEST',
  publishableKey: PUBLISHABLE,
  captureMethod: 'automatic',
  appearance: '{"theme":"night"}',
};
const MESSAGE_OF_STRIPE = 'Stripe refused the request.';

const ROWS: readonly Row[] = [
  // §2
  {
    route: 'GET /operations/config',
    status: 200,
    when: 'for a guest',
    ask: async (w) => w.call('GET', '/operations/config', { session: (await w.checkout()).session }),
    body: { ...CONFIG, storedPaymentMethodsConfig: { isEnabled: false } },
  },
  {
    route: 'GET /operations/config',
    status: 200,
    when: 'for a customer, whose methods are stored',
    ask: inSession('GET', '/operations/config'),
    body: { ...CONFIG, storedPaymentMethodsConfig: { isEnabled: true } },
  },
  {
    route: 'GET /operations/config',
    status: 400,
    when: 'commercetools refuses',
    ask: inSession('GET', '/operations/config', commercetoolsAnswers(/GET .*\/carts/, 400, refusal)),
    body: error(400, 'InvalidInput', 'commercetools refused the request.'),
  },
  {
    route: 'GET /operations/config',
    status: 404,
    when: 'the cart is gone',
    ask: cartGone('GET', '/operations/config'),
    body: notFound,
  },
  // §3
  {
    route: 'GET /operations/status',
    status: 200,
    when: 'everything works',
    ask: async (w) => w.call('GET', '/operations/status', { token: await w.jwt() }),
    body: {
      status: 'OK',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      metadata: { name: expect.any(String), description: expect.any(String), stripe: expect.any(String) },
      checks: [
        {
          name: 'commercetools permissions',
          status: 'UP',
          details: { scope: expect.stringContaining('manage_payments:shop') },
        },
        { name: 'Stripe Status check', status: 'UP', message: 'Stripe api is working' },
        { name: 'Kafka Status check', status: 'UP', message: 'Kafka takes records' },
      ],
    },
  },
  {
    route: 'GET /operations/status',
    status: 200,
    when: 'Stripe is down',
    ask: async (w) => {
      w.stripeRelay.bends = [{ match: /balance/, status: 400, body: { error: { message: 'secret words' } } }];
      return w.call('GET', '/operations/status', { token: await w.jwt() });
    },
    body: expect.objectContaining({
      status: 'Partially Available',
      checks: expect.arrayContaining([
        { name: 'Stripe Status check', status: 'DOWN', details: { error: 'StripeRejection' } },
      ]),
    }),
  },
  // §4
  {
    route: 'GET /operations/payment-components',
    status: 200,
    when: 'asked by Merchant Center',
    ask: async (w) => w.call('GET', '/operations/payment-components', { token: await w.jwt() }),
    body: { dropins: [{ type: 'embedded' }], components: [{ type: 'card' }], express: [{ type: 'dropin' }] },
  },
  ...['/operations/status', '/operations/payment-components'].flatMap((path): Row[] => [
    { route: `GET ${path}`, status: 401, when: 'without a token', ask: (w) => w.call('GET', path), body: noHeader },
    {
      route: `GET ${path}`,
      status: 401,
      when: 'with another scheme',
      ask: (w) => w.call('GET', path, { headers: { authorization: 'Basic x' } }),
      body: unauthorized('invalid_request', "Authorization header must have the format 'Bearer <token>'"),
    },
    {
      route: `GET ${path}`,
      status: 401,
      when: 'with what is no JWT',
      ask: (w) => w.call('GET', path, { token: 'nonsense' }),
      body: unauthorized('invalid_token', 'jwt malformed'),
    },
  ]),
  // §5
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 200,
    when: 'capturing',
    ask: async (w) => {
      const { payment } = await w.opened({ country: 'NL', pay: true });
      return operate(w, payment, { action: 'capturePayment', amount: EUR(2400) });
    },
    body: { outcome: 'approved' },
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 200,
    when: 'capturing a part, amounts as text',
    ask: async (w) => {
      const { payment } = await w.opened({ country: 'NL', pay: true });
      const amount = { centAmount: '100', currencyCode: 'EUR' };
      return operate(w, payment, { action: 'capturePayment', amount }, { merchantReference: 'ignored' });
    },
    body: { outcome: 'approved' },
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 200,
    when: 'refunding',
    ask: async (w) => {
      const { payment } = await w.opened({ pay: true });
      return operate(w, payment, { action: 'refundPayment', amount: EUR(100), merchantReference: 'r-1' });
    },
    body: { outcome: 'received' },
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 200,
    when: 'canceling',
    ask: async (w) => operate(w, (await w.opened({ country: 'NL', pay: true })).payment, { action: 'cancelPayment' }),
    body: { outcome: 'approved' },
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 200,
    when: 'reversing what was captured',
    ask: async (w) => operate(w, (await w.opened({ pay: true })).payment, { action: 'reversePayment' }),
    body: { outcome: 'received' },
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 200,
    when: 'Stripe refuses',
    ask: async (w) => operate(w, (await w.opened({ pay: true })).payment, { action: 'cancelPayment' }),
    body: { outcome: 'rejected' },
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 400,
    when: 'there is nothing to reverse',
    ask: async (w) => operate(w, (await w.opened()).payment, { action: 'reversePayment' }),
    body: error(400, 'InvalidOperation', 'There is no successful payment transaction to reverse.'),
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 400,
    when: 'the amount is missing',
    ask: async (w) => operate(w, randomUUID(), { action: 'capturePayment' }),
    body: requiredField('actions.0.amount'),
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 400,
    when: 'the currency is another',
    ask: async (w) => {
      const { payment } = await w.opened({ pay: true });
      return operate(w, payment, { action: 'refundPayment', amount: { centAmount: 1, currencyCode: 'USD' } });
    },
    body: error(400, 'InvalidField', expect.stringContaining('amount.currencyCode'), {
      field: 'amount.currencyCode',
      invalidValue: 'USD',
      allowedValues: ['EUR'],
    }),
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 400,
    when: 'refunding more than was captured',
    ask: async (w) => {
      const { payment } = await w.opened({ pay: true });
      return operate(w, payment, { action: 'refundPayment', amount: EUR(2401) });
    },
    body: error(400, 'InvalidField', expect.stringContaining('amount.centAmount'), {
      field: 'amount.centAmount',
      invalidValue: 2401,
      allowedValues: ['<= 2400'],
    }),
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 400,
    when: 'there is no action, or there are two',
    ask: async (w) => {
      const token = w.token('manage_project');
      const path = `/operations/payment-intents/${randomUUID()}`;
      const two = [{ action: 'cancelPayment' }, { action: 'cancelPayment' }];
      expect((await w.call('POST', path, { token, body: { actions: two } })).json).toEqual(invalidJson);
      return w.call('POST', path, { token, body: { actions: [] } });
    },
    body: invalidJson,
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 401,
    when: 'the token lacks the permission',
    ask: (w) =>
      w.call('POST', `/operations/payment-intents/${randomUUID()}`, {
        token: w.token('manage_payments'),
        body: { actions: [{ action: 'cancelPayment' }] },
      }),
    body: unauthorized('invalid_token', 'Not authorized', {
      validAuthorities: ['manage_project', 'manage_checkout_payment_intents'],
    }),
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 402,
    when: 'Stripe declines to show the PaymentIntent',
    ask: async (w) => {
      const { payment } = await w.opened({ pay: true });
      stripeDeclines(/GET \/v1\/payment_intents/)(w);
      return operate(w, payment, { action: 'cancelPayment' });
    },
    body: declined,
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 404,
    when: 'the payment is unknown',
    ask: (w) => operate(w, randomUUID(), { action: 'cancelPayment' }),
    body: notFound,
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 500,
    when: 'commercetools answers nonsense',
    ask: async (w) => {
      commercetoolsAnswers(/GET .*\/payments/, 200, null)(w);
      return operate(w, randomUUID(), { action: 'cancelPayment' });
    },
    body: unforeseen,
  },
  {
    route: 'POST /operations/payment-intents/{id}',
    status: 503,
    when: 'commercetools is down',
    ask: async (w) => {
      commercetoolsAnswers(/GET .*\/payments/, 503, {})(w);
      return operate(w, randomUUID(), { action: 'cancelPayment' });
    },
    body: unavailable,
  },
  // §6
  {
    route: 'POST /operations/transactions',
    status: 201,
    when: 'the stored method is charged',
    ask: async (w) => transaction(w, (await recurring(w)).body),
    body: { transactionStatus: { state: 'Completed', errors: [] }, paymentId: UUID },
  },
  {
    route: 'POST /operations/transactions',
    status: 201,
    when: 'the card is declined',
    ask: async (w) => {
      const { body } = await recurring(w, { paymentMethod: 'pm_card_chargeCustomerFail' });
      return transaction(w, body);
    },
    body: {
      transactionStatus: {
        state: 'Failed',
        errors: [{ code: 'PaymentRejected', message: expect.stringContaining('The payment was rejected') }],
      },
      paymentId: UUID,
    },
  },
  {
    route: 'POST /operations/transactions',
    status: 400,
    when: 'the cart has no customer',
    ask: async (w) => transaction(w, { cartId: (await w.checkout()).cart, paymentMethodId: randomUUID() }),
    body: requiredField('customerId'),
  },
  {
    route: 'POST /operations/transactions',
    status: 400,
    when: 'the method is not named',
    ask: async (w) => transaction(w, { cartId: (await recurring(w)).cart }),
    body: requiredField('paymentMethodId'),
  },
  {
    route: 'POST /operations/transactions',
    status: 400,
    when: 'more is asked for than is due',
    ask: async (w) => transaction(w, { ...(await recurring(w)).body, amount: EUR(2401) }),
    body: error(400, 'InvalidField', expect.any(String), {
      field: 'amount.centAmount',
      invalidValue: 2401,
      allowedValues: ['<= 2400'],
    }),
  },
  {
    route: 'POST /operations/transactions',
    status: 400,
    when: 'the type is another',
    ask: (w) => transaction(w, { type: 'Once', cartId: randomUUID() }),
    body: error(400, 'InvalidField', expect.any(String), {
      field: 'type',
      invalidValue: 'Once',
      allowedValues: ['Recurring'],
    }),
  },
  {
    route: 'POST /operations/transactions',
    status: 400,
    when: 'stored methods are switched off',
    ask: (w) =>
      w.call('POST', '/operations/transactions', {
        at: strict,
        token: w.token('manage_project'),
        headers: { 'x-forwarded-for': '10.0.1.1' },
        body: { type: 'Recurring', cartId: randomUUID(), checkoutTransactionItemId: randomUUID() },
      }),
    body: error(400, 'InvalidOperation', expect.any(String)),
  },
  {
    route: 'POST /operations/transactions',
    status: 401,
    when: 'the token is not active',
    ask: (w) => transaction(w, { cartId: randomUUID() }, 'unknown'),
    body: unauthorized('invalid_token', 'invalid_token'),
  },
  {
    route: 'POST /operations/transactions',
    status: 402,
    when: 'Stripe declines to show the method',
    ask: async (w) => {
      const { body } = await recurring(w);
      stripeDeclines(/payment_methods/)(w);
      return transaction(w, body);
    },
    body: declined,
  },
  {
    route: 'POST /operations/transactions',
    status: 404,
    when: 'the cart is unknown',
    ask: (w) => transaction(w, { cartId: randomUUID() }),
    body: notFound,
  },
  {
    route: 'POST /operations/transactions',
    status: 404,
    when: "the method is another customer's",
    ask: async (w) => {
      const { body } = await recurring(w);
      const other = await recurring(w);
      return transaction(w, { ...body, paymentMethodId: other.method.id });
    },
    body: error(404, 'ResourceNotFound', 'The payment method was not found.'),
  },
  {
    route: 'POST /operations/transactions',
    status: 409,
    when: 'the cart keeps changing',
    ask: async (w) => {
      const { body } = await recurring(w);
      commercetoolsAnswers(/POST .*\/carts/, 409, conflict)(w);
      return transaction(w, body);
    },
    body: error(409, 'ConcurrentModification', expect.not.stringContaining('secret')),
  },
  // §7
  {
    route: 'GET /payments',
    status: 200,
    when: 'opening',
    ask: async (w) => w.call('GET', '/payments', { session: (await w.checkout()).session }),
    body: {
      sClientSecret: expect.stringMatching(/^pi_\w+_secret_\w+$/),
      paymentReference: UUID,
      merchantReturnUrl: expect.stringMatching(/^http:\/\/localhost:\d+\/$/),
      cartId: UUID,
    },
  },
  {
    route: 'GET /payments',
    status: 200,
    when: 'opening with a billing address to collect',
    ask: async (w) => {
      const at = await w.startIntent({ STRIPE_COLLECT_BILLING_ADDRESS: 'never' });
      return w.call('GET', '/payments', { at, session: (await w.checkout()).session });
    },
    body: {
      sClientSecret: expect.any(String),
      paymentReference: UUID,
      merchantReturnUrl: expect.any(String),
      cartId: UUID,
      billingAddress: JSON.stringify({
        name: 'Ada Lovelace',
        phone: '',
        email: 'shopper@example.com',
        address: {
          line1: '1 Example Street',
          line2: '',
          city: 'Berlin',
          postal_code: '10115',
          state: '',
          country: 'DE',
        },
      }),
    },
  },
  {
    route: 'GET /payments',
    status: 400,
    when: 'nothing is due',
    ask: async (w) => {
      const { session, cart } = await w.checkout();
      await w.commercetools.setCartTotal(cart, 0);
      return w.call('GET', '/payments', { session });
    },
    body: nothingToPay(UUID),
  },
  {
    route: 'GET /payments',
    status: 402,
    when: 'Stripe declines',
    ask: inSession('GET', '/payments', stripeDeclines(/POST \/v1\/payment_intents/)),
    body: declined,
  },
  { route: 'GET /payments', status: 404, when: 'the cart is gone', ask: cartGone('GET', '/payments'), body: notFound },
  // §8
  {
    route: 'POST /confirmPayments/{id}',
    status: 200,
    when: 'the shopper paid',
    ask: async (w) => confirm(w, await w.opened({ pay: true })),
    body: { outcome: 'approved' },
  },
  {
    route: 'POST /confirmPayments/{id}',
    status: 202,
    when: 'the money is on its way',
    ask: async (w) => {
      w.stripe.controls.configure({ settleDelayMs: null });
      const opened = await w.opened();
      w.stripe.controls.pay(opened.paymentIntent, { iban: 'DE89370400440532013000' });
      return confirm(w, opened);
    },
    body: { outcome: 'pending' },
  },
  {
    route: 'POST /confirmPayments/{id}',
    status: 400,
    when: 'the shopper has not paid',
    ask: async (w) => confirm(w, await w.opened()),
    body: rejected,
  },
  {
    route: 'POST /confirmPayments/{id}',
    status: 400,
    when: 'the card was declined',
    ask: async (w) => {
      const opened = await w.opened();
      expect(() => w.stripe.controls.pay(opened.paymentIntent, { card: '4000000000009995' })).toThrow();
      return confirm(w, opened);
    },
    body: { ...rejected, code: 'card_declined', declineCode: 'insufficient_funds' },
  },
  {
    route: 'POST /confirmPayments/{id}',
    status: 400,
    when: 'the payment is unknown',
    ask: async (w) => confirm(w, { ...(await w.opened({ pay: true })), payment: randomUUID() }),
    body: rejected,
  },
  {
    route: 'POST /confirmPayments/{id}',
    status: 400,
    when: 'the PaymentIntent is not named, before the session is looked at',
    ask: (w) => confirm(w, { payment: randomUUID() }),
    body: requiredField('paymentIntent'),
  },
  {
    route: 'POST /confirmPayments/{id}',
    status: 400,
    when: 'the body is no JSON',
    ask: (w) => w.call('POST', `/confirmPayments/${randomUUID()}`, { body: '{"paymentIntent":' }),
    body: invalidJson,
  },
  {
    route: 'POST /confirmPayments/{id}',
    status: 401,
    when: 'without a session',
    ask: (w) => confirm(w, { payment: randomUUID(), paymentIntent: 'pi_1' }),
    body: notActive,
  },
  {
    route: 'POST /confirmPayments/{id}',
    status: 500,
    when: 'commercetools answers nonsense',
    ask: async (w) => {
      const opened = await w.opened({ pay: true });
      commercetoolsAnswers(/GET .*\/carts/, 200, null)(w);
      return confirm(w, opened);
    },
    body: unforeseen,
  },
  {
    route: 'POST /confirmPayments/{id}',
    status: 503,
    when: 'Stripe is down',
    ask: async (w) => {
      const opened = await w.opened({ pay: true });
      w.stripeRelay.bends = [{ match: /payment_intents/, status: 503, body: {} }];
      return confirm(w, opened);
    },
    body: unavailable,
  },
  // §9
  {
    route: 'GET /customer/session',
    status: 200,
    when: 'for a customer',
    ask: inSession('GET', '/customer/session'),
    body: {
      stripeCustomerId: expect.stringMatching(/^cus_/),
      ephemeralKey: expect.stringMatching(/^ek_/),
      sessionId: expect.stringMatching(/^cuss_/),
    },
  },
  {
    route: 'GET /customer/session',
    status: 204,
    when: 'for a guest',
    ask: async (w) => w.call('GET', '/customer/session', { session: (await w.checkout()).session }),
  },
  {
    route: 'GET /customer/session',
    status: 400,
    when: 'Stripe refuses',
    ask: inSession('GET', '/customer/session', (w) => {
      const body = { error: { type: 'invalid_request_error', code: 'parameter_unknown', message: 'secret words' } };
      w.stripeRelay.bends = [{ match: /customer_sessions/, status: 400, body }];
    }),
    body: error(400, 'parameter_unknown', MESSAGE_OF_STRIPE),
  },
  {
    route: 'GET /customer/session',
    status: 402,
    when: 'Stripe declines',
    ask: inSession('GET', '/customer/session', stripeDeclines(/customer_sessions/)),
    body: declined,
  },
  {
    route: 'GET /customer/session',
    status: 404,
    when: 'the cart is gone',
    ask: cartGone('GET', '/customer/session'),
    body: notFound,
  },
  {
    route: 'GET /customer/session',
    status: 409,
    when: 'the customer keeps changing',
    ask: inSession('GET', '/customer/session', commercetoolsAnswers(/POST .*\/customers/, 409, conflict)),
    body: error(409, 'ConcurrentModification', expect.not.stringContaining('secret')),
  },
  // §10
  {
    route: 'GET /express-payment-data',
    status: 200,
    when: 'tax is on the cart',
    ask: async (w) => w.call('GET', '/express-payment-data', { session: (await w.checkout()).session }),
    body: {
      totalPrice: { ...EUR(2400), fractionDigits: 2 },
      currencyCode: 'EUR',
      lineItems: [{ name: 'Subtotal', amount: { ...EUR(2400), fractionDigits: 2 }, type: 'SUBTOTAL' }],
    },
  },
  {
    route: 'GET /express-payment-data',
    status: 400,
    when: 'nothing is due',
    ask: async (w) => {
      const { session, cart } = await w.checkout();
      await w.commercetools.setCartTotal(cart, 0);
      return w.call('GET', '/express-payment-data', { session });
    },
    body: nothingToPay(UUID),
  },
  {
    route: 'GET /express-payment-data',
    status: 404,
    when: 'the cart is gone',
    ask: cartGone('GET', '/express-payment-data'),
    body: notFound,
  },
  // §11
  ...['payment', 'anything'].map(
    (component): Row => ({
      route: 'GET /config-element/{paymentComponent}',
      status: 200,
      when: `for the component ${component}`,
      ask: async (w) => w.call('GET', `/config-element/${component}`, { session: (await w.checkout()).session }),
      body: {
        cartInfo: { amount: 2400, currency: 'EUR' },
        appearance: '{"theme":"night"}',
        captureMethod: 'automatic',
        setupFutureUsage: 'off_session',
        layout: expect.stringContaining('tabs'),
        collectBillingAddress: 'auto',
        paymentElementOptions: '{}',
        flowType: 'deferred',
      },
    }),
  ),
  {
    route: 'GET /config-element/{paymentComponent}',
    status: 200,
    when: 'by the rule of the country',
    ask: async (w) =>
      w.call('GET', '/config-element/payment', { session: (await w.checkout({ country: 'BE' })).session }),
    body: {
      cartInfo: { amount: 2400, currency: 'EUR' },
      appearance: '{"theme":"night"}',
      captureMethod: 'manual',
      layout: expect.any(String),
      collectBillingAddress: 'auto',
      paymentElementOptions: '{}',
      flowType: 'pi_first',
    },
  },
  {
    route: 'GET /config-element/{paymentComponent}',
    status: 400,
    when: 'nothing is due',
    ask: async (w) => {
      const { session, cart } = await w.checkout();
      await w.commercetools.setCartTotal(cart, 0);
      return w.call('GET', '/config-element/payment', { session });
    },
    body: nothingToPay(UUID),
  },
  {
    route: 'GET /config-element/{paymentComponent}',
    status: 404,
    when: 'the cart is gone',
    ask: cartGone('GET', '/config-element/payment'),
    body: notFound,
  },
  // §12
  {
    route: 'POST /express-config',
    status: 200,
    when: 'from a page on the list',
    ask: (w) => w.call('POST', '/express-config', { body: {}, headers: { origin: w.sandbox.url } }),
    body: CONFIG,
  },
  {
    route: 'POST /express-config',
    status: 400,
    when: 'JSON is announced and none comes',
    ask: (w) =>
      w.call('POST', '/express-config', { headers: { origin: w.sandbox.url, 'content-type': 'application/json' } }),
    body: invalidJson,
  },
  ...([{}, { origin: 'https://evil.example' }] as Record<string, string>[]).map(
    (headers): Row => ({
      route: 'POST /express-config',
      status: 403,
      when: 'origin' in headers ? 'from a page that is not' : 'without an origin',
      ask: (w) => w.call('POST', '/express-config', { body: {}, headers }),
      body: { error: 'Forbidden', message: 'CORS origin not allowed.' },
    }),
  ),
  // §13
  {
    route: 'GET /applePayConfig',
    status: 200,
    when: 'it is configured',
    ask: (w) => w.call('GET', '/applePayConfig'),
    body: APPLE_PAY_DOMAIN,
  },
  {
    route: 'GET /applePayConfig',
    status: 404,
    when: 'it is not',
    ask: (w) => w.call('GET', '/applePayConfig', { at: strict, headers: { 'x-forwarded-for': '10.0.1.2' } }),
    body: error(404, 'ResourceNotFound', 'No domain association is configured.'),
  },
  // §15
  {
    route: 'GET /stored-payment-methods',
    status: 200,
    when: 'a card is stored',
    ask: async (w) => w.call('GET', '/stored-payment-methods', { session: (await recurring(w)).session }),
    body: {
      storedPaymentMethods: [
        {
          id: UUID,
          type: 'card',
          token: expect.stringMatching(/^pm_/),
          isDefault: true,
          createdAt: expect.stringMatching(/^\d{4}-/),
          displayOptions: {
            endDigits: '4242',
            brand: { key: expect.stringMatching(/visa/i) },
            expiryMonth: expect.any(Number),
            expiryYear: expect.any(Number),
          },
        },
      ],
    },
  },
  {
    route: 'GET /stored-payment-methods',
    status: 400,
    when: 'the cart has no customer',
    ask: async (w) => w.call('GET', '/stored-payment-methods', { session: (await w.checkout()).session }),
    body: requiredField('customerId'),
  },
  {
    route: 'GET /stored-payment-methods',
    status: 402,
    when: 'Stripe declines',
    ask: async (w) => {
      const { session } = await recurring(w);
      stripeDeclines(/payment_methods/)(w);
      return w.call('GET', '/stored-payment-methods', { session });
    },
    body: declined,
  },
  {
    route: 'GET /stored-payment-methods',
    status: 404,
    when: 'the cart is gone',
    ask: cartGone('GET', '/stored-payment-methods'),
    body: notFound,
  },
  {
    route: 'DELETE /stored-payment-methods/{id}',
    status: 200,
    when: 'it is the customer’s',
    ask: async (w) => {
      const { session, method } = await recurring(w);
      return w.call('DELETE', `/stored-payment-methods/${method.id}`, { session });
    },
  },
  {
    route: 'DELETE /stored-payment-methods/{id}',
    status: 400,
    when: 'the cart has no customer',
    ask: async (w) =>
      w.call('DELETE', `/stored-payment-methods/${randomUUID()}`, { session: (await w.checkout()).session }),
    body: requiredField('customerId'),
  },
  {
    route: 'DELETE /stored-payment-methods/{id}',
    status: 404,
    when: "it is another customer's",
    ask: async (w) => {
      const { method } = await recurring(w);
      return inSession('DELETE', `/stored-payment-methods/${method.id}`)(w);
    },
    body: error(404, 'ResourceNotFound', 'The payment method was not found.'),
  },
  {
    route: 'DELETE /stored-payment-methods/{id}',
    status: 409,
    when: 'it keeps changing',
    ask: async (w) => {
      const { session, method } = await recurring(w);
      commercetoolsAnswers(/DELETE .*\/payment-methods/, 409, conflict)(w);
      return w.call('DELETE', `/stored-payment-methods/${method.id}`, { session });
    },
    body: error(409, 'ConcurrentModification', expect.not.stringContaining('secret')),
  },
  // What session routes have in common
  ...[
    ['GET', '/operations/config'],
    ['GET', '/config-element/{paymentComponent}'],
    ['GET', '/payments'],
    ['GET', '/customer/session'],
    ['GET', '/express-payment-data'],
    ['GET', '/stored-payment-methods'],
    ['DELETE', '/stored-payment-methods/{id}'],
  ].flatMap(([method = '', template = '']): Row[] => {
    const route = `${method} ${template}`;
    const path = template.replace(/\{\w+\}/, 'x');
    return [
      { route, status: 401, when: 'without a session', ask: (w) => w.call(method, path), body: notActive },
      {
        route,
        status: 401,
        when: 'with an unknown session',
        ask: (w) => w.call(method, path, { session: randomUUID() }),
        body: notActive,
      },
      {
        route,
        status: 500,
        when: 'commercetools answers nonsense',
        ask: inSession(method, path, commercetoolsAnswers(/GET .*\/carts/, 200, null)),
        body: unforeseen,
      },
      {
        route,
        status: 503,
        when: 'commercetools is down',
        ask: inSession(method, path, commercetoolsAnswers(/GET .*\/carts/, 503, {})),
        body: unavailable,
      },
    ];
  }),
  {
    route: 'POST /operations/transactions',
    status: 500,
    when: 'commercetools answers nonsense',
    ask: (w) => {
      commercetoolsAnswers(/GET .*\/carts/, 200, null)(w);
      return transaction(w, { cartId: randomUUID() });
    },
    body: unforeseen,
  },
  {
    route: 'POST /operations/transactions',
    status: 503,
    when: 'commercetools is down',
    ask: (w) => {
      commercetoolsAnswers(/GET .*\/carts/, 503, {})(w);
      return transaction(w, { cartId: randomUUID() });
    },
    body: unavailable,
  },
  // Limits
  ...['/operations/payment-intents/{id}', '/operations/transactions', '/confirmPayments/{id}', '/express-config'].map(
    (path): Row => ({
      route: `POST ${path}`,
      status: 413,
      when: 'the body has more than 64 kB',
      ask: (w) => w.call('POST', path.replace('{id}', randomUUID()), { body: large, token: w.token('manage_project') }),
      body: tooLarge,
    }),
  ),
  ...[...new Set(documented.map(([route]) => route))].map((route): Row => {
    const [method = '', path = ''] = route.split(' ');
    return {
      route,
      status: 429,
      when: 'an address asks too often',
      ask: secondTime(method, path.replace(/\{\w+\}/, 'x')),
      body: tooMany,
    };
  }),
];

describe('every route answers as documented', () => {
  it.each(ROWS)('$route: $status, $when', async ({ route, status, ask, body }) => {
    const answer = await ask(system);
    expect(answer.status, answer.text).toBe(status);
    expect(undocumented(route, answer)).toEqual([]);
    if (body === undefined) expect(answer.text).toBe('');
    else expect(answer.json ?? answer.text).toEqual(body);
    expect(answer.text).not.toContain('secret words');
    expect(answer.headers.get('x-correlation-id')).toMatch(/^[\w-]+$/);
    if (status === 429 || status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('while nobody can say who a caller is', () => {
  beforeAll(() => system.sandbox.stopService('session-auth'));
  afterAll(() => system.sandbox.startService('session-auth'));

  const JWT_ROUTES = ['/operations/status', '/operations/payment-components'];
  it.each(JWT_ROUTES)('GET %s: 503', async (path) => {
    const answer = await system.call('GET', path, { token: await system.jwt() });
    expect([answer.status, answer.json]).toEqual([503, unavailable]);
    expect(undocumented(`GET ${path}`, answer)).toEqual([]);
  });

  it('covers, with the rows above, every status that docs/openapi.json names', () => {
    const shown = new Set([
      ...ROWS.map(({ route, status }) => `${route} ${status}`),
      ...JWT_ROUTES.map((path) => `GET ${path} 503`),
    ]);
    expect(documented.filter(([route, status]) => !shown.has(`${route} ${status}`))).toEqual([]);
  });
});

describe('what no route answers', () => {
  it.each([
    ['GET', '/nothing'],
    ['GET', '/Payments'],
    ['PUT', '/payments'],
    ['GET', '/operations/transactions'],
  ])('%s %s: 404', async (method, path) => {
    const { status, json } = await system.call(method, path);
    expect([status, json]).toEqual([
      404,
      { message: `Route ${method}:${path} not found`, error: 'Not Found', statusCode: 404 },
    ]);
  });
});
