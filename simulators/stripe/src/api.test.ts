import type Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StripeSimulator } from './simulator.ts';
import { clientOf, refusalOf, startWithClient } from './testing.ts';

let simulator: StripeSimulator;
let stripe: Stripe;

beforeAll(async () => {
  ({ simulator, stripe } = await startWithClient());
});
afterAll(() => simulator.close());
beforeEach(() => simulator.controls.reset());

const DAY_MS = 24 * 60 * 60 * 1000;
const OPEN = { amount: 1000, currency: 'eur' } as const;

describe('idempotency keys', () => {
  it('replay the stored answer for the same parameters', async () => {
    const first = await stripe.paymentIntents.create(OPEN, { idempotencyKey: 'k1' });
    const again = await stripe.paymentIntents.create(OPEN, { idempotencyKey: 'k1' });
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.lastResponse.requestId,
    });
    expect(simulator.controls.state().payment_intents).toHaveLength(1);
  });

  it('belong to their first parameters', async () => {
    await stripe.paymentIntents.create(OPEN, { idempotencyKey: 'k1' });
    const refusal = await refusalOf(stripe.paymentIntents.create({ ...OPEN, amount: 1001 }, { idempotencyKey: 'k1' }));
    expect(refusal).toMatchObject({ statusCode: 400, type: 'StripeIdempotencyError', rawType: 'idempotency_error' });
  });

  it('are in use while the first call is at work', async () => {
    simulator.controls.setFaults([{ latencyMs: 150, times: 1, status: 500, rate: 0 }]);
    const first = stripe.paymentIntents.create(OPEN, { idempotencyKey: 'k1' });
    const second = refusalOf(stripe.paymentIntents.create(OPEN, { idempotencyKey: 'k1' }));
    const [paymentIntent, refusal] = await Promise.all([first, second]);
    expect(paymentIntent.status).toBe('requires_payment_method');
    expect(refusal).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use', rawType: 'idempotency_error' });
  });

  it('are forgotten after 24 hours of the simulator’s clock, whatever they stood for', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const { simulator: aged, stripe: client } = await startWithClient({ now: () => now });
    try {
      const create = async () => (await client.paymentIntents.create(OPEN, { idempotencyKey: 'k1' })).id;
      const first = await create();
      now += DAY_MS - 1;
      expect(await create()).toBe(first);
      now += 1;
      expect(await create()).not.toBe(first);
      expect(aged.controls.state().payment_intents).toHaveLength(2);
    } finally {
      await aged.close();
    }
  });

  it('keep a decline, and nothing of a call that was refused before it began', async () => {
    const pay = { ...OPEN, confirm: true, payment_method: 'pm_card_chargeDeclined', return_url: 'https://shop.test' };
    const declined = await refusalOf(stripe.paymentIntents.create(pay, { idempotencyKey: 'declined' }));
    const again = await refusalOf(stripe.paymentIntents.create(pay, { idempotencyKey: 'declined' }));
    expect([declined, again]).toMatchObject([
      { code: 'card_declined' },
      { headers: { 'idempotent-replayed': 'true' } },
    ]);
    expect(again.payment_intent?.id).toBe(declined.payment_intent?.id);
    await refusalOf(stripe.paymentIntents.create({ ...OPEN, amount: -1 }, { idempotencyKey: 'invalid' }));
    expect((await stripe.paymentIntents.create(OPEN, { idempotencyKey: 'invalid' })).amount).toBe(1000);
  });

  it('let a call be tried again whose answer was lost, without doing it twice', async () => {
    simulator.controls.setFaults([{ match: '^POST', reset: true, when: 'after', times: 1 }]);
    const patient = clientOf(simulator, { maxNetworkRetries: 2 });
    const { id } = await patient.paymentIntents.create(OPEN, { idempotencyKey: 'k1' });
    expect(simulator.controls.state().payment_intents.map((paymentIntent) => paymentIntent.id)).toEqual([id]);
  });

  it('keep a 500 that took effect, and forget a 503 from before', async () => {
    simulator.controls.setFaults([{ status: 500, when: 'after', times: 1 }]);
    await refusalOf(stripe.paymentIntents.create(OPEN, { idempotencyKey: 'after' }));
    expect((await refusalOf(stripe.paymentIntents.create(OPEN, { idempotencyKey: 'after' }))).statusCode).toBe(500);
    expect(simulator.controls.state().payment_intents).toHaveLength(1);
    simulator.controls.setFaults([{ status: 503, times: 1 }]);
    await refusalOf(stripe.paymentIntents.create(OPEN, { idempotencyKey: 'before' }));
    expect((await stripe.paymentIntents.create(OPEN, { idempotencyKey: 'before' })).amount).toBe(1000);
  });
});

describe('errors', () => {
  it.each<[string, (s: Stripe) => Promise<unknown>, object]>([
    [
      'an unknown id',
      (s) => s.paymentIntents.retrieve('pi_none'),
      { statusCode: 404, code: 'resource_missing', param: 'intent' },
    ],
    [
      'a missing parameter',
      (s) => s.paymentIntents.create({ currency: 'eur' } as never),
      { statusCode: 400, code: 'parameter_missing', param: 'amount' },
    ],
    [
      'an unknown parameter',
      (s) => s.paymentIntents.create({ ...OPEN, colour: 'red' } as never),
      { statusCode: 400, code: 'parameter_unknown', param: 'colour' },
    ],
    [
      'a parameter of earlier versions',
      (s) => s.paymentIntents.create({ ...OPEN, payment_method_types: ['card'] } as never),
      { code: 'parameter_unknown' },
    ],
    [
      'a malformed number',
      (s) => s.paymentIntents.create({ ...OPEN, amount: 'ten' as never }),
      { code: 'parameter_invalid_integer', param: 'amount' },
    ],
    [
      'too small an amount',
      (s) => s.paymentIntents.create({ ...OPEN, amount: 10 }),
      { statusCode: 400, code: 'amount_too_small' },
    ],
    [
      'too large an amount',
      (s) => s.paymentIntents.create({ ...OPEN, amount: 100_000_000 }),
      { code: 'amount_too_large' },
    ],
    [
      'an unknown currency',
      (s) => s.paymentIntents.create({ ...OPEN, currency: 'xxx' }),
      { statusCode: 400, param: 'currency' },
    ],
    [
      'an unknown customer',
      (s) => s.paymentIntents.create({ ...OPEN, customer: 'cus_none' }),
      { code: 'resource_missing', param: 'customer' },
    ],
    [
      'a value outside of its list',
      (s) => s.paymentIntents.create({ ...OPEN, capture_method: 'later' as never }),
      { statusCode: 400, param: 'capture_method' },
    ],
    ['a bad email', (s) => s.customers.create({ email: 'nobody' }), { code: 'email_invalid', param: 'email' }],
    [
      'no return URL',
      (s) => s.paymentIntents.create({ ...OPEN, confirm: true, payment_method: 'pm_card_visa' }),
      { param: 'return_url' },
    ],
    [
      'an expansion that is none',
      (s) => s.paymentIntents.create({ ...OPEN, expand: ['amount.x'] }),
      { statusCode: 400 },
    ],
  ])('name %s', async (_what, call, expected) => {
    const refusal = await refusalOf(call(stripe));
    expect(refusal).toMatchObject({
      type: 'StripeInvalidRequestError',
      requestId: expect.stringMatching(/^req_/),
      ...expected,
    });
  });

  it('refuse a missing and a wrong key', async () => {
    expect((await fetch(`${simulator.url}/v1/balance`)).status).toBe(401);
    const answer = await fetch(`${simulator.url}/v1/balance`, { headers: { authorization: 'Bearer sk_live_abc' } });
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: { type: 'invalid_request_error' } }]);
  });

  it('know no other paths', async () => {
    const answer = await fetch(`${simulator.url}/v1/teapots`, { headers: { authorization: 'Bearer sk_test_a' } });
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { error: { message: expect.stringContaining('Unrecognized request URL (GET: /v1/teapots)') } },
    ]);
  });
});

describe('lists', () => {
  it('are newest first and paged both ways', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.unshift((await stripe.paymentIntents.create(OPEN)).id);
    const page = await stripe.paymentIntents.list({ limit: 2 });
    expect([page.data.map(({ id }) => id), page.has_more]).toEqual([ids.slice(0, 2), true]);
    const all: string[] = [];
    for await (const { id } of stripe.paymentIntents.list({ limit: 2 })) all.push(id);
    expect(all).toEqual(ids);
    const newer = await stripe.paymentIntents.list({ limit: 2, ending_before: ids[3] ?? '' });
    expect([newer.data.map(({ id }) => id), newer.has_more]).toEqual([ids.slice(1, 3), true]);
  });

  it('of events filter by type, time and cursor', async () => {
    const { id } = await stripe.paymentIntents.create(OPEN);
    simulator.controls.pay(id);
    const { data } = await stripe.events.list({ types: ['charge.succeeded', 'payment_intent.succeeded'] });
    expect(data.map(({ type }) => type)).toEqual(['payment_intent.succeeded', 'charge.succeeded']);
    expect(data[0]).toMatchObject({
      object: 'event',
      api_version: '2026-10-28.endive',
      livemode: false,
      data: { object: { id, object: 'payment_intent', status: 'succeeded' } },
    });
    expect((await stripe.events.list({ created: { gt: Math.floor(Date.now() / 1000) + 60 } })).data).toEqual([]);
    const [created] = (await stripe.events.list({ type: 'payment_intent.created' })).data;
    expect(created?.request).toMatchObject({ id: expect.stringMatching(/^req_/), idempotency_key: expect.any(String) });
    const since = await stripe.events.list({ ending_before: created?.id ?? '' });
    expect(since.data).toHaveLength(2);
    expect((await stripe.events.retrieve(created?.id ?? '')).data.object).toMatchObject({
      status: 'requires_payment_method',
    });
  });
});

describe('customers', () => {
  it('are found by their metadata, changed and deleted', async () => {
    const customer = await stripe.customers.create({
      name: 'Jenny',
      address: { line1: 'Torstr. 1', country: 'DE' },
      metadata: { ct_customer_id: '5f0d8f8e-0c1a-4b62-9a3e-1d7f7c0a9b11' },
    });
    await stripe.customers.create({ metadata: { ct_customer_id: 'other' } });
    const found = await stripe.customers.search({
      query: `metadata['ct_customer_id']:'5f0d8f8e-0c1a-4b62-9a3e-1d7f7c0a9b11'`,
    });
    expect(found.data.map(({ id }) => id)).toEqual([customer.id]);
    expect((await stripe.customers.update(customer.id, { name: 'Marie', email: '' })).name).toBe('Marie');
    expect(await stripe.customers.del(customer.id)).toEqual({ id: customer.id, object: 'customer', deleted: true });
    expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ deleted: true });
  });

  it('get sessions and ephemeral keys for the page', async () => {
    const customer = await stripe.customers.create({});
    const session = await stripe.customerSessions.create({
      customer: customer.id,
      components: {
        payment_element: {
          enabled: true,
          features: { payment_method_save: 'enabled', payment_method_save_usage: 'off_session' },
        },
      },
    });
    expect(session).toMatchObject({
      client_secret: expect.stringMatching(/^cuss_secret_/),
      components: { payment_element: { enabled: true, features: { payment_method_save: 'enabled' } } },
    });
    const key = await stripe.ephemeralKeys.create({ customer: customer.id }, { apiVersion: '2026-10-28.endive' });
    expect(key.secret).toMatch(/^ek_test_/);
  });

  it('take a new expiry of a card, and tell of it', async () => {
    const method = await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
    const changed = await stripe.paymentMethods.update(method.id, { card: { exp_month: 2, exp_year: 2040 } });
    expect(changed.card).toMatchObject({ exp_month: 2, exp_year: 2040 });
    const [event] = (await stripe.events.list({ type: 'payment_method.updated' })).data;
    expect(event?.data).toMatchObject({
      object: { id: method.id, card: { exp_month: 2 } },
      previous_attributes: { card: { exp_month: method.card?.exp_month } },
    });
  });

  it('keep payment methods until they are detached', async () => {
    const customer = await stripe.customers.create({});
    const method = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
    expect(method).toMatchObject({ type: 'card', customer: customer.id, card: { last4: '4242' } });
    expect((await stripe.paymentMethods.detach(method.id)).customer).toBeNull();
    expect((await stripe.paymentMethods.list({ customer: customer.id })).data).toEqual([]);
  });
});

it('answers for its account and balance', async () => {
  expect((await stripe.accounts.retrieveCurrent()).id).toMatch(/^acct_/);
  expect((await stripe.balance.retrieve()).object).toBe('balance');
});
