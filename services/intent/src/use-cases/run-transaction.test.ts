import { TransientError } from '@connector/errors';
import { METADATA, type Money } from '@connector/payment-model';
import { stripeRejection } from '@connector/testing/fakes';
import fc from 'fast-check';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { rememberingCarts } from '../adapters/remembered-carts.ts';
import { rememberingCustomers } from '../adapters/remembered-customers.ts';
import { statusOf } from '../domain/attempts.ts';
import { aCart, aPayment, aPaymentIntent, aTransaction, cent, euro, someBehaviour } from '../testing/builders.ts';
import { FakeWorld, failOnce } from '../testing/fake-world.ts';
import { openCheckout } from './open-checkout.ts';
import { type RunTransactionDeps, type RunTransactionRequest, runTransaction } from './run-transaction.ts';

const DAY_MS = 25 * 60 * 60 * 1000;
const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });

const aWorld = () => {
  const world = new FakeWorld(aCart({ customerId: 'customer-1' }));
  world.putCustomer({ id: 'customer-1', version: 1, email: 'ada@example.com', addresses: [] });
  world.stripe.addCustomer('cus_1');
  world.saveMethod('method-1');
  return world;
};

const depsOf = (world: FakeWorld, fields: Partial<RunTransactionDeps> = {}): RunTransactionDeps => ({
  isEnabled: true,
  carts: world.carts,
  customers: world.customers,
  payments: world.payments,
  paymentIntents: world.paymentIntents,
  storedMethods: world.storedMethods,
  events: world.events,
  inBackground: world.inBackground,
  settings: {
    projectKey: 'project',
    paymentInterface: 'checkout-stripe',
    behaviour: someBehaviour(),
    cardFeatures: {},
  },
  now: () => world.now,
  ...fields,
});

const ITEM = '0b54d1f2-6a6e-4a43-9d5b-1f2e3d4c5b6a';
const OTHER_ITEM = '7c1f5c7e-0d3e-4b5a-8f6d-2b1a0c9d8e7f';
const aRequest = (fields: Partial<RunTransactionRequest> = {}): RunTransactionRequest => ({
  cartId: 'cart-1',
  checkoutTransactionItemId: ITEM,
  paymentMethodId: 'method-1',
  ...fields,
});

const run = async (
  world: FakeWorld,
  fields: Partial<RunTransactionRequest> = {},
  deps: Partial<RunTransactionDeps> = {},
) => {
  const outcome = await runTransaction(depsOf(world, deps), aRequest(fields));
  await world.settled();
  return outcome;
};

/** Writes what the ledger writes after Stripe's webhook. */
const recordCharge = (world: FakeWorld, paymentId: string) =>
  world.addTransaction(paymentId, aTransaction('Charge', 'Success'));

const charged = (world: FakeWorld) => [...world.intents.values()].filter(({ status }) => status === 'succeeded');
/**
 * The PaymentIntents that somebody could still pay; one that waits for our confirmation counts only if its payment
 * names it.
 */
const payable = (world: FakeWorld) => {
  const named = new Set([...world.commercetools.stored.values()].map(({ interfaceId }) => interfaceId));
  return [...world.intents.values()].filter(
    (paymentIntent) =>
      statusOf(paymentIntent) === 'waiting' &&
      (paymentIntent.status !== 'requires_confirmation' || named.has(paymentIntent.id)),
  );
};

/**
 * The expected end of every story of one transaction: one charge, by the PaymentIntent that its payment on the cart
 * names.
 */
function expectOneCharge(world: FakeWorld, paymentId: string, amount = 1190) {
  const [paymentIntent, ...more] = charged(world);
  expect(more).toEqual([]);
  expect(payable(world)).toEqual([]);
  expect(paymentIntent).toMatchObject({ amount, metadata: { ct_payment_id: paymentId } });
  expect(world.paymentsOnCart()).toMatchObject([
    { id: paymentId, interfaceId: paymentIntent?.id, amountPlanned: { centAmount: amount } },
  ]);
}

describe('a merchant-initiated transaction', () => {
  it('stores each step before the next: payment, cart, PaymentIntent, its id, and only then the charge', async () => {
    const world = aWorld();
    const { state, paymentId } = await run(world);
    expect(state).toBe('Completed');
    expectOneCharge(world, paymentId);
    const writes = world.calls.filter((call) => !/get|list|query|search|publish|retrieve/.test(call));
    expect(writes).toEqual([
      'payments.create',
      'carts.update',
      'payment_intents.create',
      'payments.update',
      'payment_intents.confirm',
    ]);
    expect(JSON.stringify(world.published)).not.toContain('client_secret');
    expect(world.published).toMatchObject([{ type: 'checkout.payment.confirmed', data: { paymentId } }]);
  });

  it('holds the money where captures are manual', async () => {
    const world = aWorld();
    const behaviour = someBehaviour({ captureMethod: 'manual' });
    const settings = { ...depsOf(world).settings, behaviour };
    expect(await run(world, {}, { settings })).toMatchObject({ state: 'Completed' });
    expect([...world.intents.values()]).toMatchObject([{ status: 'requires_capture' }]);
  });

  it('can be captured in parts and raised if enabled, and continues without these features if Stripe refuses them', async () => {
    const settings = {
      ...depsOf(aWorld()).settings,
      behaviour: someBehaviour({ captureMethod: 'manual' }),
      cardFeatures: { multicapture: true, incrementalAuthorization: true },
    };
    for (const refuses of [false, true]) {
      const world = aWorld();
      const asked: unknown[] = [];
      world.stripe.refuseParams = (params) => {
        if (!('amount' in params)) return undefined;
        asked.push((params as Stripe.PaymentIntentCreateParams).payment_method_options?.card);
        const isAsked = asked.at(-1) !== undefined;
        return refuses && isAsked
          ? stripeRejection(undefined, { param: 'payment_method_options[card][request_multicapture]' })
          : undefined;
      };
      expect(await run(world, {}, { settings })).toMatchObject({ state: 'Completed' });
      const requests = { request_multicapture: 'if_available', request_incremental_authorization: 'if_available' };
      expect(asked).toEqual(refuses ? [requests, undefined] : [requests]);
    }
  });

  it.each([false, true])('sends line items to Stripe, or continues without them (refused: %s)', async (refuses) => {
    const world = aWorld();
    const chair = { name: { en: 'Chair' }, quantity: 1, totalPrice: { type: 'centPrecision' as const, ...euro(1190) } };
    world.changeCart({ lineItems: [chair] });
    const asked: unknown[] = [];
    world.stripe.refuseParams = (params) => {
      if (!('amount' in params)) return undefined;
      asked.push('amount_details' in params);
      return refuses && asked.at(-1) ? stripeRejection(undefined, { param: 'amount_details[line_items]' }) : undefined;
    };
    const settings = { ...depsOf(world).settings, lineItems: true };
    expect(await run(world, {}, { settings })).toMatchObject({ state: 'Completed' });
    expect(asked).toEqual(refuses ? [true, false] : [true]);
  });

  it('that is declined fails with the reason, and nobody can pay it any more', async () => {
    const world = aWorld();
    world.stripe.declines = () => 'insufficient_funds';
    expect(await run(world)).toMatchObject({ state: 'Failed', code: 'insufficient_funds' });
    expect([...world.intents.values()]).toMatchObject([{ status: 'canceled' }]);
  });

  it('tells a card’s bank that it is one of a series, and continues without that if Stripe does not accept it', async () => {
    const world = aWorld();
    const param = 'payment_method_options[card][stored_credential_usage]';
    world.stripe.refuseParams = (given) =>
      'payment_method_options' in given ? stripeRejection('parameter_unknown', { param }) : undefined;
    const card = { payment_method_options: { card: { stored_credential_usage: 'recurring' } } };
    expect(await run(world)).toMatchObject({ state: 'Completed' });
    expect(world.stripe.confirmations).toEqual([{ off_session: true, ...card }, { off_session: true }]);
  });

  it('of a bank debit sends nothing about a series', async () => {
    const world = aWorld();
    world.saveMethod('method-1', { method: 'sepa_debit' });
    await run(world);
    expect(world.stripe.confirmations).toEqual([{ off_session: true }]);
  });

  it('names the order that Checkout will make', async () => {
    const world = aWorld();
    const settings = { ...depsOf(world).settings, orderInDescription: true };
    await run(world, { futureOrderNumber: 'A-17' }, { settings });
    expect([...world.intents.values()]).toMatchObject([{ metadata: { order_number: 'A-17' }, description: 'A-17' }]);
  });

  it('fails with Stripe’s code when Stripe refuses before it asks the bank', async () => {
    const world = aWorld();
    world.stripe.refuse = (call) =>
      call.endsWith('confirm') ? stripeRejection('payment_method_unactivated') : undefined;
    expect(await run(world)).toMatchObject({ state: 'Failed', code: 'payment_method_unactivated' });
    expect([...world.intents.values()]).toMatchObject([{ status: 'canceled' }]);
  });
});

describe('an amount that Stripe cannot express', () => {
  const dinars = (centAmount: number) => ({ centAmount, currencyCode: 'KWD', fractionDigits: 3 });

  it.each([
    ['of the cart', dinars(7993), {}],
    ['that is asked for', dinars(8000), { amount: { centAmount: 7993, currencyCode: 'KWD' } }],
  ])('%s is refused before there is a payment', async (_whose, total, asked) => {
    const world = aWorld();
    world.setTotal('cart-1', total);
    await expect(run(world, asked)).rejects.toMatchObject({ code: 'InvalidField' });
    expect(world.commercetools.stored.size).toBe(0);
  });
});

describe('a transaction asked for again', () => {
  it('without an idempotency key, before the ledger has written, is the same', async () => {
    const world = aWorld();
    const [first, again] = [await run(world), await run(world)];
    expect(again).toEqual(first);
    expectOneCharge(world, first.paymentId);
  });

  it('with its idempotency key a day later, when Stripe has forgotten it, is the same', async () => {
    const world = aWorld();
    const first = await run(world, { idempotencyKey: 'cycle-1' });
    recordCharge(world, first.paymentId);
    world.now += DAY_MS;
    expect(await run(world, { idempotencyKey: 'cycle-1' })).toEqual(first);
    expectOneCharge(world, first.paymentId);
  });

  it('with the key of a declined one a day later is still declined, even if the card would be charged now', async () => {
    const world = aWorld();
    world.stripe.declines = () => 'insufficient_funds';
    const first = await run(world, { idempotencyKey: 'cycle-1' });
    world.stripe.declines = () => undefined;
    world.now += DAY_MS;
    expect(await run(world, { idempotencyKey: 'cycle-1' })).toEqual(first);
    expect(first).toMatchObject({ state: 'Failed', code: 'insufficient_funds' });
    expect(charged(world)).toEqual([]);
  });

  it('with another key after a decline is a new one', async () => {
    const world = aWorld();
    world.stripe.declines = () => 'insufficient_funds';
    await run(world, { idempotencyKey: 'try-1' });
    world.stripe.declines = () => undefined;
    expect(await run(world, { idempotencyKey: 'try-2' })).toMatchObject({ state: 'Completed' });
    expect(charged(world)).toHaveLength(1);
  });

  it('with the same key from another checkout item is the same: the key is the identity', async () => {
    const world = aWorld();
    const first = await run(world, { idempotencyKey: 'cycle-1' });
    expect(await run(world, { idempotencyKey: 'cycle-1', checkoutTransactionItemId: OTHER_ITEM })).toEqual(first);
    expectOneCharge(world, first.paymentId);
  });

  it.each([
    ['another item', { checkoutTransactionItemId: OTHER_ITEM }],
    ['another key', { idempotencyKey: 'another' }],
    ['neither item nor key', { checkoutTransactionItemId: undefined }],
  ])('under %s finds the cart paid at Stripe before commercetools shows it', async (_what, identity) => {
    const world = aWorld();
    const { paymentId } = await run(world);
    await expect(run(world, identity)).rejects.toMatchObject({
      code: 'InvalidOperation',
      message: 'The cart has already been paid in full',
    });
    expectOneCharge(world, paymentId);
  });

  it('without any identity is identified by the cart and its version', async () => {
    const world = aWorld();
    const { paymentId } = await run(world, { checkoutTransactionItemId: undefined });
    await expect(run(world, { checkoutTransactionItemId: undefined })).rejects.toMatchObject({ statusCode: 400 });
    expectOneCharge(world, paymentId);
  });

  it('returns its present state at Stripe', async () => {
    const world = aWorld();
    const { paymentId } = await run(world);
    const [id = ''] = world.intents.keys();
    world.change(id, { status: 'processing' });
    expect(await run(world)).toEqual({ state: 'Pending', paymentId });
    world.change(id, { status: 'succeeded' });
    expect(await run(world)).toEqual({ state: 'Completed', paymentId });
  });

  it('after all of it was given back has failed: no order is to be made of it, and nothing is there to cancel', async () => {
    const world = aWorld();
    const { paymentId } = await run(world);
    const [id = ''] = world.intents.keys();
    const latest_charge = { amount: 1190, amount_captured: 1190, amount_refunded: 1190 } as Stripe.Charge;
    world.change(id, { latest_charge });
    world.calls.length = 0;
    expect(await run(world)).toEqual({ state: 'Failed', code: 'charge_already_refunded', paymentId });
    expect(world.calls).not.toContain('payment_intents.cancel');
  });

  it.each([
    ['raised', { amount: 900 }],
    ['captured above what was authorised', { amount_received: 900 }],
  ])('with its amount, after it was %s, is the same, although its present amount differs', async (_how, held) => {
    const world = aWorld();
    const asked = { idempotencyKey: 'cycle-1', amount: EUR(500) };
    const first = await run(world, asked);
    const [id = ''] = world.intents.keys();
    world.change(id, held);
    recordCharge(world, first.paymentId);
    world.commercetools.changeByAnother(first.paymentId, { amountPlanned: cent(euro(900)) });
    expect(await run(world, asked)).toEqual(first);
    await expect(run(world, { ...asked, amount: EUR(900) })).rejects.toMatchObject({ code: 'InvalidOperation' });
  });

  it('with its amount, made by an earlier version and raised since, is the same, because of its Authorization', async () => {
    const world = aWorld();
    const asked = { idempotencyKey: 'cycle-1', amount: EUR(500) };
    const first = await run(world, asked);
    const [[id = '', { metadata = {} } = {}] = []] = world.intents;
    const { [METADATA.transactionAmount]: _amount, ...before } = metadata;
    world.change(id, { amount: 900, metadata: before });
    expect(await run(world, asked)).toEqual(first);
    world.addTransaction(
      first.paymentId,
      aTransaction('Authorization', 'Success', { interactionId: id, amount: euro(500) }),
    );
    world.commercetools.changeByAnother(first.paymentId, { amountPlanned: cent(euro(900)) });
    expect(await run(world, asked)).toEqual(first);
    await expect(run(world, { ...asked, amount: EUR(700) })).rejects.toMatchObject({ code: 'InvalidOperation' });
  });

  it.each([
    ['cart is gone', (world: FakeWorld) => void world.commercetools.carts.delete('cart-1')],
    ['cart has no customer any more', (world: FakeWorld) => world.changeCart({ customerId: undefined as never })],
  ])('after its %s still gets the answer', async (_what, change) => {
    const world = aWorld();
    const first = await run(world);
    change(world);
    expect(await run(world)).toEqual(first);
  });

  it('does not need the method any more', async () => {
    const world = aWorld();
    const first = await run(world);
    world.commercetools.paymentMethods.clear();
    expect(await run(world)).toEqual(first);
  });

  it.each([
    ['cart', { cartId: 'cart-2' }],
    ['amount', { amount: EUR(500) }],
  ])('for another %s is refused, because its key is taken', async (_what, fields) => {
    const world = aWorld();
    world.putCart(aCart({ id: 'cart-2', customerId: 'customer-1' }));
    const { paymentId } = await run(world, { idempotencyKey: 'cycle-1' });
    await expect(run(world, { idempotencyKey: 'cycle-1', ...fields })).rejects.toMatchObject({
      code: 'InvalidOperation',
      message: 'The idempotency key was used for another transaction.',
    });
    expectOneCharge(world, paymentId);
  });
});

describe('parts of a cart', () => {
  it('are charged under keys of their own, up to the amount due according to Stripe', async () => {
    const world = aWorld();
    for (const idempotencyKey of ['part-1', 'part-2']) {
      expect(await run(world, { idempotencyKey, amount: EUR(500) })).toMatchObject({ state: 'Completed' });
    }
    await expect(run(world, { idempotencyKey: 'part-3', amount: EUR(500) })).rejects.toMatchObject({
      code: 'InvalidField',
      fields: { field: 'amount.centAmount', allowedValues: ['<= 190'] },
    });
    expect(await run(world, { idempotencyKey: 'part-3' })).toMatchObject({ state: 'Completed' });
    expect(charged(world).map(({ amount }) => amount)).toEqual([500, 500, 190]);
  });
});

const depsOfShopper = (world: FakeWorld) => ({
  ...depsOf(world),
  carts: rememberingCarts(world.carts, { max: 10 }),
  customers: rememberingCustomers(world.customers, { max: 10 }),
  stripeCustomers: world.stripeCustomers,
  log: { warn: () => {} },
  settings: { ...depsOf(world).settings, merchantReturnUrl: 'https://shop.example/', cardFeatures: {} },
  sleep: async () => {
    world.now += 150;
  },
});
const session = { session: { cartId: 'cart-1' }, express: false, expressCustomerSession: false, requestId: 'r' };

describe('beside a shopper', () => {
  it('a PaymentIntent that waits for payment is canceled before the charge', async () => {
    const world = aWorld();
    await openCheckout(depsOfShopper(world), session);
    await world.settled();
    expect(await run(world)).toMatchObject({ state: 'Completed' });
    expect([...world.intents.values()].map(({ status }) => status)).toEqual(['canceled', 'succeeded']);
  });

  it.each([
    ['that has read the cart again', false],
    ['that remembers the cart from before', true],
  ])('a page %s and opens right after the charge leaves no PaymentIntent open', async (_which, remembers) => {
    const world = aWorld();
    const shopper = depsOfShopper(world);
    if (remembers) await shopper.carts.get('cart-1');
    const { paymentId } = await run(world);
    const outcome = await openCheckout(shopper, session);
    await world.settled();
    expect(outcome.kind).not.toBe('opened');
    expectOneCharge(world, paymentId);
  });

  it.each(['processing', 'requires_capture', 'succeeded'] as const)(
    'nothing is charged while their PaymentIntent is %s, whatever commercetools shows',
    async (status) => {
      const world = aWorld();
      await openCheckout(depsOfShopper(world), session);
      await world.settled();
      world.change([...world.intents.keys()][0] ?? '', { status });
      await expect(run(world)).rejects.toMatchObject({ message: 'The cart has already been paid in full' });
      expect(world.intents.size).toBe(1);
    },
  );

  it('nothing is charged when they pay right before the charge', async () => {
    const world = aWorld();
    world.gate = async (call, moment) => {
      if (call !== 'payments.update' || moment !== 'after') return;
      world.gate = async () => {};
      await openCheckout(depsOfShopper(world), session).catch(() => undefined);
      for (const { id, status, metadata } of world.intents.values()) {
        const isTheirs = metadata.ct_payment_key === 'cart-1-1';
        if (isTheirs && status === 'requires_payment_method') world.change(id, { status: 'succeeded' });
      }
    };
    const outcome = await run(world).catch((error: unknown) => error);
    await world.settled();
    expect(charged(world).length).toBeLessThanOrEqual(1);
    if (charged(world).length === 0) expect(outcome).toBeInstanceOf(Error);
  });

  it('their attempt without a known PaymentIntent is waited for, and found by its key when it is old', async () => {
    const world = aWorld();
    world.putPayment({ ...aRequestedAttempt(world.now) }, 'cart-1');
    await expect(run(world)).rejects.toBeInstanceOf(TransientError);
    expect(world.intents.size).toBe(0);
    world.intents.set('pi_theirs', aPaymentIntent({ id: 'pi_theirs', status: 'succeeded' }));
    await expect(run(world)).rejects.toMatchObject({ message: 'The cart has already been paid in full' });
    world.intents.delete('pi_theirs');
    world.now += DAY_MS;
    expect(await run(world)).toMatchObject({ state: 'Completed' });
  });
});

it.each([
  ['confirmed by an equal request', 'succeeded', { state: 'Completed' }],
  ['canceled by the merchant', 'canceled', { code: 'InvalidOperation', statusCode: 400 }],
] as const)(
  'a transaction that is not due any more, and %s in that moment, is answered as it stands',
  async (_how, status, expected) => {
    const world = aWorld();
    let looks = 0;
    world.gate = async (call, moment) => {
      if (moment !== 'before') return;
      looks += Number(call === 'carts.get');
      // Somebody else pays the cart before the last look.
      const transactions = [aTransaction('Charge', 'Success')];
      if (call === 'carts.get' && looks === 2) world.putPayment(aPayment({ id: 'theirs', transactions }), 'cart-1');
      if (call === 'payment_intents.cancel') for (const id of world.intents.keys()) world.change(id, { status });
    };
    expect(await run(world).catch((error: unknown) => error)).toMatchObject(expected);
  },
);

describe('a transaction that died a day ago and is asked for again while a shopper opens the cart', () => {
  const CALLS = 9;
  const moments = Array.from({ length: CALLS }, (_, at) => at).flatMap((at) =>
    [false, true].map((diedToo) => [at, diedToo ? 'a shopper died, too' : 'no shopper was before', diedToo] as const),
  );

  /** Both left their payments on the cart, tied to nothing. */
  const leftBehind = async (diedToo: boolean) => {
    const world = aWorld();
    const untied = async (call: string) => {
      if (call === 'payments.update' || call === 'payment_intents.create')
        throw new TransientError('the process is gone');
    };
    world.gate = untied;
    await run(world, { amount: EUR(500) }).catch(() => undefined);
    if (diedToo) {
      world.now += DAY_MS;
      await openCheckout(depsOfShopper(world), session).catch(() => undefined);
      await world.settled();
    }
    world.gate = async () => {};
    world.now += DAY_MS;
    expect(world.paymentsOnCart().map(({ interfaceId }) => interfaceId)).toEqual(
      diedToo ? [undefined, undefined] : [undefined],
    );
    return world;
  };

  it.each(moments)(
    'before call %i of the opening, where %s: never are both paid beyond the price',
    async (at, _who, diedToo) => {
      const world = await leftBehind(diedToo);
      let count = -1;
      world.gate = async (_call, moment) => {
        if (moment === 'before') count += 1;
        if (count !== at || moment !== 'before') return;
        world.gate = async () => {};
        await runTransaction(depsOf(world), aRequest({ amount: EUR(500) })).catch(() => undefined);
      };
      const outcome = await openCheckout(depsOfShopper(world), session).catch(() => undefined);
      await world.settled();
      if (outcome?.kind === 'opened') {
        const { paymentIntentId: id } = outcome;
        if (world.intents.get(id)?.status === 'requires_payment_method') world.change(id, { status: 'succeeded' });
      }
      const taken = charged(world).reduce((sum, { amount }) => sum + amount, 0);
      expect(taken).toBeLessThanOrEqual(1190);
      expect(taken).toBeGreaterThan(0);
    },
  );
});

it.each(Array.from({ length: 9 }, (_, at) => at))(
  'a transaction before call %i of an opening that finishes what died a day ago: never are both paid beyond the price',
  async (at) => {
    const world = aWorld();
    world.gate = async (call) => {
      if (call === 'payments.update' || call === 'payment_intents.create')
        throw new TransientError('the process is gone');
    };
    await openCheckout(depsOfShopper(world), session).catch(() => undefined);
    await world.settled();
    world.now += DAY_MS;
    expect(world.paymentsOnCart().map(({ interfaceId }) => interfaceId)).toEqual([undefined]);
    // Stripe's search does not know yet what was made a moment ago.
    const paymentIntents = { ...world.paymentIntents, search: async () => undefined };
    let count = -1;
    world.gate = async (_call, moment) => {
      if (moment === 'before') count += 1;
      if (count !== at || moment !== 'before') return;
      world.gate = async () => {};
      await runTransaction(depsOf(world, { paymentIntents }), aRequest()).catch(() => undefined);
    };
    const outcome = await openCheckout(depsOfShopper(world), session).catch(() => undefined);
    await world.settled();
    if (outcome?.kind === 'opened') {
      const { paymentIntentId: id } = outcome;
      if (world.intents.get(id)?.status === 'requires_payment_method') world.change(id, { status: 'succeeded' });
    }
    expect(charged(world).reduce((sum, { amount }) => sum + amount, 0)).toBe(1190);
  },
);

it('a transaction charges nothing of what an attempt holds that was removed from the cart', async () => {
  const world = aWorld();
  world.setTotal('cart-1', euro(2000));
  world.putPayment(aPayment({ id: 'first', key: 'cart-1-1', interfaceId: 'pi_first' }));
  world.intents.set('pi_first', aPaymentIntent({ id: 'pi_first', status: 'succeeded' }));
  const transactions = [aTransaction('CancelAuthorization', 'Success')];
  world.putPayment(aPayment({ id: 'second', key: 'cart-1-2', interfaceId: 'pi_second', transactions }), 'cart-1');
  expect(await run(world)).toMatchObject({ state: 'Completed' });
  expect(charged(world).map(({ amount }) => amount)).toEqual([1190, 810]);
});

describe('beside a payment of another provider', () => {
  const theirs = (planned: Money) => {
    const world = aWorld();
    const { interfaceId: _none, ...payment } = aPayment({ id: 'theirs', key: 'gift-card-7', planned });
    world.putPayment({ ...payment, createdAt: new Date(world.now).toISOString() }, 'cart-1');
    return world;
  };

  it.each([
    ['with a key of its own, just made', euro(300)],
    ['over an amount that Stripe cannot express', { centAmount: 7993, currencyCode: 'KWD', fractionDigits: 3 }],
  ])('charges the amount due, and reads nothing about it from Stripe: %s', async (_which, planned) => {
    const world = theirs(planned);
    expect(await run(world)).toMatchObject({ state: 'Completed' });
    expect(charged(world)).toMatchObject([{ amount: 1190 }]);
    expect(world.calls).not.toContain('payment_intents.search');
  });
});

const aRequestedAttempt = (now: number) => ({
  id: 'theirs',
  version: 1,
  key: 'cart-1-1',
  createdAt: new Date(now).toISOString(),
  amountPlanned: { type: 'centPrecision' as const, ...euro(1190) },
  paymentMethodInfo: {},
  transactions: [],
});

describe('a process that dies', () => {
  const CALLS = 9;
  const crashes = Array.from({ length: CALLS }, (_, at) => at).flatMap((at) =>
    (['before', 'after'] as const).flatMap((moment) => [
      [at, moment, 'a second', 1_000] as const,
      [at, moment, 'a day', DAY_MS] as const,
    ]),
  );

  /** A process that dies at the `at`-th call: no later call has any effect. */
  const dyingAt = (at: number, moment: 'before' | 'after') => {
    let count = -1;
    let isDead = false;
    const gate = async (_call: string, now: 'before' | 'after') => {
      if (now === 'before') count += 1;
      if (count >= at && now === moment) isDead = true;
      if (isDead) throw new TransientError('the process is gone');
    };
    return { gate, isDead: () => isDead };
  };

  it.each(crashes)('at call %i, %s its effect, is completed %s later: one charge', async (at, moment, _when, later) => {
    const world = aWorld();
    const { gate, isDead } = dyingAt(at, moment);
    world.gate = gate;
    await run(world).catch(() => undefined);
    expect(isDead()).toBe(true);
    world.gate = async () => {};
    world.now += later;
    const again = await run(world);
    expect(again.state).toBe('Completed');
    expectOneCharge(world, again.paymentId);
  });

  it.each(crashes)(
    'at call %i, %s its effect, charges nothing %s later once it was declined',
    async (at, moment, _when, later) => {
      const world = aWorld();
      world.stripe.declines = () => 'stolen_card';
      world.gate = dyingAt(at, moment).gate;
      await run(world).catch(() => undefined);
      const wasDeclined = [...world.intents.values()].some(({ last_payment_error: error }) => error);
      world.gate = async () => {};
      world.stripe.declines = () => undefined;
      world.now += later;
      const again = await run(world);
      expect(again.state).toBe(wasDeclined ? 'Failed' : 'Completed');
      expect(charged(world)).toHaveLength(wasDeclined ? 0 : 1);
    },
  );

  it.each(crashes)(
    'at call %i, %s its effect, and a cart that changed until %s later: never more than one charge, of the new amount',
    async (at, moment, _when, later) => {
      const world = aWorld();
      world.gate = dyingAt(at, moment).gate;
      await run(world).catch(() => undefined);
      const wasCharged = charged(world).length === 1;
      world.gate = async () => {};
      world.setTotal('cart-1', euro(900));
      world.now += later;
      const again = await run(world).catch((error: unknown) => error);
      if (wasCharged) expect(charged(world)).toMatchObject([{ amount: 1190 }]);
      else if (again instanceof Error) expect(charged(world)).toEqual([]);
      else expect(charged(world)).toMatchObject([{ amount: 900 }]);
      expect(payable(world).filter(({ status }) => status !== 'requires_confirmation')).toEqual([]);
    },
  );

  it.each(crashes)(
    'at call %i, %s its effect, leaves its key taken for another cart %s later once the payment is on its cart',
    async (at, moment, _when, later) => {
      const world = aWorld();
      world.putCart(aCart({ id: 'cart-2', customerId: 'customer-1' }));
      world.gate = dyingAt(at, moment).gate;
      await run(world, { idempotencyKey: 'cycle-1' }).catch(() => undefined);
      const [held] = world.paymentsOnCart();
      world.gate = async () => {};
      world.now += later;
      const other = await run(world, { idempotencyKey: 'cycle-1', cartId: 'cart-2' }).catch((error: unknown) => error);
      if (held) {
        expect(other).toMatchObject({ message: 'The idempotency key was used for another transaction.' });
        expect(world.paymentsOnCart('cart-2')).toEqual([]);
        const again = await run(world, { idempotencyKey: 'cycle-1' });
        expectOneCharge(world, again.paymentId);
      } else {
        expect(other).toMatchObject({ state: 'Completed' });
        expect(world.paymentsOnCart('cart-2')).toMatchObject([{ amountPlanned: { centAmount: 1190 } }]);
      }
    },
  );

  it.each(crashes.filter(([, , when]) => when === 'a second'))(
    'or loses one answer at call %i, %s its effect, charges once',
    async (at, moment) => {
      const world = aWorld();
      world.gate = failOnce(at, moment);
      const first = await run(world).catch(() => undefined);
      const again = await run(world);
      if (first) expect(again).toEqual(first);
      expectOneCharge(world, again.paymentId);
    },
  );
});

describe('transactions that meet', () => {
  type Told = { state: string; paymentId: string } | undefined;

  async function interleaved(
    scheduler: fc.Scheduler,
    world: FakeWorld,
    stories: readonly (() => Promise<Told>)[],
    faults: readonly (readonly [at: number, moment: 'before' | 'after'])[] = [],
  ): Promise<Told[]> {
    let count = -1;
    world.gate = async (call, moment) => {
      if (moment === 'before') count += 1;
      const fails = faults.some(([at, when]) => at === count && when === moment);
      await scheduler.schedule(Promise.resolve(), `${moment} ${call}`);
      if (fails) throw new TransientError(`injected ${moment} ${call}`);
    };
    const running = Promise.all(stories.map((story) => story().catch(() => undefined)));
    await scheduler.waitFor(running);
    await scheduler.waitFor(world.settled());
    world.gate = async () => {};
    return running;
  }
  const fault = fc.tuple(fc.nat(40), fc.constantFrom('before' as const, 'after' as const));

  it('as the same request sent several times at the same time charge once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 2, max: 4 }),
        fc.array(fault, { maxLength: 3 }),
        async (scheduler, times, faults) => {
          const world = aWorld();
          const story = () => runTransaction(depsOf(world), aRequest());
          const told = await interleaved(scheduler, world, Array(times).fill(story), faults);
          const last = await run(world);
          expect(last.state).toBe('Completed');
          expectOneCharge(world, last.paymentId);
          for (const one of told) if (one) expect(one).toEqual(last);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('and a shopper who opens the cart and pays never charge it twice together', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fault, { maxLength: 2 }), async (scheduler, faults) => {
        const world = aWorld();
        const shopper = async () => {
          const outcome = await openCheckout(depsOfShopper(world), session);
          if (outcome.kind !== 'opened') return undefined;
          await scheduler.schedule(Promise.resolve(), 'the shopper pays');
          const { paymentIntentId: id } = outcome;
          if (world.intents.get(id)?.status === 'requires_payment_method') world.change(id, { status: 'succeeded' });
          return undefined;
        };
        const transaction = () => runTransaction(depsOf(world), aRequest());
        await interleaved(scheduler, world, [transaction, shopper], faults);
        expect(charged(world).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  it('under different keys on one cart charge it once, and only the charged one is answered Completed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 2, maxLength: 4 }),
        fc.array(fault, { maxLength: 3 }),
        async (scheduler, keys, faults) => {
          const world = aWorld();
          const stories = keys.map(
            (idempotencyKey) => () => runTransaction(depsOf(world), aRequest({ idempotencyKey })),
          );
          const told = await interleaved(scheduler, world, stories, faults);
          expect(charged(world).length).toBeLessThanOrEqual(1);
          for (const one of told) {
            if (one?.state !== 'Completed') continue;
            expect(charged(world)).toMatchObject([{ metadata: { ct_payment_id: one.paymentId } }]);
          }
          world.now += DAY_MS;
          for (const idempotencyKey of new Set(keys)) {
            await run(world, { idempotencyKey }).catch(() => undefined);
          }
          expect(charged(world)).toHaveLength(1);
          expect(payable(world)).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
