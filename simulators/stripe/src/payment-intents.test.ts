import type Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StripeSimulator } from './simulator.ts';
import { refusalOf, startWithClient } from './testing.ts';

let simulator: StripeSimulator;
let stripe: Stripe;

beforeAll(async () => {
  ({ simulator, stripe } = await startWithClient());
});
afterAll(() => simulator.close());
beforeEach(() => {
  simulator.controls.reset();
  simulator.controls.configure({ settleDelayMs: null });
});

const open = (params: Partial<Stripe.PaymentIntentCreateParams> = {}) =>
  stripe.paymentIntents.create({
    amount: 1000,
    currency: 'eur',
    automatic_payment_methods: { enabled: true },
    ...params,
  });
const types = (): string[] => [...simulator.controls.events()].map(({ type }) => type);
const chargeOf = async (id: string): Promise<Stripe.Charge> => {
  const { latest_charge } = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge.balance_transaction'] });
  return latest_charge as Stripe.Charge;
};

describe('the life of a PaymentIntent', () => {
  it('is paid at once with a card, and its charge carries the metadata of that moment', async () => {
    const { id } = await open({ metadata: { order: '1', gone: 'x' } });
    await stripe.paymentIntents.update(id, { metadata: { gone: '', late: 'no' } });
    simulator.controls.pay(id);
    await stripe.paymentIntents.update(id, { metadata: { later: 'yes' } });
    const paid = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge', 'payment_method'] });
    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 1000, amount_capturable: 0, next_action: null });
    expect(paid.metadata).toEqual({ order: '1', late: 'no', later: 'yes' });
    expect(paid.latest_charge).toMatchObject({
      object: 'charge',
      captured: true,
      amount_captured: 1000,
      metadata: { order: '1', late: 'no' },
      payment_method_details: { type: 'card', card: { brand: 'visa', last4: '4242' } },
    });
    expect(types()).toEqual(['payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded']);
  });

  it('captures a part of an authorisation and lets go of the rest', async () => {
    const { id } = await open({ capture_method: 'manual' });
    expect(simulator.controls.pay(id)).toMatchObject({ status: 'requires_capture', amount_capturable: 1000 });
    const captured = await stripe.paymentIntents.capture(id, { amount_to_capture: 600 });
    expect(captured).toMatchObject({ status: 'succeeded', amount_received: 600, amount_capturable: 0 });
    const charge = await stripe.charges.retrieve(String(captured.latest_charge), { expand: ['refunds'] });
    expect(charge).toMatchObject({
      captured: true,
      amount: 1000,
      amount_captured: 600,
      amount_refunded: 400,
      refunded: false,
    });
    expect(charge.refunds?.data).toMatchObject([{ amount: 400, balance_transaction: null, status: 'succeeded' }]);
    expect(types().slice(3)).toEqual([
      'charge.captured',
      'payment_intent.succeeded',
      'refund.created',
      'charge.refunded',
    ]);
  });

  it('leaves no trace of a release where the account is told so', async () => {
    simulator.controls.configure({ releases: 'none' });
    const { id } = await open({ capture_method: 'manual' });
    simulator.controls.pay(id);
    await stripe.paymentIntents.capture(id, { amount_to_capture: 600 });
    expect(await chargeOf(id)).toMatchObject({ amount_captured: 600, amount_refunded: 0 });
    expect((await stripe.refunds.list({ payment_intent: id })).data).toEqual([]);
  });

  it('captures several times, each with its own balance transaction, when multicapture was asked for', async () => {
    const { id } = await open({
      capture_method: 'manual',
      payment_method_options: { card: { request_multicapture: 'if_available' } },
    });
    simulator.controls.pay(id);
    const first = await stripe.paymentIntents.capture(id, { amount_to_capture: 300, final_capture: false });
    expect(first).toMatchObject({ status: 'requires_capture', amount_received: 300, amount_capturable: 700 });
    const afterFirst = await chargeOf(id);
    expect(afterFirst).toMatchObject({ captured: false, amount_captured: 300 });
    const last = await stripe.paymentIntents.capture(id, { amount_to_capture: 700 });
    expect(last).toMatchObject({ status: 'succeeded', amount_received: 1000, amount_capturable: 0 });
    const afterLast = await chargeOf(id);
    expect(afterLast).toMatchObject({ captured: true, amount_captured: 1000, amount_refunded: 0 });
    expect(afterLast.balance_transaction).not.toEqual(afterFirst.balance_transaction);
    const updates = (await stripe.events.list({ type: 'charge.updated' })).data.map(
      ({ data }) => data.previous_attributes,
    );
    expect(updates).toMatchObject([{ amount_captured: 300, captured: false }, { amount_captured: 0 }]);
    const booked = await stripe.balanceTransactions.list({ source: afterLast.id });
    expect(booked.data.map(({ amount }) => amount)).toEqual([700, 300]);
  });

  it('refuses a non-final capture without multicapture, and more than is capturable', async () => {
    const { id } = await open({ capture_method: 'manual' });
    simulator.controls.pay(id);
    const notFinal = await refusalOf(stripe.paymentIntents.capture(id, { amount_to_capture: 1, final_capture: false }));
    expect(notFinal).toMatchObject({ statusCode: 400, param: 'final_capture' });
    const tooMuch = await refusalOf(stripe.paymentIntents.capture(id, { amount_to_capture: 1001 }));
    expect(tooMuch).toMatchObject({ statusCode: 400, code: 'amount_too_large', param: 'amount_to_capture' });
  });

  it('captures 15 % above what was authorised where that was asked for, once and no more', async () => {
    const { id } = await open({
      capture_method: 'manual',
      payment_method_options: { card: { request_overcapture: 'if_available' } },
    });
    simulator.controls.pay(id);
    expect((await chargeOf(id)).payment_method_details?.card?.overcapture).toEqual({
      maximum_amount_capturable: 1150,
      status: 'available',
    });
    const tooMuch = await refusalOf(stripe.paymentIntents.capture(id, { amount_to_capture: 1151 }));
    expect(tooMuch).toMatchObject({ code: 'amount_too_large' });
    const captured = await stripe.paymentIntents.capture(id, { amount_to_capture: 1150 });
    expect(captured).toMatchObject({ status: 'succeeded', amount: 1000, amount_received: 1150 });
    expect(await chargeOf(id)).toMatchObject({ captured: true, amount: 1000, amount_captured: 1150 });
    await stripe.refunds.create({ payment_intent: id, amount: 1150 });
    expect(await chargeOf(id)).toMatchObject({ amount_refunded: 1150, refunded: true });
  });

  it('raises an authorisation where that was asked for, tells of it, and declines what the card does not have', async () => {
    const { id } = await open({
      capture_method: 'manual',
      payment_method_options: { card: { request_incremental_authorization: 'if_available' } },
    });
    simulator.controls.pay(id);
    const raised = await stripe.paymentIntents.incrementAuthorization(id, { amount: 1500, metadata: { why: 'more' } });
    expect(raised).toMatchObject({ amount: 1500, amount_capturable: 1500, status: 'requires_capture' });
    expect(raised.metadata).toMatchObject({ why: 'more' });
    expect(await chargeOf(id)).toMatchObject({ amount: 1500 });
    expect(types().slice(-2)).toEqual(['charge.updated', 'payment_intent.amount_capturable_updated']);
    const declined = await refusalOf(stripe.paymentIntents.incrementAuthorization(id, { amount: 3001 }));
    expect(declined).toMatchObject({ statusCode: 402, code: 'card_declined' });
    const less = await refusalOf(stripe.paymentIntents.incrementAuthorization(id, { amount: 1500 }));
    expect(less).toMatchObject({ statusCode: 400, param: 'amount' });
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ amount: 1500 });
  });

  it('takes goods that come to the amount, and no others unless it is asked to', async () => {
    const item = { product_name: 'Chair', product_code: 'C-1', quantity: 2, unit_cost: 400 };
    const goods = { line_items: [{ ...item, tax: { total_tax_amount: 100 } }], shipping: { amount: 150 } };
    const fitting = { ...goods, discount_amount: 50 };
    await open({ amount: 1000, amount_details: fitting });
    const other = await refusalOf(open({ amount: 1000, amount_details: goods }));
    expect(other).toMatchObject({ statusCode: 400, param: 'amount_details[line_items]' });
    const { id } = await open({ amount: 1000, amount_details: { ...goods, enforce_arithmetic_validation: false } });
    const changed = await refusalOf(stripe.paymentIntents.update(id, { amount: 1100, amount_details: fitting }));
    expect(changed).toMatchObject({ param: 'amount_details[line_items]' });
    const clear = { line_items: '', shipping: '', discount_amount: '' } as const;
    expect(await stripe.paymentIntents.update(id, { amount: 1100, amount_details: clear })).toMatchObject({
      amount: 1100,
    });
    for (const wrong of [
      { amount_details: { goods: 'x' } },
      { amount_details: { line_items: [{ ...item, colour: 'red' }] } },
      { amount_details: { line_items: [{ ...item, tax: { total_tax_amount: 0, rate: 19 } }] } },
      { payment_details: { invoice: '1' } },
    ]) {
      expect(await refusalOf(open(wrong as never))).toMatchObject({ code: 'parameter_unknown' });
    }
    const long = { line_items: [{ ...item, product_name: 'x'.repeat(1025) }] };
    expect(await refusalOf(open({ amount: 800, amount_details: long }))).toMatchObject({ statusCode: 400 });
    for (const kind of ['shipping', 'discount_amount']) {
      const update = { amount_details: { line_items: '', [kind]: 'wrong' } as never };
      expect(await refusalOf(stripe.paymentIntents.update(id, update))).toMatchObject({ statusCode: 400 });
    }
  });

  it('raises none that was not asked for, or is captured', async () => {
    const { id } = await open({ capture_method: 'manual' });
    simulator.controls.pay(id);
    const refusal = await refusalOf(stripe.paymentIntents.incrementAuthorization(id, { amount: 1500 }));
    expect(refusal).toMatchObject({ statusCode: 400 });
    await stripe.paymentIntents.capture(id);
    const late = await refusalOf(stripe.paymentIntents.incrementAuthorization(id, { amount: 1500 }));
    expect(late).toMatchObject({ code: 'payment_intent_unexpected_state' });
  });

  it('holds money for 30 days where that was asked for', async () => {
    const { id, created } = await open({
      capture_method: 'manual',
      payment_method_options: { card: { request_extended_authorization: 'if_available' } },
    });
    simulator.controls.pay(id);
    expect((await chargeOf(id)).payment_method_details?.card).toMatchObject({
      capture_before: created + 30 * 86_400,
      extended_authorization: { status: 'enabled' },
    });
    const DAY_MS = 86_400_000;
    simulator.controls.advanceClock(29 * DAY_MS);
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: 'requires_capture' });
    simulator.controls.advanceClock(2 * DAY_MS);
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: 'canceled' });
  });

  it('cancels what is left after a partial capture', async () => {
    const { id } = await open({
      capture_method: 'manual',
      payment_method_options: { card: { request_multicapture: 'if_available' } },
    });
    simulator.controls.pay(id);
    await stripe.paymentIntents.capture(id, { amount_to_capture: 300, final_capture: false });
    const canceled = await stripe.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' });
    expect(canceled).toMatchObject({ status: 'canceled', amount_received: 300, cancellation_reason: 'abandoned' });
    expect(types().at(-1)).toBe('payment_intent.canceled');
  });

  it.each(['capture', 'cancel', 'confirm'] as const)(
    'refuses to %s a succeeded one, and shows it in the error',
    async (verb) => {
      const { id } = await open();
      simulator.controls.pay(id);
      const refusal = await refusalOf(
        stripe.paymentIntents[verb](id, verb === 'confirm' ? { return_url: 'https://a.test' } : {}),
      );
      expect(refusal).toMatchObject({
        statusCode: 400,
        type: 'StripeInvalidRequestError',
        code: 'payment_intent_unexpected_state',
        payment_intent: { id, status: 'succeeded' },
      });
    },
  );

  it('changes amount and currency only while it waits for the shopper; metadata always', async () => {
    const { id } = await open();
    expect(await stripe.paymentIntents.update(id, { amount: 1500, currency: 'usd' })).toMatchObject({
      amount: 1500,
      currency: 'usd',
    });
    simulator.controls.pay(id);
    const refusal = await refusalOf(stripe.paymentIntents.update(id, { amount: 1 }));
    expect(refusal).toMatchObject({ code: 'payment_intent_unexpected_state', payment_intent: { id } });
    expect((await stripe.paymentIntents.update(id, { metadata: { a: '1' } })).metadata).toEqual({ a: '1' });
  });

  it.each(['succeeded', 'failed'] as const)('a SEPA debit stays processing until it has %s', async (outcome) => {
    const { id } = await open();
    expect(simulator.controls.pay(id, { iban: 'DE89370400440532013000' }).status).toBe('processing');
    expect(await chargeOf(id)).toMatchObject({ status: 'pending', paid: false });
    expect(simulator.controls.settle(id, outcome).status).toBe(
      outcome === 'succeeded' ? 'succeeded' : 'requires_payment_method',
    );
    expect(types().slice(1)).toEqual([
      'charge.pending',
      'payment_intent.processing',
      ...(outcome === 'succeeded'
        ? ['charge.succeeded', 'payment_intent.succeeded']
        : ['charge.failed', 'payment_intent.payment_failed']),
    ]);
  });

  it('sends a 3-D Secure shopper to the test page and back to the shop', async () => {
    const { id, client_secret } = await open();
    const asked = await stripe.paymentIntents.confirm(id, {
      payment_method: 'pm_card_threeDSecure2Required',
      return_url: 'https://shop.test/done?cartId=1',
    });
    expect(asked.status).toBe('requires_action');
    const url = asked.next_action?.redirect_to_url?.url ?? '';
    const page = await (await fetch(url)).text();
    expect(page).toContain('threeds-complete');
    const back = await fetch(url.replace('?', '/finish?outcome=complete&'), { method: 'POST', redirect: 'manual' });
    const location = new URL(back.headers.get('location') ?? '');
    expect(Object.fromEntries(location.searchParams)).toEqual({
      cartId: '1',
      payment_intent: id,
      payment_intent_client_secret: client_secret,
      redirect_status: 'succeeded',
    });
    const paid = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
    expect(paid.status).toBe('succeeded');
    expect((paid.latest_charge as Stripe.Charge).payment_method_details?.card?.three_d_secure?.result).toBe(
      'authenticated',
    );
  });

  it('takes back the payment method of a shopper who fails the authentication', async () => {
    const { id } = await open();
    const failed = simulator.controls.pay(id, { card: '4000002760003184', authentication: 'fail' });
    expect(failed).toMatchObject({
      status: 'requires_payment_method',
      payment_method: null,
      latest_charge: null,
      last_payment_error: { code: 'payment_intent_authentication_failure', type: 'invalid_request_error' },
    });
    expect(types().slice(1)).toEqual(['payment_intent.requires_action', 'payment_intent.payment_failed']);
  });

  it('saves the payment method of a customer who agreed, and charges it off-session later', async () => {
    const customer = await stripe.customers.create({ email: 'jenny@example.com' });
    const first = await open({ customer: customer.id, setup_future_usage: 'off_session' });
    const paid = simulator.controls.pay(first.id, { card: '4000002500003155' });
    const saved = await stripe.paymentMethods.list({ customer: customer.id, type: 'card' });
    expect(saved.data.map(({ id }) => id)).toEqual([paid.payment_method]);
    const later = await open({
      customer: customer.id,
      payment_method: String(paid.payment_method),
      off_session: true,
      confirm: true,
    });
    expect(later.status).toBe('succeeded');
    expect(types()).toContain('payment_method.attached');
  });

  it.each(['ideal', 'bancontact'])(
    'keeps the SEPA direct debit that %s leaves, not the method itself, and charges it later',
    async (type) => {
      const customer = await stripe.customers.create({ email: 'jenny@example.com' });
      const { id } = await open({ customer: customer.id, setup_future_usage: 'off_session' });
      const paid = simulator.controls.pay(id, { type });
      const charge = await stripe.charges.retrieve(String(paid.latest_charge));
      const details = (charge.payment_method_details as unknown as Record<string, { generated_sepa_debit?: string }>)[
        type
      ];
      const saved = await stripe.paymentMethods.list({ customer: customer.id });
      expect(saved.data).toMatchObject([{ id: details?.generated_sepa_debit, type: 'sepa_debit' }]);
      const own = await stripe.paymentMethods.retrieve(String(paid.payment_method));
      expect(own).toMatchObject({ type, customer: null });
      const [generated] = saved.data;
      const later = await open({
        customer: customer.id,
        payment_method: String(generated?.id),
        off_session: true,
        confirm: true,
      });
      expect(later.status).toBe('processing');
    },
  );

  it('leaves nothing behind when the method was only to be used once', async () => {
    const customer = await stripe.customers.create({});
    const { id } = await open({ customer: customer.id });
    simulator.controls.pay(id, { type: 'ideal' });
    expect((await stripe.paymentMethods.list({ customer: customer.id })).data).toEqual([]);
  });

  it('declines off-session what always needs the shopper', async () => {
    const customer = await stripe.customers.create({});
    const refusal = await refusalOf(
      open({
        customer: customer.id,
        payment_method: 'pm_card_authenticationRequired',
        off_session: true,
        confirm: true,
      }),
    );
    expect(refusal).toMatchObject({
      statusCode: 402,
      code: 'authentication_required',
      payment_intent: { status: 'requires_payment_method' },
    });
  });

  it('an automatic_async charge gets its balance transaction later', async () => {
    simulator.controls.configure({ balanceDelayMs: 0 });
    const { id } = await open({ capture_method: 'automatic_async' });
    simulator.controls.pay(id);
    await expect.poll(types).toContain('charge.updated');
    const [updated] = (await stripe.events.list({ type: 'charge.updated' })).data;
    expect(updated?.data.previous_attributes).toEqual({ balance_transaction: null });
    expect((await chargeOf(id)).balance_transaction).toMatchObject({ amount: 1000, currency: 'eur', type: 'charge' });
  });

  it('settles foreign currencies in the currency of the account', async () => {
    const { id } = await open({ currency: 'usd', capture_method: 'automatic' });
    simulator.controls.pay(id);
    expect((await chargeOf(id)).balance_transaction).toMatchObject({
      amount: 900,
      currency: 'eur',
      exchange_rate: 0.9,
    });
  });
});

describe('test cards', () => {
  it.each([
    ['4000000000000002', 'card_declined', 'generic_decline'],
    ['4000000000009995', 'card_declined', 'insufficient_funds'],
    ['4000000000009987', 'card_declined', 'lost_card'],
    ['4000000000009979', 'card_declined', 'stolen_card'],
    ['4000000000000069', 'expired_card', 'expired_card'],
    ['4000000000000127', 'incorrect_cvc', 'incorrect_cvc'],
    ['4000000000000119', 'processing_error', 'processing_error'],
    ['4000000000006975', 'card_declined', 'card_velocity_exceeded'],
    ['4100000000000019', 'card_declined', 'fraudulent'],
    ['4000008400001629', 'card_declined', 'generic_decline'],
    ['4012888888881881', 'card_declined', 'test_mode_live_card'],
  ])('%s ends in %s / %s', async (card, code, declineCode) => {
    const { id } = await open();
    try {
      simulator.controls.pay(id, { card });
    } catch (error) {
      expect(error).toMatchObject({ status: 402, body: { type: 'card_error', code, decline_code: declineCode } });
    }
    const declined = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
    expect(declined).toMatchObject({
      status: 'requires_payment_method',
      payment_method: null,
      last_payment_error: { type: 'card_error', code, decline_code: declineCode },
      latest_charge: { status: 'failed', paid: false, failure_code: code },
    });
    expect(types().slice(-2)).toEqual(['charge.failed', 'payment_intent.payment_failed']);
  });

  it.each(['4242424242424242', '5555555555554444', '378282246310005', '4000000000000077', '4000000000003220'])(
    '%s pays',
    async (card) => {
      const { id } = await open();
      expect(simulator.controls.pay(id, { card }).status).toBe('succeeded');
    },
  );

  it.each([
    ['4242424242424241', 'incorrect_number', 'number', {}],
    ['4242424242424242', 'invalid_expiry_year', 'exp_year', { exp_year: 2001 }],
    ['4242424242424242', 'invalid_cvc', 'cvc', { cvc: '1' }],
  ])('%s is refused as a payment method: %s', async (number, code, param, change) => {
    const card = { number, exp_month: 12, exp_year: new Date().getFullYear() + 2, cvc: '123', ...change };
    const refusal = await refusalOf(stripe.paymentMethods.create({ type: 'card', card }));
    expect(refusal).toMatchObject({ type: 'StripeCardError', statusCode: 402, code, param });
  });

  it('the same PaymentIntent succeeds after a decline', async () => {
    const { id } = await open();
    expect(() => simulator.controls.pay(id, { card: '4000000000000002' })).toThrow('Your card was declined.');
    expect(simulator.controls.pay(id)).toMatchObject({ status: 'succeeded', last_payment_error: null });
    expect((await stripe.charges.list({ payment_intent: id })).data.map(({ status }) => status)).toEqual([
      'succeeded',
      'failed',
    ]);
  });
});

describe("a shopper's page", () => {
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${simulator.url}${path}`, {
      ...init,
      headers: { authorization: 'Bearer pk_test_sandbox1', 'content-type': 'application/x-www-form-urlencoded' },
    });

  it('confirms with the client secret and sees only what it may', async () => {
    const { id, client_secret } = await open({ metadata: { secret: 'x' } });
    const body = new URLSearchParams({
      client_secret: String(client_secret),
      'payment_method_data[type]': 'card',
      'payment_method_data[card][number]': '4242 4242 4242 4242',
      'payment_method_data[card][exp_month]': '12',
      'payment_method_data[card][exp_year]': '40',
      'payment_method_data[card][cvc]': '123',
      use_stripe_sdk: 'true',
    });
    const answer = await call(`/v1/payment_intents/${id}/confirm`, { method: 'POST', body: body.toString() });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const shown = (await answer.json()) as Record<string, unknown>;
    expect(shown).toMatchObject({ id, status: 'succeeded', client_secret });
    expect(shown).not.toHaveProperty('metadata');
    expect(shown).not.toHaveProperty('latest_charge');
  });

  it('is refused without the client secret, and on everything else', async () => {
    const { id } = await open();
    expect((await call(`/v1/payment_intents/${id}?client_secret=${id}_secret_wrong`)).status).toBe(400);
    expect((await call('/v1/customers')).status).toBe(401);
  });
});
