import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@connector/sandbox';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { shareTestSystem } from './shared-test-system.ts';
import type { TestSystem } from './test-system.ts';
import { toolPath } from './tool.ts';

/** Stripe's own stand-in: it keeps nothing, and refuses what Stripe's published description does not allow. */
let mock: ChildProcess;
let mockUrl: string;
let system: TestSystem;
shareTestSystem((shared) => {
  system = shared;
});

beforeAll(async () => {
  const port = await freePort();
  mockUrl = `http://127.0.0.1:${port}`;
  mock = spawn(toolPath('stripe-mock', process.env.STRIPE_MOCK_BIN), ['-http-addr', `127.0.0.1:${port}`], {
    stdio: 'ignore',
  });
  await vi.waitUntil(
    () =>
      fetch(mockUrl).then(
        () => true,
        () => false,
      ),
    { timeout: 20_000, interval: 100 },
  );
  // The simulator answers, for it has a state; stripe-mock checks the same requests against Stripe's description.
  system.stripeRelay.mirror = mockUrl;
  system.stripeRelay.calls.length = 0;
});
afterAll(async () => {
  system.stripeRelay.mirror = undefined;
  if (mock?.exitCode === null) {
    const ended = once(mock, 'exit');
    mock.kill();
    await ended;
  }
});

const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });

/** Requests to Stripe since `from`, as `METHOD /path` with ids left out. */
const asked = (from = 0) => [
  ...new Set(
    system.stripeRelay.calls
      .slice(from)
      .map(({ method, path }) => `${method} ${path.split('?')[0]?.replace(/\/(?:ch|cus|pi|pm|re)_\w+/g, '/:id')}`),
  ),
];

/** What stripe-mock said to requests that the simulator took. */
const refused = () =>
  system.stripeRelay.calls
    .filter(({ status, mirrored }) => status < 400 && (mirrored?.status ?? 0) >= 400)
    .map(({ method, path, body, mirrored }) => ({ call: `${method} ${path}`, body, mirrored }));

const operate = async (payment: string, action: object) => {
  const { status, json } = await system.call('POST', `/operations/payment-intents/${payment}`, {
    token: system.token('manage_project'),
    body: { actions: [action] },
  });
  expect(status).toBe(200);
  return json.outcome as string;
};

it('takes every way to open a payment', async () => {
  const customerId = await system.customer({
    addresses: [{ country: 'DE', phone: '+491', streetName: 'Lange Straße' }],
  });
  const tax = {
    custom: {
      type: { typeId: 'type', key: 'stripe-tax' },
      fields: { connectorStripeTax_calculationReferences: ['taxcalc_1'] },
    },
  };
  const recurring = {
    customLineItems: [
      {
        name: { en: 'Every month' },
        slug: 'every-month',
        quantity: 1,
        money: EUR(2400),
        externalTaxRate: { name: 'none', amount: 0, country: 'DE', includedInPrice: true },
        recurrenceInfo: { recurrencePolicy: { typeId: 'recurrence-policy', id: 'x' }, priceSelectionMode: 'Fixed' },
      },
    ],
  };
  const first = await system.checkout({ customerId });
  expect((await system.call('GET', '/customer/session', { session: first.session })).status).toBe(200);
  const created = () =>
    system.stripeRelay.calls.filter(({ method, path }) => `${method} ${path}` === 'POST /v1/payment_intents');
  const shows = async (ask: Promise<{ session: string }>, headers: Record<string, string>, ...params: string[]) => {
    const from = created().length;
    const { status, text } = await system.call('GET', '/payments', { session: (await ask).session, headers });
    expect(status, text).toBe(200);
    const bodies = created()
      .slice(from)
      .map(({ body }) => decodeURIComponent(body));
    for (const param of params) expect(bodies.join()).toContain(param);
    return bodies.join();
  };
  await shows(system.checkout(), {}, 'shipping[address][line1]', 'automatic_payment_methods[enabled]=true');
  await shows(system.checkout({ customerId }), {}, 'customer=cus_', 'setup_future_usage=off_session');
  await shows(system.checkout({ customerId, draft: recurring }), {}, 'setup_future_usage=off_session');
  await shows(system.checkout({ country: 'NL' }), {}, 'capture_method=manual', '[request_multicapture]=if_available');
  await shows(system.checkout({ country: 'PL' }), {}, 'amount=2400');
  await shows(system.checkout({ draft: tax }), {}, 'hooks[inputs][tax][calculation]=taxcalc_1');
  await shows(system.checkout({ currency: 'JPY', centAmount: 3900 }), {}, 'currency=jpy');
  expect(await shows(system.checkout({ customerId }), { 'x-express-checkout': 'true' })).not.toContain('shipping');
  const express = { 'x-express-checkout': '1', 'x-express-customer-session': 'true' };
  await shows(system.checkout({ customerId }), express, 'customer=cus_');
  expect(refused()).toEqual([]);
});

it('takes every change of an open payment', async () => {
  const { session, cart, paymentIntent } = await system.opened();
  const { version } = await system.merchant('GET', `/carts/${cart}`);
  const address = { country: 'DE', firstName: 'Grace', lastName: 'Hopper', streetName: 'Kurze Straße', city: 'Kiel' };
  const type = { typeId: 'type', key: 'stripe-tax' };
  const fields = { connectorStripeTax_calculationReferences: ['taxcalc_2'] };
  const change = (actions: object[], at: number) => system.merchant('POST', `/carts/${cart}`, { version: at, actions });
  await change(
    [
      { action: 'setShippingAddress', address },
      { action: 'setCustomType', type, fields },
    ],
    version,
  );
  const { version: next } = await system.commercetools.setCartTotal(cart, 2500);
  expect((await system.call('GET', '/payments', { session })).status).toBe(200);
  await change([{ action: 'setCustomType' }, { action: 'setShippingAddress' }], next);
  const headers = { 'x-express-checkout': 'true' };
  expect((await system.call('GET', '/payments', { session, headers })).status).toBe(200);
  const updates = () =>
    system.stripeRelay.calls
      .filter(({ method, path }) => `${method} ${path}` === `POST /v1/payment_intents/${paymentIntent}`)
      .map(({ body }) => decodeURIComponent(body));
  for (const param of [
    'amount=',
    'shipping[address]',
    'shipping=',
    'hooks[inputs][tax][calculation]=taxcalc_2',
    // It gives way to the browser's confirmation for some seconds.
    'metadata[ct_payment_id]',
  ]) {
    await expect
      .poll(() => updates().some((body) => body.includes(param)), { timeout: 30_000, message: `${param} in an update` })
      .toBe(true);
  }
  expect(refused()).toEqual([]);
});

it('takes confirming, capturing in parts, refunding, canceling and reversing', async () => {
  const { payment, session, paymentIntent } = await system.opened({ country: 'NL', pay: true });
  const confirmed = await system.call('POST', `/confirmPayments/${payment}`, { session, body: { paymentIntent } });
  expect(confirmed.json).toEqual({ outcome: 'approved' });
  expect(await operate(payment, { action: 'capturePayment', amount: EUR(400), merchantReference: 'c1' })).toBe(
    'approved',
  );
  expect(await operate(payment, { action: 'capturePayment', amount: EUR(2000) })).toBe('approved');
  expect(await operate(payment, { action: 'refundPayment', amount: EUR(100), merchantReference: 'r1' })).toBe(
    'received',
  );
  expect(await operate((await system.opened({ pay: true })).payment, { action: 'reversePayment' })).toBe('received');
  expect(await operate((await system.opened({ country: 'NL', pay: true })).payment, { action: 'reversePayment' })).toBe(
    'approved',
  );
  expect(await operate((await system.opened({ country: 'NL', pay: true })).payment, { action: 'cancelPayment' })).toBe(
    'approved',
  );
  const bodies = system.stripeRelay.calls.filter(({ path }) => /capture|refunds/.test(path)).map(({ body }) => body);
  for (const param of ['final_capture=false', 'amount_to_capture=2000', 'merchant_reference', 'ct_operation_id']) {
    expect(
      bodies.some((body) => body.includes(param)),
      param,
    ).toBe(true);
  }
  expect(refused()).toEqual([]);
});

it("takes a customer's stored methods, a charge without the shopper, and the status check", async () => {
  const customerId = await system.customer();
  const method = await system.storedMethod(customerId);
  const { session, cart } = await system.checkout({ customerId });
  const charged = await system.call('POST', '/operations/transactions', {
    token: system.token('manage_checkout_transactions'),
    body: {
      type: 'Recurring',
      cartId: cart,
      checkoutTransactionItemId: crypto.randomUUID(),
      paymentMethodId: method.id,
    },
  });
  expect(charged.json).toMatchObject({ transactionStatus: { state: 'Completed' } });
  expect((await system.call('GET', '/stored-payment-methods', { session })).status).toBe(200);
  expect((await system.call('DELETE', `/stored-payment-methods/${method.id}`, { session })).status).toBe(200);
  await expect.poll(() => asked(), { timeout: 30_000 }).toContain('POST /v1/payment_methods/:id/detach');
  const status = await system.call('GET', '/operations/status', { token: await system.jwt() });
  expect(status.json).toMatchObject({ status: 'OK' });
  expect(refused()).toEqual([]);
});

it('has by then seen every kind of request that the services make of Stripe', () => {
  expect(asked().sort()).toEqual(
    expect.arrayContaining([
      'GET /v1/balance',
      'GET /v1/customers/search',
      'GET /v1/payment_intents/:id',
      'GET /v1/payment_methods/:id',
      'POST /v1/customer_sessions',
      'POST /v1/customers',
      'POST /v1/ephemeral_keys',
      'POST /v1/payment_intents',
      'POST /v1/payment_intents/:id',
      'POST /v1/payment_intents/:id/cancel',
      'POST /v1/payment_intents/:id/capture',
      'POST /v1/payment_methods/:id/detach',
      'POST /v1/refunds',
    ]),
  );
  const checked = system.stripeRelay.calls.filter(({ mirrored }) => mirrored);
  expect(checked).toHaveLength(system.stripeRelay.calls.length);
  expect(refused()).toEqual([]);
});

it('refuses a parameter that Stripe does not know, so its silence above means something', async () => {
  const body = new URLSearchParams({ amount: '100', currency: 'eur', unknown_parameter: '1' });
  const headers = { authorization: 'Bearer sk_test_x' };
  const answer = await fetch(`${mockUrl}/v1/payment_intents`, { method: 'POST', headers, body });
  expect(answer.status).toBe(400);
});

it('opens payments with stripe-mock as the only Stripe', async () => {
  const at = await system.startIntent({ STRIPE_API_BASE: mockUrl, STORED_PAYMENT_METHODS_ENABLED: 'true' });
  const customerId = await system.customer();
  const { session } = await system.checkout({ customerId });
  const opened = await system.call('GET', '/payments', { at, session });
  expect(opened.json).toMatchObject({
    sClientSecret: expect.stringMatching(/^pi_/),
    paymentReference: expect.any(String),
  });
  const shopper = await system.call('GET', '/customer/session', { at, session });
  expect(shopper.json).toMatchObject({ stripeCustomerId: expect.stringMatching(/^cus_/) });
  const status = await system.call('GET', '/operations/status', { at, token: await system.jwt() });
  expect(status.json).toMatchObject({ status: 'OK' });
});
