import { NotFoundError, TransientError } from '@connector/errors';
import { stripeRejection } from '@connector/testing/fakes';
import fc from 'fast-check';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { rememberingCarts } from '../adapters/remembered-carts.ts';
import { rememberingCustomers } from '../adapters/remembered-customers.ts';
import { statusOf } from '../domain/attempts.ts';
import { aCart, aCustomer, aPayment, aPaymentIntent, aTransaction, euro, someBehaviour } from '../testing/builders.ts';
import { FakeWorld, failOnce } from '../testing/fake-world.ts';
import { type OpenCheckoutOutcome, openCheckout } from './open-checkout.ts';
import { openCustomerSession } from './open-customer-session.ts';
import type { OpenCheckoutDeps, OpenCheckoutRequest, OpenCheckoutSettings } from './opening/opening.ts';

const depsOf = (world: FakeWorld, behaviour = someBehaviour()): OpenCheckoutDeps => ({
  carts: rememberingCarts(world.carts, { max: 10 }),
  customers: rememberingCustomers(world.customers, { max: 10 }),
  payments: world.payments,
  paymentIntents: world.paymentIntents,
  stripeCustomers: world.stripeCustomers,
  events: world.events,
  inBackground: world.inBackground,
  log: { warn: () => {} },
  settings: {
    projectKey: 'project',
    paymentInterface: 'checkout-stripe',
    merchantReturnUrl: 'https://shop.example/return',
    cardFeatures: {},
    behaviour,
  },
  sleep: async () => {
    world.now += 150;
  },
  now: () => world.now,
});

const anAddress = { firstName: 'Ada', streetName: 'Main', streetNumber: '5', city: 'Berlin', country: 'DE' };

let requests = 0;
const aRequest = (fields: Partial<OpenCheckoutRequest> = {}): OpenCheckoutRequest => {
  requests += 1;
  return {
    session: { cartId: 'cart-1' },
    express: false,
    expressCustomerSession: false,
    requestId: `request-${requests}`,
    ...fields,
  };
};

/** The calls of `work`, grouped by those that run at the same time: `work` waits for the longest of each group. */
async function roundTrips(world: FakeWorld, work: () => Promise<unknown>): Promise<string[][]> {
  const trips: string[][] = [];
  let waiting: { call: string; answer: () => void }[] = [];
  let isDone = false;
  world.gate = async (call, moment) => {
    if (moment === 'before' && !isDone)
      await new Promise<void>((answer) => {
        waiting.push({ call, answer });
      });
  };
  const running = work().finally(() => {
    isDone = true;
    for (const { answer } of waiting) answer();
  });
  while (!isDone) {
    // By then every background call has been made.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const together = waiting;
    waiting = [];
    if (isDone || together.length === 0) continue;
    trips.push(together.map(({ call }) => call).toSorted());
    for (const { answer } of together) answer();
  }
  await running;
  return trips;
}

const open = async (
  world: FakeWorld,
  fields: Partial<OpenCheckoutRequest> = {},
  behaviour = someBehaviour(),
  settings: Partial<OpenCheckoutSettings> = {},
) => {
  const deps = depsOf(world, behaviour);
  const outcome = await openCheckout({ ...deps, settings: { ...deps.settings, ...settings } }, aRequest(fields));
  await world.settled();
  return outcome;
};

const secretOf = (outcome: OpenCheckoutOutcome) => {
  if (outcome.kind !== 'opened') throw new Error(`expected an open payment, got ${outcome.kind}`);
  return outcome.clientSecret;
};

const live = (world: FakeWorld) => [...world.intents.values()].filter((intent) => statusOf(intent) !== 'over');

/** The expected end of every test: one live PaymentIntent over the cart's amount, linked to one payment on the cart. */
function expectOneJoinedAttempt(world: FakeWorld, outcome: OpenCheckoutOutcome, amount = 1190) {
  const [paymentIntent, ...others] = live(world);
  expect(others).toEqual([]);
  expect(secretOf(outcome)).toBe(paymentIntent?.client_secret);
  const payments = world.paymentsOnCart().filter(({ interfaceId }) => interfaceId === paymentIntent?.id);
  expect(payments).toHaveLength(1);
  expect(payments[0]).toMatchObject({ amountPlanned: { centAmount: amount } });
  expect(paymentIntent).toMatchObject({
    amount,
    metadata: { cart_id: 'cart-1', ct_project_key: 'project', ct_payment_key: payments[0]?.key },
  });
  expect(outcome).toMatchObject({ paymentReference: payments[0]?.id });
}

describe('opening a cart', () => {
  it('creates one PaymentIntent and one payment, connected by the key from the start', async () => {
    const world = new FakeWorld();
    const outcome = await open(world);
    expectOneJoinedAttempt(world, outcome);
    expect(outcome).toMatchObject({ cartId: 'cart-1', merchantReturnUrl: 'https://shop.example/return' });
    expect(world.paymentsOnCart()).toMatchObject([{ key: 'cart-1-1', transactions: [] }]);
    expect(live(world)[0]?.metadata.ct_payment_id).toBe(world.paymentsOnCart()[0]?.id);
    expect(world.published).toMatchObject([
      { type: 'checkout.payment.opened', data: { paymentKey: 'cart-1-1', cartId: 'cart-1', amount: euro(1190) } },
    ]);
    // The ledger receives what a read would show.
    const [linked] = world.paymentsOnCart();
    expect(world.published[0]?.data).toMatchObject({ asLinked: { version: linked?.version } });
  });

  it('informs the ledger also when the payment could not be linked; the ledger then reads it', async () => {
    const world = new FakeWorld();
    world.gate = async (call) => {
      if (call === 'payments.update') throw new TransientError('down');
    };
    await open(world);
    expect(world.published).toMatchObject([{ type: 'checkout.payment.opened' }]);
    expect(world.published[0]?.data).not.toHaveProperty('asLinked');
  });

  it('calls commercetools once before, and both sides at the same time afterwards', async () => {
    const world = new FakeWorld();
    await openCheckout(depsOf(world), aRequest());
    expect(world.calls.slice(0, 4)).toEqual(['carts.get', 'payment_intents.create', 'payments.create', 'carts.update']);
    await world.settled();
  });

  const BOTH_SIDES = [['payment_intents.create', 'payments.create'], ['carts.update']];

  it.each([
    ['a guest without any earlier request', undefined, false, [['carts.get'], ...BOTH_SIDES]],
    ['a customer without any earlier request', 'customer-1', false, [['carts.get'], ['customers.get'], ...BOTH_SIDES]],
    ['a customer whose session the page has asked for', 'customer-1', true, BOTH_SIDES],
  ])('has %s wait for no more than these calls, one after another', async (_whom, customerId, isSeen, expected) => {
    const world = new FakeWorld(aCart(customerId ? { customerId } : {}));
    if (customerId) world.putCustomer(aCustomer({ id: customerId }));
    const deps = depsOf(world);
    const request = aRequest();
    if (isSeen) await openCustomerSession({ ...deps, features: {} }, request);
    expect(await roundTrips(world, () => openCheckout(deps, request))).toEqual(expected);
    await world.settled();
  });

  it("prefers the session's return URL to the configured one", async () => {
    const session = { cartId: 'cart-1', merchantReturnUrl: 'https://other.example/' };
    expect(await open(new FakeWorld(), { session })).toMatchObject({ merchantReturnUrl: 'https://other.example/' });
  });

  it('returns the billing address only if the element does not ask for it', async () => {
    const cart = aCart({ billingAddress: { country: 'DE', firstName: 'Ada', city: 'Berlin' } });
    const behaviour = someBehaviour({ collectBillingAddress: 'never' });
    expect(await open(new FakeWorld(cart), {}, behaviour)).toMatchObject({
      billingAddress: { name: 'Ada', address: { city: 'Berlin', country: 'DE', line1: '' } },
    });
    expect(await open(new FakeWorld(cart))).toMatchObject({ billingAddress: undefined });
  });

  it('has nothing to open for a paid cart or one without an amount', async () => {
    expect(await open(new FakeWorld(aCart({ total: euro(0) })))).toMatchObject({ kind: 'nothing' });
    const world = new FakeWorld();
    world.putPayment(aPayment({ transactions: [aTransaction('Charge', 'Success')] }), 'cart-1');
    expect(await open(world)).toEqual({ kind: 'paid', paidAmount: 1190, cartAmount: 1190 });
    expect(world.intents.size).toBe(0);
  });

  it('subtracts what gift cards will pay', async () => {
    const world = new FakeWorld();
    const session = { cartId: 'cart-1', giftCardPlannedAmount: { centAmount: 190, currencyCode: 'EUR' } };
    await open(world, { session });
    expect(live(world)).toMatchObject([{ amount: 1000 }]);
  });
});

describe('opening a cart again', () => {
  it('finds the open attempt', async () => {
    const world = new FakeWorld();
    const first = await open(world);
    const again = await open(world);
    expect(secretOf(again)).toBe(secretOf(first));
    expect(world.intents.size).toBe(1);
    expect(world.paymentsOnCart()).toHaveLength(1);
  });

  it('changes the amount on both sides when the cart changed, back and forth', async () => {
    const world = new FakeWorld();
    const first = await open(world);
    for (const total of [2000, 1190, 2000, 1190]) {
      world.setTotal('cart-1', euro(total));
      const again = await open(world);
      expect(secretOf(again)).toBe(secretOf(first));
      expectOneJoinedAttempt(world, again, total);
    }
  });

  it.each(['processing', 'requires_capture', 'succeeded'] as const)(
    'answers that the cart is paid while its PaymentIntent is %s, whatever commercetools shows',
    async (status) => {
      const world = new FakeWorld();
      await open(world);
      world.change('pi_1', { status });
      expect(await open(world)).toMatchObject({ kind: 'paid' });
      expect(world.intents.size).toBe(1);
    },
  );

  it('creates the next attempt after a canceled one', async () => {
    const world = new FakeWorld();
    await open(world);
    world.change('pi_1', { status: 'canceled' });
    expectOneJoinedAttempt(world, await open(world));
    expect(world.paymentsOnCart().map(({ key }) => key)).toEqual(['cart-1-1', 'cart-1-2']);
  });

  it('cancels an attempt that cannot be changed as requested, then creates the next', async () => {
    const world = new FakeWorld();
    await open(world);
    const again = await open(world, {}, someBehaviour({ captureMethod: 'manual' }));
    expect(world.intents.get('pi_1')?.status).toBe('canceled');
    expectOneJoinedAttempt(world, again);
  });

  it('does not read an attempt from Stripe that commercetools shows as paid or refunded', async () => {
    const world = new FakeWorld(aCart({ total: euro(3000) }));
    const transactions = [aTransaction('Charge', 'Success')];
    world.putPayment(aPayment({ id: 'a', key: 'cart-1-1', interfaceId: 'pi_a', transactions }), 'cart-1');
    const returned = [...transactions, aTransaction('Refund', 'Success')];
    world.putPayment(aPayment({ id: 'b', key: 'cart-1-2', interfaceId: 'pi_b', transactions: returned }), 'cart-1');
    await open(world);
    expect(world.calls).not.toContain('payment_intents.retrieve');
    expect(live(world)).toMatchObject([{ amount: 1810, metadata: { ct_payment_key: 'cart-1-3' } }]);
  });

  it('replaces an attempt that Stripe refuses to change', async () => {
    const world = new FakeWorld();
    await open(world);
    world.setTotal('cart-1', euro(2000));
    world.stripe.refuse = (call) =>
      call === 'payment_intents.update' ? stripeRejection('payment_intent_unexpected_state') : undefined;
    const again = await open(world);
    expect(world.intents.get('pi_1')?.status).toBe('canceled');
    expectOneJoinedAttempt(world, again, 2000);
  });

  it('does not pile up payments while Stripe refuses the amount, and continues with another amount', async () => {
    const world = new FakeWorld(aCart({ total: euro(10) }));
    const tooSmall = stripeRejection('amount_too_small');
    world.stripe.refuse = (call) => (call === 'payment_intents.create' ? tooSmall : undefined);
    await expect(open(world)).rejects.toBe(tooSmall);
    await expect(open(world)).rejects.toBe(tooSmall);
    expect(world.paymentsOnCart()).toHaveLength(1);
    world.setTotal('cart-1', euro(1190));
    let first = true;
    world.stripe.refuse = (call) => {
      if (call !== 'payment_intents.create' || !first) return undefined;
      first = false;
      return tooSmall;
    };
    expectOneJoinedAttempt(world, await open(world));
  });
});

it('never cancels a PaymentIntent that holds money, even if this request repeated its create call', async () => {
  const world = new FakeWorld();
  let meets = false;
  world.gate = async (call, moment) => {
    if (call !== 'payments.create' || moment !== 'before' || meets) return;
    // Meanwhile another request opens the same attempt, its shopper pays, the ledger records it, and the cart grows.
    meets = true;
    const other = await openCheckout(depsOf(world), aRequest());
    world.change('pi_1', { status: 'requires_capture' });
    const reference = other.kind === 'opened' ? other.paymentReference : '';
    world.addTransaction(reference, aTransaction('Authorization', 'Success', { interactionId: 'pi_1' }));
    world.setTotal('cart-1', euro(2000));
  };
  const outcome = await open(world);
  expect(world.intents.get('pi_1')?.status).toBe('requires_capture');
  expect(outcome).toMatchObject({ kind: 'opened' });
  expect(live(world).map(({ amount }) => amount)).toEqual([1190, 810]);
});

/** What another actor does once, right before or after a call. */
const once = (
  call: string,
  moment: 'before' | 'after',
  act: (world: FakeWorld) => Promise<void> | void,
  world: FakeWorld,
) => {
  let isDone = false;
  world.gate = async (name, now) => {
    if (isDone || name !== call || now !== moment) return;
    isDone = true;
    await act(world);
  };
};

describe('a shopper who pays at the moment when the cart grows', () => {
  const pays = (world: FakeWorld) => world.change('pi_1', { status: 'succeeded' });
  const moments = [
    ['carts.get', 'after'],
    ['payment_intents.retrieve', 'after'],
    ['payment_intents.update', 'before'],
    ['payment_intents.update', 'after'],
    ['payments.update', 'before'],
    ['payments.update', 'after'],
  ] as const;

  it.each(moments)('has paid Stripe’s amount, and amountPlanned shows it: at %s, %s', async (call, moment) => {
    const world = new FakeWorld();
    await open(world);
    world.setTotal('cart-1', euro(2000));
    once(call, moment, pays, world);
    const outcome = await open(world);
    const again = await open(world);
    const [first] = world.paymentsOnCart();
    const taken = world.intents.get('pi_1')?.amount ?? 0;
    expect(first?.amountPlanned.centAmount).toBe(taken);
    const rest = [...world.intents.values()].filter((one) => statusOf(one) === 'waiting');
    if (taken === 2000) {
      expect(again).toMatchObject({ kind: 'paid', paidAmount: 2000 });
      expect(rest).toEqual([]);
    } else {
      expect(rest).toMatchObject([{ amount: 810 }]);
      expect(secretOf(outcome)).toBe(rest[0]?.client_secret);
      expect(secretOf(again)).toBe(rest[0]?.client_secret);
    }
  });

  it('gets no second PaymentIntent over the whole amount when an earlier attempt is paid while it is being canceled', async () => {
    const world = new FakeWorld();
    for (const n of [1, 2]) {
      world.putPayment(aPayment({ id: `payment-${n}`, key: `cart-1-${n}`, interfaceId: `pi_${n}` }), 'cart-1');
      const metadata = { cart_id: 'cart-1', ct_project_key: 'project', ct_payment_key: `cart-1-${n}` };
      world.intents.set(`pi_${n}`, aPaymentIntent({ id: `pi_${n}`, client_secret: `secret ${n}`, metadata }));
    }
    once('payment_intents.cancel', 'before', pays, world);
    expect(await open(world)).toMatchObject({ kind: 'paid', paidAmount: 1190 });
    expect(world.intents.get('pi_2')?.status).toBe('canceled');
  });
});

describe('what was paid', () => {
  const withRefund = (...amounts: number[]) => {
    const world = new FakeWorld();
    const refunds = amounts.map((amount) =>
      aTransaction('Refund', 'Success', { id: `${amount}`, amount: euro(amount) }),
    );
    const transactions = [aTransaction('Charge', 'Success'), ...refunds];
    world.putPayment(aPayment({ interfaceId: 'pi_1', transactions }), 'cart-1');
    return world;
  };

  it('stays paid after a refund of 0.10 of 11.90', async () => {
    const world = withRefund(10);
    expect(await open(world)).toEqual({ kind: 'paid', paidAmount: 1190, cartAmount: 1190 });
    expect(world.intents.size).toBe(0);
  });

  it('is due again completely after a full refund', async () => {
    const world = withRefund(10, 1180);
    expect(await open(world)).toMatchObject({ kind: 'opened' });
    expect(live(world)).toMatchObject([{ amount: 1190, metadata: { ct_payment_key: 'cart-1-2' } }]);
  });

  it('is due again when only Stripe shows the full refund, and stays paid after a partial one', async () => {
    for (const [amount_refunded, kind] of [
      [10, 'paid'],
      [1190, 'opened'],
    ] as const) {
      const world = new FakeWorld();
      await open(world);
      const latest_charge = { amount: 1190, amount_refunded } as Stripe.Charge;
      world.change('pi_1', { status: 'succeeded', latest_charge });
      expect(await open(world)).toMatchObject({ kind });
    }
  });
});

it('stays paid when a part was captured and the rest canceled, also before commercetools shows any of it', async () => {
  for (const [captured, refunded, kind] of [
    [500, 690, 'paid'],
    [500, 1190, 'opened'],
    [0, 1190, 'opened'],
  ] as const) {
    const world = new FakeWorld();
    await open(world);
    const latest_charge = { amount: 1190, amount_captured: captured, amount_refunded: refunded } as Stripe.Charge;
    world.change('pi_1', { status: 'canceled', amount_received: captured, latest_charge });
    expect(await open(world)).toMatchObject({ kind });
  }
});

it('counts a paid attempt that somebody removed from the cart, at each opening', async () => {
  const world = new FakeWorld();
  await open(world);
  const [paid] = world.paymentsOnCart();
  world.change('pi_1', { status: 'succeeded' });
  world.changeCart({ ...aCart({ total: euro(2000) }), paymentInfo: { payments: [] } } as never);
  for (let opening = 0; opening < 2; opening += 1) {
    expect(await open(world)).toMatchObject({ kind: 'opened' });
    expect(live(world).map(({ amount }) => amount)).toEqual([1190, 810]);
  }
  world.commercetools.stored.delete(paid?.id ?? '');
  expect(await open(world)).toMatchObject({ kind: 'opened' });
});

it.each([
  ['stays paid while the rest is held', 'requires_capture', 500, 'paid'],
  ['is due again once the rest was released', 'succeeded', 1190, 'opened'],
] as const)(
  'asks Stripe about a payment that was captured in part and refunded: it %s',
  async (_what, status, refunded, kind) => {
    const world = new FakeWorld();
    await open(world);
    const transactions = [
      aTransaction('Authorization', 'Success', { interactionId: 'pi_1' }),
      aTransaction('Charge', 'Success', { amount: euro(500) }),
      aTransaction('Refund', 'Success', { amount: euro(500) }),
    ];
    const [payment] = world.paymentsOnCart();
    for (const one of transactions) world.addTransaction(payment?.id ?? '', one);
    const latest_charge = { amount: 1190, amount_captured: 500, amount_refunded: refunded } as Stripe.Charge;
    world.change('pi_1', { status, amount_received: 500, latest_charge });
    expect(await open(world)).toMatchObject({ kind });
  },
);

it('opens another attempt when the cart’s currency has changed, and leaves nothing payable in the old one', async () => {
  const world = new FakeWorld();
  await open(world);
  world.setTotal('cart-1', { ...euro(1300), currencyCode: 'USD' });
  const outcome = await open(world);
  expect(world.intents.get('pi_1')?.status).toBe('canceled');
  expect(live(world)).toMatchObject([{ amount: 1300, currency: 'usd', client_secret: secretOf(outcome) }]);
});

it('opens nothing in another currency after a payment in the first', async () => {
  const world = new FakeWorld();
  await open(world);
  world.change('pi_1', { status: 'requires_capture' });
  world.setTotal('cart-1', { ...euro(1300), currencyCode: 'USD' });
  expect(await open(world)).toMatchObject({ kind: 'paid' });
});

it('follows the address, the customer and the amount of the cart in one update', async () => {
  const world = new FakeWorld();
  const first = await open(world);
  const customer = aCustomer({
    custom: { type: { typeId: 'type', id: 't' }, fields: { stripeConnector_stripeCustomerId: 'cus_1' } },
  });
  world.putCustomer(customer);
  world.stripe.addCustomer('cus_1');
  world.changeCart({ ...aCart({ total: euro(2000), shippingAddress: anAddress, customerId: customer.id }) });
  world.calls.length = 0;
  expect(secretOf(await openCheckout(depsOf(world), aRequest()))).toBe(secretOf(first));
  expect(world.calls.filter((call) => call === 'payment_intents.update')).toHaveLength(1);
  await world.settled();
  expect(live(world)).toMatchObject([{ amount: 2000, customer: 'cus_1', shipping: { name: 'Ada' } }]);
});

describe('a cart that takes no payment', () => {
  const waiting = (world: FakeWorld) => [...world.intents.values()].filter((one) => statusOf(one) === 'waiting');

  it.each([
    ['was ordered', { cartState: 'Ordered' }],
    ['was merged into another at login', { cartState: 'Merged' }],
  ] as const)('because it %s is refused, and nothing stays payable at Stripe', async (_what, fields) => {
    const world = new FakeWorld();
    await open(world);
    world.changeCart(fields);
    await expect(open(world)).rejects.toMatchObject({ statusCode: 400, code: 'InvalidOperation' });
    expect(waiting(world)).toEqual([]);
  });

  it('leaves nothing payable when it is ordered while its first attempt is created', async () => {
    for (const call of ['carts.get', 'payment_intents.create', 'payments.create'] as const) {
      const world = new FakeWorld();
      once(call, 'after', () => world.changeCart({ cartState: 'Ordered' }), world);
      await expect(open(world)).rejects.toMatchObject({ statusCode: 400, fields: { cartState: 'Ordered' } });
      await world.settled();
      expect(waiting(world)).toEqual([]);
    }
  });

  it('because a discount made it free leaves nothing payable', async () => {
    const world = new FakeWorld();
    await open(world);
    world.setTotal('cart-1', euro(0));
    expect(await open(world)).toMatchObject({ kind: 'nothing' });
    expect(waiting(world)).toEqual([]);
  });

  it('because it was deleted is answered as not found', async () => {
    const world = new FakeWorld();
    await open(world);
    world.commercetools.carts.delete('cart-1');
    await expect(open(world)).rejects.toBeInstanceOf(NotFoundError);
  });

  it('because a merchant-initiated transaction paid it leaves nothing payable, also when the page had read it before', async () => {
    const world = new FakeWorld();
    const deps = depsOf(world);
    await deps.carts.get('cart-1');
    world.putPayment(aPayment({ id: 'mit', key: 'transaction-abc', interfaceId: 'pi_mit' }), 'cart-1');
    world.changeCart({});
    world.intents.set('pi_mit', aPaymentIntent({ id: 'pi_mit', status: 'succeeded', metadata: {} }));
    expect(await openCheckout(deps, aRequest())).toMatchObject({ kind: 'paid' });
    await world.settled();
    expect(waiting(world)).toEqual([]);
  });
});

it("waits for a merchant's transaction that is being confirmed, and never returns its PaymentIntent", async () => {
  const world = new FakeWorld();
  const createdAt = new Date(world.now).toISOString();
  world.putPayment(aPayment({ id: 'mit', key: 'transaction-abc', interfaceId: 'pi_mit', createdAt }), 'cart-1');
  world.intents.set('pi_mit', aPaymentIntent({ id: 'pi_mit', status: 'requires_confirmation', client_secret: 'mit' }));
  await expect(open(world)).rejects.toBeInstanceOf(TransientError);
  world.change('pi_mit', { status: 'requires_payment_method' });
  const outcome = await open(world);
  expect(secretOf(outcome)).not.toBe('mit');
  expect(world.intents.get('pi_mit')?.status).toBe('canceled');
});

it('opens for a deleted customer, without naming the customer', async () => {
  const world = new FakeWorld(aCart({ customerId: 'gone' }));
  const outcome = await open(world);
  expectOneJoinedAttempt(world, outcome);
  expect(world.paymentsOnCart()).toMatchObject([{ interfaceId: live(world)[0]?.id }]);
  expect(world.paymentsOnCart()[0]?.customer).toBeUndefined();
});

it('sets a guest who has logged in as the customer of the payment and of its PaymentIntent', async () => {
  const world = new FakeWorld();
  await open(world);
  const customer = aCustomer();
  world.putCustomer(customer);
  world.changeCart({ customerId: customer.id });
  await open(world);
  expect(world.paymentsOnCart()).toMatchObject([{ customer: { typeId: 'customer', id: customer.id } }]);
  expect(live(world)).toMatchObject([{ metadata: { ct_customer_id: customer.id } }]);
});

describe('optional data that Stripe refuses', () => {
  const custom = {
    type: { typeId: 'type' as const, id: 't' },
    fields: { connectorStripeTax_calculationReferences: ['taxcalc_1'] },
  };
  const aFullCart = (fields = {}) =>
    aCart({ shippingAddress: { ...anAddress, phone: '+1 780-555-0156 ext. 725' }, custom, ...fields });
  const refusing = (world: FakeWorld, ...params: string[]) => {
    world.stripe.refuseParams = (given) => {
      const flat = JSON.stringify(given);
      const refused = params.find((param) => flat.includes(param.split('[').at(-1)?.replace(']', '') ?? param));
      return refused ? stripeRejection(undefined, { param: refused }) : undefined;
    };
    return world;
  };

  it.each([
    [['shipping[phone]'], { name: 'Ada' }],
    [['shipping[address][line1]'], null],
    [['shipping[phone]', 'shipping[address][line1]'], null],
    [['hooks[inputs][tax][calculation]'], { phone: '+1 780-555-0156 ext. 725' }],
    [['shipping[phone]', 'hooks[inputs][tax][calculation]'], { name: 'Ada' }],
  ])('is left out when the PaymentIntent is created: %j', async (params, shipping) => {
    const world = refusing(new FakeWorld(aFullCart()), ...params);
    const outcome = await open(world);
    expectOneJoinedAttempt(world, outcome);
    const [made] = live(world);
    if (shipping) expect(made?.shipping).toMatchObject(shipping);
    else expect(made?.shipping).toBeNull();
    if (params[0] === 'shipping[phone]') expect(made?.shipping?.phone).toBeUndefined();
    expect(secretOf(await open(world))).toBe(secretOf(outcome));
    expect(world.intents.size).toBe(1);
  });

  it('is left out when the PaymentIntent is changed', async () => {
    const world = new FakeWorld();
    const first = await open(world);
    world.changeCart(aFullCart({ total: euro(2000) }));
    refusing(world, 'shipping[phone]', 'hooks[inputs][tax][calculation]');
    const again = await open(world);
    expectOneJoinedAttempt(world, again, 2000);
    expect(secretOf(again)).toBe(secretOf(first));
    expect(live(world)).toMatchObject([{ shipping: { name: 'Ada' } }]);
  });

  it('can be a deleted Stripe customer, which is replaced and which no idempotency key brings back', async () => {
    const fields = { stripeConnector_stripeCustomerId: 'cus_dead' };
    const customer = aCustomer({ custom: { type: { typeId: 'type', id: 't' }, fields } });
    const world = new FakeWorld(aCart({ customerId: customer.id }));
    world.putCustomer(customer);
    const outcome = await open(world, {}, someBehaviour({ setupFutureUsage: 'off_session' }));
    expectOneJoinedAttempt(world, outcome);
    const [alive] = [...world.stripe.customers.keys()];
    expect(live(world)).toMatchObject([{ customer: alive, setup_future_usage: 'off_session' }]);
    expect(world.commercetools.customers.get(customer.id)?.custom?.fields).toEqual({
      stripeConnector_stripeCustomerId: alive,
    });
  });

  it('can be a Stripe customer that cannot be replaced', async () => {
    const fields = { stripeConnector_stripeCustomerId: 'cus_dead' };
    const customer = aCustomer({ custom: { type: { typeId: 'type', id: 't' }, fields } });
    const world = new FakeWorld(aCart({ customerId: customer.id }));
    world.putCustomer(customer);
    world.stripe.refuseParams = (given) =>
      'customer' in given && given.customer ? stripeRejection('resource_missing', { param: 'customer' }) : undefined;
    expectOneJoinedAttempt(world, await open(world));
    expect(live(world)).toMatchObject([{ customer: null }]);
  });

  it.each([true, false])('can be a card feature that the account does not have (manual capture: %s)', async (later) => {
    const world = refusing(new FakeWorld(), 'payment_method_options[card][request_multicapture]');
    const behaviour = someBehaviour({ captureMethod: later ? 'manual' : 'automatic' });
    const outcome = await open(world, {}, behaviour, { cardFeatures: { multicapture: true, overcapture: true } });
    expectOneJoinedAttempt(world, outcome);
    expect(world.calls.filter((call) => call === 'payment_intents.create')).toHaveLength(2);
  });

  it('can be the line items: the shopper pays without them', async () => {
    const chair = { name: { en: 'Chair' }, quantity: 1, totalPrice: { type: 'centPrecision' as const, ...euro(1190) } };
    const world = refusing(new FakeWorld(aCart({ lineItems: [chair] })), 'amount_details[line_items]');
    const outcome = await open(world, {}, someBehaviour(), { lineItems: true });
    expectOneJoinedAttempt(world, outcome);
    expect(live(world)[0]?.metadata).not.toHaveProperty('ct_line_items');
    expect(secretOf(await open(world, {}, someBehaviour(), { lineItems: true }))).toBe(secretOf(outcome));
  });

  it('never is the amount, whose refusal is passed on', async () => {
    const world = new FakeWorld(aFullCart());
    world.stripe.refuse = (call) =>
      call === 'payment_intents.create' ? stripeRejection('amount_too_small', { param: 'amount' }) : undefined;
    await expect(open(world)).rejects.toMatchObject({ code: 'amount_too_small' });
  });

  it.each([
    ['a country alone', { country: 'DE' }],
    ['a name without a street', { country: 'DE', firstName: 'Ada' }],
    ['a street without a name', { country: 'DE', streetName: 'Main' }],
  ])('is not sent in the first place: %s', async (_what, shippingAddress) => {
    const world = new FakeWorld(aCart({ shippingAddress }));
    await open(world);
    expect(live(world)).toMatchObject([{ shipping: null }]);
  });
});

describe("Stripe's lock on a PaymentIntent", () => {
  const locked = (world: FakeWorld, call: string, times: number) => {
    let left = times;
    world.gate = async (name, moment) => {
      if (name !== call || moment !== 'before' || left === 0) return;
      left -= 1;
      throw new TransientError('lock_timeout', { reason: 'conflict' });
    };
  };

  it('is waited for, so that no shopper notices', async () => {
    const world = new FakeWorld();
    await open(world);
    world.setTotal('cart-1', euro(2000));
    locked(world, 'payment_intents.update', 3);
    expectOneJoinedAttempt(world, await open(world), 2000);
  });

  it('belongs to the browser: the payment id is written on the PaymentIntent only after a delay, and again after a lock', async () => {
    const world = new FakeWorld();
    const putOff: number[] = [];
    const deps: OpenCheckoutDeps = {
      ...depsOf(world),
      inBackground: (name, work, { afterMs = 0 } = {}) => {
        if (name === 'name the payment on the PaymentIntent') putOff.push(afterMs);
        world.inBackground(name, work);
      },
    };
    locked(world, 'payment_intents.update', 2);
    await openCheckout(deps, aRequest());
    await world.settled();
    expect(putOff).toEqual([3000]);
    expect(live(world)[0]?.metadata.ct_payment_id).toBe(world.paymentsOnCart()[0]?.id);
  });
});

/** ISK in hundredths; Stripe accepts only whole units. */
const aFraction = { type: 'centPrecision' as const, centAmount: 1050, currencyCode: 'ISK', fractionDigits: 2 };

describe('a cart that the page read for its form', () => {
  const afterTheForm = async (world: FakeWorld) => {
    const deps = depsOf(world);
    await deps.carts.get('cart-1');
    world.calls.length = 0;
    return deps;
  };

  it('is not read again: PaymentIntent and payment are created at once', async () => {
    const world = new FakeWorld();
    const outcome = await openCheckout(await afterTheForm(world), aRequest());
    expect(world.calls.slice(0, 3)).toEqual(['payment_intents.create', 'payments.create', 'carts.update']);
    await world.settled();
    expectOneJoinedAttempt(world, outcome);
    expect(world.intents.size).toBe(1);
  });

  it('is read when it has changed since, and the payment has the new amount', async () => {
    const world = new FakeWorld();
    const deps = await afterTheForm(world);
    world.setTotal('cart-1', euro(2000));
    const outcome = await openCheckout(deps, aRequest());
    await world.settled();
    expectOneJoinedAttempt(world, outcome, 2000);
    expect(world.commercetools.stored.size).toBe(1);
  });

  it.each([
    ['cost nothing', { totalPrice: { type: 'centPrecision' as const, ...euro(0) } }],
    ['had an amount that Stripe cannot express', { totalPrice: aFraction }],
  ])('is read before it is refused, if it %s meanwhile', async (_why, before) => {
    const world = new FakeWorld(aCart(before));
    const deps = await afterTheForm(world);
    world.setTotal('cart-1', euro(2000));
    const outcome = await openCheckout(deps, aRequest());
    await world.settled();
    expectOneJoinedAttempt(world, outcome, 2000);
  });

  it('is used once: the next opening reads it', async () => {
    const world = new FakeWorld();
    const deps = await afterTheForm(world);
    const first = await openCheckout(deps, aRequest());
    world.calls.length = 0;
    const second = await openCheckout(deps, aRequest());
    expect(world.calls[0]).toBe('carts.get');
    expect(secretOf(second)).toBe(secretOf(first));
  });

  it('is not cached after it has a payment, because changes of the payment do not change the cart’s version', async () => {
    const world = new FakeWorld();
    await open(world);
    const deps = await afterTheForm(world);
    await openCheckout(deps, aRequest());
    expect(world.calls[0]).toBe('carts.get');
  });
});

describe('a customer whom the page read for its customer session', () => {
  const signedIn = async () => {
    const customer = aCustomer();
    const world = new FakeWorld(aCart({ customerId: customer.id }));
    world.putCustomer(customer);
    const deps = depsOf(world);
    await deps.carts.get('cart-1');
    await openCustomerSession({ ...deps, features: {} }, { session: { cartId: 'cart-1' } });
    await deps.carts.get('cart-1');
    world.calls.length = 0;
    return { customer, world, deps };
  };

  it('is not read again: PaymentIntent and payment are created at once, for the new Stripe customer', async () => {
    const { world, deps } = await signedIn();
    await openCheckout(deps, aRequest());
    await world.settled();
    expect(world.calls.slice(0, 3)).toEqual(['payment_intents.create', 'payments.create', 'carts.update']);
    const [stripeCustomerId] = world.stripe.customers.keys();
    expect(live(world)).toMatchObject([{ customer: stripeCustomerId }]);
  });

  it('and who was deleted since is read when commercetools refuses the payment', async () => {
    const { customer, world, deps } = await signedIn();
    world.commercetools.customers.delete(customer.id);
    const outcome = await openCheckout(deps, aRequest());
    await world.settled();
    expectOneJoinedAttempt(world, outcome);
    expect(world.calls).toContain('customers.get');
  });
});

describe("an attempt of the original connector's", () => {
  const theirs = (status: 'requires_payment_method' | 'succeeded') => {
    const world = new FakeWorld();
    const authorization = aTransaction('Authorization', 'Initial', { interactionId: 'pi_theirs' });
    const { key: _none, ...payment } = aPayment({ id: 'theirs', transactions: [authorization] });
    world.putPayment(payment, 'cart-1');
    const metadata = { cart_id: 'cart-1', ct_project_key: 'project', ct_payment_id: 'theirs' };
    world.intents.set('pi_theirs', aPaymentIntent({ id: 'pi_theirs', status, metadata, client_secret: 'theirs' }));
    return world;
  };

  it('is used if its amount fits', async () => {
    const world = theirs('requires_payment_method');
    expect(await open(world)).toMatchObject({ clientSecret: 'theirs', paymentReference: 'theirs' });
    expect(world.intents.size).toBe(1);
  });

  it('is canceled when the amount has changed, because its transaction cannot follow', async () => {
    const world = theirs('requires_payment_method');
    world.setTotal('cart-1', euro(2000));
    expectOneJoinedAttempt(world, await open(world), 2000);
    expect(world.intents.get('pi_theirs')?.status).toBe('canceled');
  });

  it('counts as paid when its PaymentIntent is', async () => {
    expect(await open(theirs('succeeded'))).toMatchObject({ kind: 'paid' });
  });
});

it('is not used with another amount after a slow method failed, because its transaction cannot follow', async () => {
  const world = new FakeWorld();
  const first = await open(world);
  const reference = first.kind === 'opened' ? first.paymentReference : '';
  world.addTransaction(reference, aTransaction('Authorization', 'Failure', { interactionId: 'pi_1' }));
  world.setTotal('cart-1', euro(2000));
  expect(await open(world)).toMatchObject({ kind: 'opened' });
  expect(world.intents.get('pi_1')?.status).toBe('canceled');
  expect(live(world).map(({ amount }) => amount)).toEqual([2000]);
});

describe('a failure half way', () => {
  const calls = Array.from({ length: 7 }, (_, at) => at);

  it.each(calls.flatMap((at) => [[at, 'before'] as const, [at, 'after'] as const]))(
    'is fixed by the next try: call %i fails %s its effect',
    async (at, moment) => {
      const world = new FakeWorld();
      const gate = failOnce(at, moment);
      world.gate = gate;
      const first = await open(world).catch((error: unknown) => error);
      expect(gate.failed()).toMatch(/\w/);
      if (first instanceof Error) expect(first).toBeInstanceOf(TransientError);
      const again = await open(world);
      expectOneJoinedAttempt(world, again);
      expect(world.intents.size).toBe(1);
      expect(world.commercetools.stored.size).toBe(1);
    },
  );

  it.each(calls.flatMap((at) => [[at, 'before'] as const, [at, 'after'] as const]))(
    'is fixed by another process when the first dies: at call %i, %s its effect',
    async (at, moment) => {
      const world = new FakeWorld();
      let count = -1;
      let isDead = false;
      world.gate = async (_call, now) => {
        if (now === 'before') count += 1;
        if (count >= at && now === moment) isDead = true;
        if (isDead) throw new TransientError('the process is gone');
      };
      await open(world).catch(() => undefined);
      expect(isDead).toBe(true);
      world.gate = async () => {};
      expectOneJoinedAttempt(world, await open(world));
      expect(world.intents.size).toBe(1);
      expect(world.commercetools.stored.size).toBe(1);
    },
  );

  it('leaves nothing payable behind when the cart changed before the next try', async () => {
    for (const at of calls) {
      for (const moment of ['before', 'after'] as const) {
        const world = new FakeWorld();
        world.gate = failOnce(at, moment);
        const first = await open(world).catch(() => undefined);
        world.setTotal('cart-1', euro(2000));
        const again = await open(world);
        const delivered = new Set([first, again].map((outcome) => outcome && secretOf(outcome)));
        const payable = live(world).filter(({ client_secret }) => delivered.has(client_secret ?? undefined));
        expect(payable).toMatchObject([{ amount: 2000, client_secret: secretOf(again) }]);
        expect(world.paymentsOnCart()).toHaveLength(1);
      }
    }
  });

  it('is fixed a day later, when Stripe has forgotten its key: the PaymentIntent is found by its metadata, and no second one is created', async () => {
    const world = new FakeWorld();
    let isDead = false;
    world.gate = async (call) => {
      if (call === 'payments.update') isDead = true;
      if (isDead) throw new TransientError('the process is gone');
    };
    const first = await open(world);
    world.gate = async () => {};
    world.now += 25 * 60 * 60 * 1000;
    const again = await open(world);
    expect(secretOf(again)).toBe(secretOf(first));
    expectOneJoinedAttempt(world, again);
    expect(world.intents.size).toBe(1);
  });

  it('counts as paid when the shopper has paid, even if the payment was not linked before Stripe forgot its key', async () => {
    const world = new FakeWorld();
    let isDead = false;
    world.gate = async (call) => {
      if (call === 'payments.update') isDead = true;
      if (isDead) throw new TransientError('the process is gone');
    };
    await open(world);
    world.gate = async () => {};
    world.change('pi_1', { status: 'succeeded' });
    world.now += 25 * 60 * 60 * 1000;
    expect(await open(world)).toMatchObject({ kind: 'paid' });
    expect(world.intents.size).toBe(1);
  });

  it('is answered with 503 while the PaymentIntent of another request with other parameters is unknown', async () => {
    const world = new FakeWorld();
    // The other request died after it created both, with an address that this one does not know.
    const other = aCart({ shippingAddress: anAddress });
    world.putCart(other);
    world.gate = failOnce(3, 'before');
    await open(world).catch(() => undefined);
    world.putCart(aCart({ version: 2 }));
    world.gate = async (call) => {
      if (call === 'payment_intents.search') throw new TransientError('the index lags');
    };
    await expect(open(world)).rejects.toBeInstanceOf(TransientError);
    world.gate = async () => {};
    expectOneJoinedAttempt(world, await open(world));
    expect(world.intents.size).toBe(1);
  });
});

describe('requests that meet', () => {
  it('wait for each other while Stripe says that the key is in use', async () => {
    const world = new FakeWorld();
    let busy = 3;
    world.gate = async (call, moment) => {
      if (call !== 'payment_intents.create' || moment === 'after' || busy === 0) return;
      busy -= 1;
      throw new TransientError('key in use', { reason: 'conflict' });
    };
    expectOneJoinedAttempt(world, await open(world));
    expect(world.commercetools.stored.size).toBe(1);
  });

  /** Runs `stories` with the scheduler deciding the order of every await. */
  async function interleaved(
    scheduler: fc.Scheduler,
    world: FakeWorld,
    stories: readonly (() => Promise<OpenCheckoutOutcome | undefined>)[],
    faults: readonly (readonly [at: number, moment: 'before' | 'after'])[] = [],
  ) {
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

  it('end with one PaymentIntent and one payment when a shopper clicks several times at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, clicks) => {
        const world = new FakeWorld();
        const story = () => openCheckout(depsOf(world), aRequest());
        const outcomes = await interleaved(scheduler, world, Array(clicks).fill(story));
        for (const outcome of outcomes) {
          if (!outcome) throw new Error('a click failed');
          expectOneJoinedAttempt(world, outcome);
        }
        expect(world.intents.size).toBe(1);
        expect(world.commercetools.stored.size).toBe(1);
      }),
      { numRuns: 300 },
    );
  });

  const story = fc.record({
    express: fc.boolean(),
    total: fc.option(fc.constantFrom(1190, 2000, 3000)),
    captureMethod: fc.constantFrom('automatic' as const, 'automatic' as const, 'manual' as const),
    pays: fc.boolean(),
    /** The page has read the cart for its form, some time before. */
    remembers: fc.boolean(),
  });
  type Story = typeof story extends fc.Arbitrary<infer S> ? S : never;

  /** A shopper who may change the cart, opens it, and may pay what was opened, at any moment. */
  const lived =
    (world: FakeWorld, scheduler: fc.Scheduler, { express, total, captureMethod, pays, remembers }: Story) =>
    async () => {
      const deps = depsOf(world, someBehaviour({ captureMethod }));
      if (remembers) await deps.carts.get('cart-1').catch(() => {});
      await scheduler.schedule(Promise.resolve(), 'the shopper comes');
      if (total !== null) world.setTotal('cart-1', euro(total));
      const outcome = await openCheckout(deps, aRequest({ express }));
      if (!pays || outcome.kind !== 'opened') return outcome;
      await scheduler.schedule(Promise.resolve(), 'the shopper pays');
      const opened = [...world.intents.values()].find(({ client_secret }) => client_secret === outcome.clientSecret);
      if (opened && statusOf(opened) === 'waiting') world.change(opened.id, { status: 'succeeded' });
      return outcome;
    };

  const aWorld = () => new FakeWorld(aCart({ shippingAddress: anAddress }));
  const stories = fc.array(story, { minLength: 2, maxLength: 4 });

  const payable = (world: FakeWorld, outcomes: readonly (OpenCheckoutOutcome | undefined)[]) => {
    const delivered = new Set(
      outcomes.flatMap((outcome) => (outcome?.kind === 'opened' ? [outcome.clientSecret] : [])),
    );
    return live(world).filter(({ client_secret }) => delivered.has(client_secret ?? ''));
  };

  const sum = (intents: readonly { amount: number }[]) => intents.reduce((total, { amount }) => total + amount, 0);
  const dearest = (asked: readonly Story[]) => Math.max(1190, ...asked.map(({ total }) => total ?? 0));
  const paidOf = (world: FakeWorld) => [...world.intents.values()].filter((one) => statusOf(one) === 'paid');

  /**
   * The expected end of any story: no more was paid than the cart ever cost, amountPlanned of each paid attempt is what
   * was paid, and the last opening asks for the rest of the cart's price, or says that nothing is due.
   */
  function expectPaidOnce(world: FakeWorld, outcomes: readonly (OpenCheckoutOutcome | undefined)[], asked: Story[]) {
    const last = outcomes.at(-1);
    const paid = paidOf(world);
    const total = world.commercetools.carts.get('cart-1')?.totalPrice.centAmount ?? 0;
    expect(sum(paid)).toBeLessThanOrEqual(dearest(asked));
    for (const { id, amount } of paid) {
      const [payment, ...others] = [...world.commercetools.stored.values()].filter(
        ({ interfaceId }) => interfaceId === id,
      );
      expect(others).toEqual([]);
      expect(payment?.amountPlanned.centAmount).toBe(amount);
    }
    const waiting = payable(world, outcomes).filter((one) => statusOf(one) === 'waiting');
    if (sum(paid) >= total) {
      expect(last?.kind).toBe('paid');
      expect(waiting).toEqual([]);
      return;
    }
    expect(waiting).toMatchObject([{ amount: total - sum(paid), client_secret: last && secretOf(last) }]);
  }

  it('never return two payable PaymentIntents, whatever they ask for and whenever the cart changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), stories, async (scheduler, asked) => {
        const world = aWorld();
        const outcomes = await interleaved(
          scheduler,
          world,
          asked.map((one) => lived(world, scheduler, one)),
        );
        expect(live(world).filter((one) => statusOf(one) === 'waiting').length).toBeLessThanOrEqual(1);
        const last = await open(world);
        expectPaidOnce(world, [...outcomes, last], asked);
        expect(live(world).filter((one) => statusOf(one) === 'waiting').length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
    // On a busy machine 500 stories take longer than a test may by default.
  }, 60_000);

  it('never charge twice, whatever else fails', async () => {
    const fault = fc.tuple(fc.nat(40), fc.constantFrom('before' as const, 'after' as const));
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), stories, fc.array(fault, { maxLength: 5 }), async (scheduler, asked, faults) => {
        const world = aWorld();
        const first = await interleaved(
          scheduler,
          world,
          asked.map((one) => lived(world, scheduler, one)),
          faults,
        );
        expectPaidOnce(world, [...first, await open(world)], asked);
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});
