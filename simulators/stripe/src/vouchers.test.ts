import type Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StripeSimulator } from './simulator.ts';
import { type Receiver, refusalOf, SECRET, startReceiver, startWithClient } from './testing.ts';

const DAY_MS = 86_400_000;
let simulator: StripeSimulator;
let stripe: Stripe;
let receiver: Receiver;
let customer: string;

beforeAll(async () => {
  receiver = await startReceiver();
  ({ simulator, stripe } = await startWithClient({ webhook: { url: receiver.url, secret: SECRET } }));
});
afterAll(async () => {
  await simulator.close();
  await receiver.close();
});
beforeEach(async () => {
  simulator.controls.reset();
  simulator.controls.configure({ voucherDelayMs: null, alsoOffers: ['multibanco', 'customer_balance'] });
  receiver.deliveries.length = 0;
  ({ id: customer } = await stripe.customers.create({ name: 'Ada' }));
});

const opened = (currency: string, params: object = {}) =>
  stripe.paymentIntents.create({ amount: 5000, currency, customer, ...params });
const told = async () => {
  await simulator.controls.flushWebhooks();
  return receiver.deliveries.map(({ event }) => event).filter(({ type }) => !/created|attached/.test(type));
};

describe.each([
  ['multibanco', 'eur', 'multibanco_display_details', 7],
  ['boleto', 'brl', 'boleto_display_details', 3],
  ['oxxo', 'mxn', 'oxxo_display_details', 3],
  ['konbini', 'jpy', 'konbini_display_details', 3],
] as const)('%s', (type, currency, action, days) => {
  const handedOut = async () => {
    const { id } = await opened(currency);
    simulator.controls.pay(id, { type });
    return stripe.paymentIntents.retrieve(id);
  };

  it('leaves the shopper with a voucher that names what it is paid with, and until when', async () => {
    const { status, next_action: given, latest_charge: charge } = await handedOut();
    expect([status, given?.type]).toEqual(['requires_action', action]);
    const details = (given as unknown as Record<string, Record<string, unknown>>)[action] ?? {};
    const expires = Number(details.expires_at ?? details.expires_after) * 1000;
    expect(Math.abs(expires - Date.now() - days * DAY_MS)).toBeLessThan(60_000);
    expect((await stripe.charges.retrieve(charge as string)).status).toBe('pending');
    expect((await told()).map(({ type: each }) => each).toSorted()).toEqual([
      'charge.pending',
      'payment_intent.requires_action',
    ]);
  });

  it('succeeds when it is paid later', async () => {
    const { id } = await handedOut();
    simulator.controls.advanceClock(2 * DAY_MS);
    simulator.controls.fund(id);
    const { status, amount_received: received } = await stripe.paymentIntents.retrieve(id);
    expect([status, received]).toEqual(['succeeded', 5000]);
    const events = await told();
    expect(events.map(({ type: each }) => each)).toEqual(
      expect.arrayContaining(['charge.succeeded', 'payment_intent.succeeded']),
    );
    const created = events.find((each) => each.type === 'payment_intent.succeeded')?.created ?? 0;
    expect(created * 1000).toBeGreaterThan(Date.now() + DAY_MS);
    // Its time is over, and it stays paid.
    simulator.controls.advanceClock(9 * DAY_MS);
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
  });

  it('expires when nobody pays it in time, and another way can be chosen', async () => {
    const { id } = await handedOut();
    simulator.controls.advanceClock(days * DAY_MS);
    const expired = await stripe.paymentIntents.retrieve(id);
    expect([expired.status, expired.next_action, expired.last_payment_error?.code]).toEqual([
      'requires_payment_method',
      null,
      'payment_intent_payment_attempt_expired',
    ]);
    expect((await told()).map(({ type: each }) => each)).toEqual(
      expect.arrayContaining(['charge.failed', 'payment_intent.payment_failed']),
    );
    simulator.controls.pay(id);
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
  });

  it('is void once another way was chosen, or the PaymentIntent is canceled', async () => {
    const [replaced, canceled] = [await handedOut(), await handedOut()];
    simulator.controls.pay(replaced.id);
    await stripe.paymentIntents.cancel(canceled.id);
    for (const { latest_charge: charge } of [replaced, canceled])
      expect((await stripe.charges.retrieve(charge as string)).status).toBe('failed');
    simulator.controls.advanceClock(days * DAY_MS);
    expect((await stripe.paymentIntents.retrieve(replaced.id)).status).toBe('succeeded');
  });

  it('is paid whole or not at all', async () => {
    const { id } = await handedOut();
    expect(() => simulator.controls.fund(id, 100)).toThrow('A voucher is paid whole.');
  });
});

it('a bank transfer that is made in parts tells what is missing, and succeeds with the last part', async () => {
  const { id } = await opened('eur');
  simulator.controls.pay(id, { type: 'customer_balance' });
  simulator.controls.fund(id, 2000);
  const { status, next_action: action } = await stripe.paymentIntents.retrieve(id);
  expect([status, action?.display_bank_transfer_instructions?.amount_remaining]).toEqual(['requires_action', 3000]);
  simulator.controls.fund(id, 3000);
  expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
  expect((await told()).map(({ type }) => type)).toEqual(
    expect.arrayContaining(['payment_intent.partially_funded', 'charge.succeeded', 'payment_intent.succeeded']),
  );
});

it('offers a bank transfer to customers only, and no voucher for a later capture', async () => {
  const guest = await stripe.paymentIntents.create({ amount: 5000, currency: 'eur' });
  expect(guest.payment_method_types).not.toContain('customer_balance');
  expect((await opened('eur')).payment_method_types).toContain('customer_balance');
  expect((await opened('eur', { capture_method: 'manual' })).payment_method_types).not.toContain('multibanco');
});

it.each([
  ['a.succeed_immediately@example.com', 'succeeded'],
  ['a.expire_immediately@example.com', 'requires_payment_method'],
  ['a.fill_never@example.com', 'requires_action'],
])('does with the voucher of %s what test mode does: %s', async (email, status) => {
  simulator.controls.configure({ voucherDelayMs: 60_000 });
  const { id } = await opened('mxn');
  const billing_details = { name: 'Ada', email };
  await stripe.paymentIntents.confirm(id, {
    payment_method_data: { type: 'oxxo', billing_details },
    return_url: 'https://shop.example/back',
  });
  simulator.controls.advanceClock(60_000);
  expect((await stripe.paymentIntents.retrieve(id)).status).toBe(status);
});

it('an authorisation that nobody captures in time is canceled by Stripe itself, which tells that the charge expired', async () => {
  const { id } = await opened('eur', { capture_method: 'manual' });
  simulator.controls.pay(id);
  simulator.controls.advanceClock(7 * DAY_MS - 1000);
  expect((await stripe.paymentIntents.retrieve(id)).status).toBe('requires_capture');
  simulator.controls.advanceClock(1000);
  const { status, cancellation_reason: reason } = await stripe.paymentIntents.retrieve(id);
  expect([status, reason]).toEqual(['canceled', 'automatic']);
  expect((await told()).map(({ type }) => type)).toEqual(
    expect.arrayContaining(['charge.expired', 'payment_intent.canceled']),
  );
});

it('refuses a Boleto without a tax ID', async () => {
  const { id } = await opened('brl');
  const refusal = await refusalOf(
    stripe.paymentIntents.confirm(id, {
      payment_method_data: { type: 'boleto' },
      return_url: 'https://shop.example/back',
    }),
  );
  expect(refusal).toMatchObject({ statusCode: 400, param: 'boleto[tax_id]' });
});
