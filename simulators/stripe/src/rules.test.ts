import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StripeSimulator } from './simulator.ts';
import { refusalOf, startWithClient } from './testing.ts';

let simulator: StripeSimulator;
let stripe: Stripe;

beforeAll(async () => {
  ({ simulator, stripe } = await startWithClient());
});
afterAll(() => simulator.close());

const RETURN = { return_url: 'https://shop.example' };
const open = (params: object = {}) => stripe.paymentIntents.create({ amount: 1000, currency: 'eur', ...params });
const pay = (params: object = {}) => open({ confirm: true, payment_method: 'pm_card_visa', ...RETURN, ...params });
const post = async (path: string, body: string, key: string) => {
  const answer = await fetch(`http://127.0.0.1:${simulator.port}${path}`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer sk_test_x',
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': key,
    },
    body,
  });
  return (await answer.json()) as { id?: string; error?: { type: string; message: string } };
};

describe('one of two parameters alone', () => {
  it.each<[string, () => Promise<unknown>, string]>([
    [
      'what a refund is of',
      async () => {
        const { id, latest_charge } = await pay();
        return stripe.refunds.create({ payment_intent: id, charge: String(latest_charge) });
      },
      'charge, payment_intent',
    ],
    [
      'the end that a page is at',
      async () => {
        const { id } = await open();
        return stripe.paymentIntents.list({ starting_after: id, ending_before: id });
      },
      'ending_before, starting_after',
    ],
    [
      'how the methods are chosen',
      () =>
        stripe.paymentIntents.create(
          {
            amount: 1000,
            currency: 'eur',
            automatic_payment_methods: { enabled: true },
            payment_method_types: ['card'],
          } as never,
          { apiVersion: '2025-12-15.clover' },
        ),
      'automatic_payment_methods, payment_method_types',
    ],
  ])('says %s', async (_what, call, names) => {
    expect(await refusalOf(call())).toMatchObject({
      statusCode: 400,
      message: `You may only specify one of these parameters: ${names}.`,
    });
  });
});

describe('expand', () => {
  it.each([
    'latest_charge',
    'latest_charge.balance_transaction',
    'latest_charge.refunds',
    'customer',
    'payment_method',
  ])('takes %s', async (path) => {
    const { id } = await pay();
    expect((await stripe.paymentIntents.retrieve(id, { expand: [path] })).id).toBe(id);
  });

  it.each(['amount', 'metadata', 'canceled_at', 'status', 'latest_charge.amount', 'bogus'])(
    'refuses %s, which is no link',
    async (path) => {
      const { id } = await pay();
      expect(await refusalOf(stripe.paymentIntents.retrieve(id, { expand: [path] }))).toMatchObject({
        statusCode: 400,
        message: `This property cannot be expanded (${path}).`,
      });
    },
  );

  it('refuses a list without saying what of it', async () => {
    expect(await refusalOf(stripe.paymentIntents.list({ expand: ['data'] }))).toMatchObject({ statusCode: 400 });
  });

  it('goes four links deep', async () => {
    const { id } = await pay();
    const path = 'latest_charge.balance_transaction.source.payment_intent';
    expect((await stripe.paymentIntents.retrieve(id, { expand: [path] })).id).toBe(id);
    const refusal = await refusalOf(stripe.paymentIntents.retrieve(id, { expand: [`${path}.customer`] }));
    expect(refusal.message).toContain('You cannot expand more than 4 levels of a property');
  });
});

describe('an idempotency key', () => {
  it('is of the same request, in whatever order its parameters come', async () => {
    const { id } = await post('/v1/payment_intents', 'amount=1000&currency=eur&metadata[a]=1', 'order');
    expect(await post('/v1/payment_intents', 'metadata[a]=1&currency=eur&amount=1000', 'order')).toMatchObject({ id });
  });

  it('is refused for other parameters and for another endpoint, by its own name', async () => {
    await post('/v1/payment_intents', 'amount=1000&currency=eur', 'mine');
    const other = await post('/v1/payment_intents', 'amount=1001&currency=eur', 'mine');
    expect(other.error).toMatchObject({
      type: 'idempotency_error',
      message: expect.stringContaining("than 'mine' if"),
    });
    expect((await post('/v1/customers', 'name=Ada', 'mine')).error).toMatchObject({
      type: 'idempotency_error',
      message: expect.stringContaining("the same endpoint they were first used for ('/v1/payment_intents')"),
    });
  });
});

describe('a search', () => {
  const search = (query: string, params: object = {}) => stripe.customers.search({ query, ...params });

  it.each([
    "metadata['shop']:'a'",
    'metadata["it\\\'s"]:"it\\"s"',
    "email:'ada@example.com' AND -name:'x'",
    "name~'Ada'",
    'created>=5',
    "metadata['shop']:null",
  ])('takes %s', async (query) => {
    expect((await search(query)).object).toBe('search_result');
  });

  it('finds a value that holds the quote', async () => {
    const { id } = await stripe.customers.create({ metadata: { "it's": "Ada's" } });
    expect((await search("metadata['it\\'s']:'Ada\\'s'")).data.map((customer) => customer.id)).toEqual([id]);
  });

  it.each([
    ['a field that is not to be searched', "currency:'eur'", 'is an unsupported search field for resource `customers`'],
    ['AND beside OR', "email:'a' AND name:'b' OR phone:'1'", 'AND and OR'],
    ['more than ten clauses', Array.from({ length: 11 }, () => "name:'a'").join(' AND '), '10'],
    ['a part of a text that is too short', "name~'ab'", '3 characters'],
    ['a part of what is compared whole', "metadata['a']~'abc'", '~'],
    ['more or less of a text', "email>'a'", '>'],
  ])('refuses %s', async (_what, query, message) => {
    expect(await refusalOf(search(query))).toMatchObject({
      statusCode: 400,
      param: 'query',
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ['limit', { limit: 101 }],
    ['limit', { limit: 0 }],
    ['page', { page: 'bogus' }],
  ])('refuses a %s that is none', async (param, params) => {
    expect(await refusalOf(search("name:'a'", params))).toMatchObject({ statusCode: 400, param });
  });
});

describe('a payment method', () => {
  const method = () => stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
  const gone =
    'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.';

  it('that paid without being kept can neither pay nor be kept afterwards', async () => {
    const { id } = await method();
    await pay({ payment_method: id });
    const { id: customer } = await stripe.customers.create({});
    expect(await refusalOf(pay({ payment_method: id }))).toMatchObject({ statusCode: 400, message: gone });
    expect(await refusalOf(stripe.paymentMethods.attach(id, { customer }))).toMatchObject({ statusCode: 400 });
  });

  it('that was taken from its customer is of no use any more', async () => {
    const { id } = await method();
    const { id: customer } = await stripe.customers.create({});
    await stripe.paymentMethods.attach(id, { customer });
    await stripe.paymentMethods.detach(id);
    expect(await refusalOf(pay({ payment_method: id }))).toMatchObject({ statusCode: 400, message: gone });
    expect(await refusalOf(stripe.paymentMethods.attach(id, { customer }))).toMatchObject({ statusCode: 400 });
  });

  it('that was declined may be tried again', async () => {
    const { id } = await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_chargeDeclined' } });
    for (const _ of [1, 2]) expect(await refusalOf(pay({ payment_method: id }))).toMatchObject({ statusCode: 402 });
  });

  it.each(['eps', 'p24', 'klarna', 'ideal'])('%s pays also where methods are kept', async (type) => {
    const { id: customer } = await stripe.customers.create({});
    const { id, next_action } = await pay({
      customer,
      setup_future_usage: 'off_session',
      payment_method: undefined,
      payment_method_data: { type },
      ...(type === 'p24' && { currency: 'pln' }),
    });
    expect(next_action?.type).toBe('redirect_to_url');
    simulator.controls.finishAction(id, 'complete');
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
  });

  it('that pays once cannot be kept by itself', async () => {
    const { id } = await stripe.paymentMethods.create({ type: 'ideal' });
    const { id: customer } = await stripe.customers.create({});
    expect(await refusalOf(stripe.paymentMethods.attach(id, { customer }))).toMatchObject({ statusCode: 400 });
  });

  it('takes another billing address', async () => {
    const { id } = await method();
    const changed = await stripe.paymentMethods.update(id, {
      billing_details: { name: 'Ada', address: { city: 'Kiel' } },
    });
    expect(changed.billing_details).toMatchObject({ name: 'Ada', address: { city: 'Kiel' } });
  });
});

it.each([0, 11])('refuses to redisplay %i methods', async (limit) => {
  const { id: customer } = await stripe.customers.create({});
  const features = { payment_method_redisplay_limit: limit };
  const refusal = await refusalOf(
    stripe.customerSessions.create({ customer, components: { payment_element: { enabled: true, features } } }),
  );
  expect(refusal).toMatchObject({
    statusCode: 400,
    param: 'components[payment_element][features][payment_method_redisplay_limit]',
  });
});

it('refuses a receipt to what is no address', async () => {
  expect(await refusalOf(open({ receipt_email: 'ada' }))).toMatchObject({
    statusCode: 400,
    code: 'email_invalid',
    param: 'receipt_email',
  });
});

it('refuses less than a lev', async () => {
  expect(await refusalOf(open({ amount: 99, currency: 'bgn' }))).toMatchObject({ code: 'amount_too_small' });
});
