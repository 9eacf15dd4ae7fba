import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StripeSimulator } from './simulator.ts';
import { type Receiver, SECRET, startReceiver, startWithClient } from './testing.ts';

let simulator: StripeSimulator;
let stripe: Stripe;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
  ({ simulator, stripe } = await startWithClient({ webhook: { url: receiver.url, secret: SECRET } }));
});
afterEach(async () => {
  expect(receiver.forgeries).toEqual([]);
  await simulator.close();
  await receiver.close();
});

const open = (options?: Stripe.RequestOptions) =>
  stripe.paymentIntents.create({ amount: 1000, currency: 'eur' }, options);

describe('webhooks', () => {
  it('are signed so that the real package accepts them', async () => {
    const { id } = await open();
    simulator.controls.pay(id);
    await simulator.controls.flushWebhooks();
    expect(receiver.types().toSorted()).toEqual([
      'charge.succeeded',
      'payment_intent.created',
      'payment_intent.succeeded',
    ]);
    expect(receiver.deliveries[0]?.event).toMatchObject({ object: 'event', pending_webhooks: 1, livemode: false });
    expect(simulator.controls.webhooks).toMatchObject({ pending: 0, delivered: 3, failed: 0 });
  });

  it('do not carry the trace of the call that caused them', async () => {
    const body = 'amount=1000&currency=eur';
    const headers = {
      authorization: 'Bearer sk_test_a',
      'content-type': 'application/x-www-form-urlencoded',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    await fetch(`${simulator.url}/v1/payment_intents`, { method: 'POST', headers, body });
    await simulator.controls.flushWebhooks();
    expect(receiver.deliveries[0]?.headers).not.toHaveProperty('traceparent');
  });

  it('are tried again until they are taken', async () => {
    simulator.controls.configureWebhooks({ retryDelaysMs: [0, 0, 0] });
    receiver.answer = (attempt) => (attempt < 3 ? 503 : 200);
    await open();
    await expect.poll(() => receiver.deliveries.length).toBe(1);
    await expect
      .poll(() => simulator.controls.webhooks)
      .toMatchObject({ delivered: 1, failed: 0, attempts: 3, pending: 0 });
  });

  it('are remembered as acknowledged, as often as they were taken', async () => {
    simulator.controls.configureWebhooks({ duplicates: { min: 2, max: 2 }, retryDelaysMs: [] });
    receiver.answer = (attempt) => (attempt === 1 ? 503 : 200);
    const { id } = await open();
    await simulator.controls.flushWebhooks();
    const answer = await fetch(`${simulator.url}/_sandbox/webhooks/acknowledged`);
    const [event] = (await answer.json()) as { id: string; type: string; count: number }[];
    expect(event).toEqual({ id: receiver.deliveries[0]?.event.id, type: 'payment_intent.created', count: 1 });
    expect(id).toMatch(/^pi_/);
  });

  it('are given up when the retries are used up, which the events list shows', async () => {
    simulator.controls.configureWebhooks({ retryDelaysMs: [0] });
    receiver.answer = () => 500;
    await open();
    await expect.poll(() => simulator.controls.webhooks.failed).toBe(1);
    receiver.answer = () => 200;
    const delivered = await open();
    await simulator.controls.flushWebhooks();
    const missing = await stripe.events.list({ delivery_success: false });
    expect(missing.data).toHaveLength(1);
    const [arrived] = (await stripe.events.list({ delivery_success: true })).data;
    expect(arrived?.data.object).toMatchObject({ id: delivered.id });
  });

  it('survive a receiver that is not there', async () => {
    simulator.setWebhook({ url: 'http://127.0.0.1:9/none', secret: SECRET });
    simulator.controls.configureWebhooks({ retryDelaysMs: [0] });
    await open();
    await expect.poll(() => simulator.controls.webhooks).toMatchObject({ failed: 1, pending: 0 });
  });

  it('come several times when they are duplicated', async () => {
    simulator.controls.configureWebhooks({ duplicates: { min: 3, max: 3 } });
    await open();
    await simulator.controls.flushWebhooks();
    expect(new Set(receiver.deliveries.map(({ event }) => event.id)).size).toBe(1);
    expect(receiver.deliveries).toHaveLength(3);
  });

  it('overtake each other when they are shuffled', async () => {
    // Copies, jitter and place of each of the two events.
    const draws = [0, 0, 0.9, 0, 0, 0.1];
    await simulator.close();
    ({ simulator, stripe } = await startWithClient({
      webhook: { url: receiver.url, secret: SECRET },
      random: () => draws.shift() ?? 0,
    }));
    // The second event is there long before the first is sent.
    simulator.controls.configureWebhooks({ shuffle: 2_000 });
    await open();
    await stripe.customers.create({});
    await expect.poll(() => receiver.types()).toEqual(['customer.created', 'payment_intent.created']);
  });

  it('wait while they are paused', async () => {
    simulator.controls.configureWebhooks({ paused: true });
    await open();
    expect(simulator.controls.webhooks).toMatchObject({ pending: 1, attempts: 0 });
    simulator.controls.configureWebhooks({ paused: false });
    await expect.poll(() => receiver.deliveries.length).toBe(1);
  });

  it('go to each endpoint that wants the type, with its own secret', async () => {
    const endpoint = await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['charge.succeeded'] });
    expect(endpoint.secret).toMatch(/^whsec_/);
    expect(await stripe.webhookEndpoints.retrieve(endpoint.id)).not.toHaveProperty('secret');
    simulator.setWebhook(null);
    receiver.secret = endpoint.secret ?? '';
    const { id } = await open();
    simulator.controls.pay(id);
    await simulator.controls.flushWebhooks();
    expect(receiver.types()).toEqual(['charge.succeeded']);
    await stripe.webhookEndpoints.update(endpoint.id, { enabled_events: ['*'], disabled: true });
    await open();
    expect(simulator.controls.webhooks.pending).toBe(0);
    expect(await stripe.webhookEndpoints.del(endpoint.id)).toMatchObject({ deleted: true });
  });

  it('can be sent again, and made up', async () => {
    await open();
    await simulator.controls.flushWebhooks();
    const [event] = (await stripe.events.list()).data;
    simulator.controls.resend(event?.id ?? '');
    simulator.controls.emit({ type: 'charge.expired', data: { object: { id: 'ch_foreign', object: 'charge' } } });
    await simulator.controls.flushWebhooks();
    expect(receiver.types().toSorted()).toEqual(['charge.expired', 'payment_intent.created', 'payment_intent.created']);
  });
});

describe('the control plane', () => {
  const control = async (method: string, path: string, body?: object): Promise<[number, unknown]> => {
    const answer = await fetch(`${simulator.url}/_sandbox/${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return [answer.status, await answer.json()];
  };

  it('pays, settles, refunds and disputes over HTTP', async () => {
    const { id } = await open();
    expect(await control('POST', `payment_intents/${id}/pay`, { iban: 'DE89370400440532013000' })).toMatchObject([
      200,
      { status: 'processing' },
    ]);
    expect(await control('POST', `payment_intents/${id}/settle`, { outcome: 'succeeded' })).toMatchObject([
      200,
      { status: 'succeeded' },
    ]);
    const refund = await stripe.refunds.create({ payment_intent: id, amount: 100 });
    expect(await control('POST', `refunds/${refund.id}`, { status: 'failed' })).toMatchObject([
      200,
      { status: 'failed' },
    ]);
    const [, dispute] = (await control('POST', 'disputes', { payment_intent: id })) as [number, Stripe.Dispute];
    expect(await control('POST', `disputes/${dispute.id}`, { status: 'lost' })).toMatchObject([
      200,
      { status: 'lost' },
    ]);
    const [, state] = await control('GET', 'state');
    expect(state).toMatchObject({
      payment_intents: [{ id }],
      refunds: [{ is_release: false }],
      disputes: [{ id: dispute.id }],
    });
    expect(JSON.stringify(state)).not.toContain('_secret_');
  });

  it('answers a decline as Stripe does', async () => {
    const { id } = await open();
    const answer = await control('POST', `payment_intents/${id}/pay`, { card: '4000000000000002' });
    expect(answer).toMatchObject([402, { error: { type: 'card_error', decline_code: 'generic_decline' } }]);
  });

  it('refuses what it does not know', async () => {
    expect((await control('PUT', 'webhooks', { speed: 1 }))[0]).toBe(400);
    expect((await control('PUT', 'faults', { rate: 2 }))[0]).toBe(400);
    expect((await control('POST', 'nothing'))[0]).toBe(404);
  });

  it('begins again after a reset', async () => {
    await open({ idempotencyKey: 'k' });
    await control('PUT', 'faults', [{ status: 503 }]);
    expect((await control('POST', 'reset'))[0]).toBe(200);
    expect(simulator.controls.state().payment_intents).toEqual([]);
    await open({ idempotencyKey: 'k' });
    await expect.poll(() => receiver.types().length).toBeGreaterThan(0);
  });
});

it('serves a script for the page', async () => {
  const script = await (await fetch(`${simulator.url}/_sandbox/stripe.js`)).text();
  expect(script).toContain('pk_test_sandbox');
  expect(script).toContain(simulator.url);
});
