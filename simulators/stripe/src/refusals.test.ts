import type Stripe from 'stripe';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StripeSimulator } from './simulator.ts';
import { clientOf, refusalOf, startWithClient } from './testing.ts';

let simulator: StripeSimulator;
let stripe: Stripe;

beforeAll(async () => {
  ({ simulator, stripe } = await startWithClient());
});
afterAll(() => simulator.close());

const create = (params: object, options: Stripe.RequestOptions = {}) =>
  stripe.paymentIntents.create({ amount: 1000, currency: 'eur', ...params }, options);
const cardOption = (name: string, value: string) => ({ payment_method_options: { card: { [name]: value } } });
const NAMED = { name: 'Ada', address: { line1: 'Lange Straße 1' } };

it.each([
  [
    'a field of an address',
    { shipping: { ...NAMED, address: { line1: 'x', zip: '24103' } } },
    'shipping[address][zip]',
  ],
  ['a field of a shipping', { shipping: { ...NAMED, email: 'a@example.com' } }, 'shipping[email]'],
  [
    'an option of cards',
    { payment_method_options: { card: { multicapture: 'if_available' } } },
    'payment_method_options[card][multicapture]',
  ],
  ['a method', { payment_method_options: { visa: { x: 'y' } } }, 'payment_method_options[visa]'],
  ['an input of a hook', { hooks: { inputs: { tax: { id: 'x' } } } }, 'hooks[inputs][tax][id]'],
])('refuses %s that Stripe does not know', async (_what, params, param) => {
  expect(await refusalOf(create(params))).toMatchObject({ statusCode: 400, code: 'parameter_unknown', param });
});

it.each([
  ['a component', { components: { payment: { enabled: true } } }, 'components[payment]'],
  [
    'a feature of a component',
    { components: { payment_element: { enabled: true, features: { redisplay: 'enabled' } } } },
    'components[payment_element][features][redisplay]',
  ],
])('refuses %s of a customer session that Stripe does not know', async (_what, params, param) => {
  const { id: customer } = await stripe.customers.create({});
  const refusal = await refusalOf(stripe.customerSessions.create({ customer, ...params } as never));
  expect(refusal).toMatchObject({ statusCode: 400, code: 'parameter_unknown', param });
});

it.each([
  ['off_session', { off_session: 'perhaps' }],
  ['payment_method_options[card][stored_credential_usage]', cardOption('stored_credential_usage', 'sometimes')],
  ['payment_method_options[card][request_three_d_secure]', cardOption('request_three_d_secure', 'never')],
  ['payment_method_options[card][capture_method]', cardOption('capture_method', 'later')],
])('refuses a %s of none of its values', async (param, params) => {
  const confirmed = { confirm: true, payment_method: 'pm_card_visa', return_url: 'https://shop.example' };
  expect(await refusalOf(create({ ...confirmed, ...params }))).toMatchObject({ statusCode: 400, param });
});

it.each<[string, object, object]>([
  ['a number that is none', { application_fee_amount: 'much' }, { param: 'application_fee_amount' }],
  ['a list that is none', { excluded_payment_method_types: 'card' }, { param: 'excluded_payment_method_types' }],
  [
    'a method of a list that is none',
    { allowed_payment_method_types: ['visa'] },
    { param: 'allowed_payment_method_types[0]' },
  ],
  ['an object that is none', { shipping: 'home' }, { param: 'shipping' }],
  ['a text that is an object', { description: { de: 'x' } }, { param: 'description' }],
  [
    'half of what an object needs',
    { transfer_data: { amount: 5 } },
    { param: 'transfer_data[destination]', code: 'parameter_missing' },
  ],
  [
    'an option of another method',
    { payment_method_options: { sepa_debit: { capture_method: 'manual' } } },
    { param: 'payment_method_options[sepa_debit][capture_method]', code: 'parameter_unknown' },
  ],
  [
    'an item without its name',
    { amount_details: { line_items: [{ quantity: 1, unit_cost: 1000 }] } },
    { param: 'amount_details[line_items][0][product_name]', code: 'parameter_missing' },
  ],
  [
    'what an item does not have',
    { amount_details: { line_items: [{ product_name: 'x', quantity: 1, unit_cost: 1000, sku: 'x' }] } },
    { param: 'amount_details[line_items][0][sku]', code: 'parameter_unknown' },
  ],
  ['a switch that is neither on nor off', { use_stripe_sdk: 'perhaps' }, { param: 'use_stripe_sdk' }],
])('refuses %s', async (_what, params, refusal) => {
  expect(await refusalOf(create(params))).toMatchObject({ statusCode: 400, ...refusal });
});

it.each<[string, (stripe: Stripe) => Promise<unknown>, string]>([
  ['a list', (api) => api.paymentIntents.list({ created: { since: 1 } } as never), 'created[since]'],
  ['a list by type', (api) => api.paymentMethods.list({ type: 'visa' } as never), 'type'],
  [
    'a refund',
    (api) => api.refunds.create({ payment_intent: 'pi_1', reverse_transfer: 'x' } as never),
    'reverse_transfer',
  ],
  ['a customer', (api) => api.customers.create({ tax_exempt: 'yes' } as never), 'tax_exempt'],
  [
    'a customer session',
    (api) =>
      api.customerSessions.create({
        customer: 'cus_1',
        components: { payment_element: { features: { payment_method_save: 'enabled' } } },
      } as never),
    'components[payment_element][enabled]',
  ],
  ['a method', (api) => api.paymentMethods.create({ type: 'sepa_debit', sepa_debit: {} } as never), 'sepa_debit[iban]'],
])('refuses parameters of %s that are of another kind', async (_what, call, param) => {
  expect(await refusalOf(call(stripe))).toMatchObject({ statusCode: 400, param });
});

it.each([
  ['transfer_group', { transfer_group: 'order-1' }],
  ['radar_options', { radar_options: {} }],
  ['options of every method', { payment_method_options: { klarna: { preferred_locale: 'de-DE' } } }],
  ['empty texts, which unset', { description: '', metadata: { a: '' } }],
])('takes %s', async (_what, params) => {
  expect((await create(params)).status).toBe('requires_payment_method');
});

it.each(['line1', 'city', 'postal_code', 'country'])(
  'refuses an address whose %s has more than 5,000 characters',
  async (field) => {
    const refusal = await refusalOf(stripe.customers.create({ address: { line1: 'x', [field]: 'x'.repeat(5001) } }));
    expect(refusal).toMatchObject({ statusCode: 400, param: `address[${field}]` });
  },
);

it.each([
  ['description', 1000],
  ['statement_descriptor_suffix', 22],
])('refuses a %s of more than %i characters', async (param, max) => {
  await create({ [param]: 'x'.repeat(max) });
  expect(await refusalOf(create({ [param]: 'x'.repeat(max + 1) }))).toMatchObject({ statusCode: 400, param });
});

it.each([
  ['name', 256],
  ['email', 512],
  ['phone', 20],
])('refuses a customer’s %s of more than %i characters', async (param, max) => {
  const ofLength = (length: number) => (param === 'email' ? '@example.com' : '').padStart(length, 'x');
  await stripe.customers.create({ [param]: ofLength(max) });
  const refusal = await refusalOf(stripe.customers.create({ [param]: ofLength(max + 1) }));
  expect(refusal).toMatchObject({ statusCode: 400, param });
});

it.each(['2099-01-01.endive', '2026-10-28.fennel', '2026-10-28', '2024-01-01.basil', 'latest'])(
  'refuses the version %s, which never was',
  async (apiVersion) => {
    const refusal = await refusalOf(create({}, { apiVersion }));
    expect(refusal).toMatchObject({ statusCode: 400, message: `Invalid Stripe API version: ${apiVersion}` });
  },
);

it.each(['2026-10-28.endive', '2025-12-15.clover', '2026-02-25.clover', '2022-11-15'])(
  'takes the version %s',
  async (apiVersion) => {
    expect(
      (await clientOf(simulator, { apiVersion } as never).paymentIntents.create({ amount: 1000, currency: 'eur' })).id,
    ).toMatch(/^pi_/);
  },
);

it.each([
  ['an API version that never was', { api_version: 'latest' }, undefined],
  ['what is no event type', { enabled_events: ['charge'] }, 'enabled_events'],
  ['events that are not numbered', { enabled_events: { first: 'charge.failed' } }, 'enabled_events'],
])('refuses a webhook endpoint of %s', async (_what, params, param) => {
  const endpoint = { url: 'https://shop.example/hooks', enabled_events: ['charge.failed'], ...params };
  const refusal = await refusalOf(stripe.webhookEndpoints.create(endpoint as never));
  expect(refusal).toMatchObject({ statusCode: 400, ...(param && { param }) });
});

it('refuses what is no amount of an increment, whatever state the PaymentIntent is in', async () => {
  const { id } = await create({});
  const refusal = await refusalOf(stripe.paymentIntents.incrementAuthorization(id, { amount: 'more' as never }));
  expect(refusal).toMatchObject({ statusCode: 400, code: 'parameter_invalid_integer', param: 'amount' });
});

it('refuses an idempotency key of more than 255 characters', async () => {
  await create({}, { idempotencyKey: 'k'.repeat(255) });
  expect(await refusalOf(create({}, { idempotencyKey: 'k'.repeat(256) }))).toMatchObject({ statusCode: 400 });
});

it('refuses a payment method of another customer, also while nothing is confirmed', async () => {
  const [ada, bob] = [await stripe.customers.create({}), await stripe.customers.create({})];
  const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer: ada.id });
  for (const customer of [bob.id, undefined]) {
    const refusal = await refusalOf(create({ payment_method: id, ...(customer && { customer }) }));
    expect(refusal).toMatchObject({ statusCode: 400, param: 'payment_method' });
  }
});

it.each(['lock_timeout', 'rate_limit'])(
  'answers 429 %s while told to, and lets the next call through',
  async (code) => {
    simulator.controls.setFaults([{ match: 'POST /v1/payment_intents', status: 429, code, times: 1 }]);
    expect(await refusalOf(create({}))).toMatchObject({ statusCode: 429, code });
    expect((await create({})).status).toBe('requires_payment_method');
  },
);
