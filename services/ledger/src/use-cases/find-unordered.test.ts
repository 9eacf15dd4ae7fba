import type { Cart, CentPrecisionMoney, Order, Payment } from '@commercetools/platform-sdk';
import { EVENTS, type EventRecord, PAYMENT_TRANSACTIONS } from '@connector/contracts';
import { TransientError } from '@connector/errors';
import { cart, chargeOf, money, payment, paymentIntent, transaction } from '@connector/testing';
import { FakeCommercetools, FakeStripe, type Gate, RefusedAnswer } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { moneyAtStripe } from '../adapters/money-at-stripe.ts';
import { paidCarts, paidPayments, unorderedOrders } from '../adapters/unordered-orders.ts';
import type { HeldMoney, Settled } from '../domain/unordered.ts';
import { AUTHORIZED, CHARGED } from '../testing/held-money.ts';
import { type Finding, type FindUnorderedOptions, findUnordered } from './find-unordered.ts';
import type { Intention } from './ports-unordered.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const OPTIONS: FindUnorderedOptions = {
  mode: 'report',
  afterMs: 30 * 60_000,
  since: new Date('2026-11-20T00:00:00Z'),
  orderNumber: 'stripe-{cartId}',
  limit: 100,
};

class Killed extends Error {}

interface GivenCart extends Partial<Pick<Cart, 'cartState' | 'origin'>> {
  readonly total?: CentPrecisionMoney;
  readonly paymentIds?: readonly string[];
}

interface Given {
  carts?: Record<string, GivenCart>;
  payments?: Payment[];
  /** What Stripe holds of a PaymentIntent; what is not said was charged. */
  held?: Record<string, HeldMoney | undefined>;
  orders?: { id: string; orderNumber?: string; cartId: string; paymentIds: readonly string[] }[];
}

/** A call of a run, counted from 1, before or after it took effect. */
interface Moment {
  readonly call: number;
  readonly name: string;
  readonly when: 'before' | 'after';
}

const references = (ids: readonly string[]) => ({ payments: ids.map((id) => ({ typeId: 'payment' as const, id })) });

/** A project and a Stripe account in memory behind their adapters; operations with intent's idempotency, and what Kafka keeps. */
function world({ carts = {}, payments = [], held = {}, orders: givenOrders = [] }: Given) {
  const project = new FakeCommercetools().add(...payments);
  project.newId = () => `order-${project.orders.size + 1}`;
  for (const [id, { total = money(10_000), paymentIds = [], ...fields }] of Object.entries(carts)) {
    project.addCart(cart({ id, totalPrice: total, paymentInfo: references(paymentIds), ...fields }));
  }
  for (const { cartId, paymentIds, ...fields } of givenOrders) {
    const order = { version: 1, ...fields, cart: { typeId: 'cart', id: cartId }, paymentInfo: references(paymentIds) };
    project.orders.set(fields.id, order as unknown as Order);
  }
  const account = new FakeStripe();
  const hold = (id: string, { status, amount, currency, captured, refunded, isDisputed }: HeldMoney): void => {
    const state = { status: status as 'succeeded', amount, currency, amount_received: captured, metadata: {} };
    const intent = paymentIntent({ id, ...state });
    const charge = chargeOf(intent, { id: `ch_${id}`, amount_captured: captured, amount_refunded: refunded });
    Object.assign(charge, { disputed: isDisputed });
    account.charges.set(charge.id, charge as Stripe.Charge);
    account.paymentIntents.set(id, { ...intent, latest_charge: charge.id } as Stripe.PaymentIntent);
  };
  for (const { interfaceId: id } of payments) if (id && !(id in held)) hold(id, CHARGED);
  for (const [id, money] of Object.entries(held)) if (money) hold(id, money);

  let calls = 0;
  /** Called before and after each call; an error that it throws is the call's failure. */
  let around: (at: Moment) => void = () => {};
  const running = new Map<string, number[]>();
  const gate: Gate = async (name, when) => {
    // Let other writers run in between.
    await Promise.resolve();
    const numbers = running.get(name) ?? [];
    if (when === 'before') running.set(name, [...numbers, ++calls]);
    const call = when === 'before' ? calls : (numbers.shift() ?? 0);
    around({ call, name, when });
  };
  project.gate = gate;
  account.gate = gate;
  const port =
    <Args extends unknown[], T>(name: string, work: (...args: Args) => T) =>
    async (...args: Args): Promise<T> => {
      await gate(name, 'before');
      const result = structuredClone(work(...args));
      await gate(name, 'after');
      return result;
    };
  const open = new Map<string, Intention>();
  const sent: EventRecord[] = [];
  const reversed = new Map<string, string>();
  const refusals: string[] = [];
  const findings: Finding[] = [];
  const settled: Settled[] = [];
  const failures: unknown[] = [];
  const deps = {
    paidPayments: paidPayments(project, 'checkout-stripe', 2),
    payments: commercetoolsPayments(project),
    carts: paidCarts(project),
    orders: unorderedOrders(project),
    moneyAtStripe: moneyAtStripe(account),
    operations: {
      reverse: port('operations.reverse', (paymentId: string, key: string) => {
        if (refusals.includes(paymentId)) return 'refused' as const;
        if (reversed.has(paymentId)) return reversed.get(paymentId) === key ? ('done' as const) : ('nothing' as const);
        reversed.set(paymentId, key);
        return 'done' as const;
      }),
    },
    intentions: {
      open: port('intentions.open', () => [...open.values()]),
      begin: port('intentions.begin', (intention: Intention) => void open.set(intention.cartId, intention)),
      end: port('intentions.end', (intention: Intention) => void open.delete(intention.cartId)),
    },
    producer: {
      send: port('send', (topic: string, record: EventRecord) => {
        expect(topic).toBe(PAYMENT_TRANSACTIONS);
        sent.push(record);
      }),
    },
    paymentInterface: 'checkout-stripe',
    now: () => NOW,
    pause: async () => {},
    onFinding: (finding: Finding) => findings.push(finding),
    onSettled: (one: Settled) => settled.push(one),
    onFailure: (_what: string, error: unknown) => failures.push(error),
  };
  return {
    project,
    hold,
    open,
    sent,
    reversed,
    refusals,
    findings,
    settled,
    failures,
    orders: () => [...project.orders.values()],
    paymentIdsOn: (cartId: string) => project.carts.get(cartId)?.paymentInfo?.payments.map(({ id }) => id),
    /**
     * An order by the browser or the merchant: reads the cart and orders it, unless it is ordered; does nothing for a
     * cart without a payment.
     */
    checkout: (id: string, orderNumber = `shop-${id}`) => {
      const found = project.carts.get(id);
      if (!found || found.cartState === 'Ordered' || !found.paymentInfo?.payments.length) return;
      const body = { version: found.version, cart: { typeId: 'cart', id }, orderNumber };
      project.answer({ method: 'POST', resource: 'orders', id: undefined, query: {}, body });
    },
    run: async (options: Partial<FindUnorderedOptions> = {}, hook: typeof around = () => {}) => {
      const first = calls;
      around = (at) => hook({ ...at, call: at.call - first });
      try {
        return await findUnordered(deps, { ...OPTIONS, ...options });
      } finally {
        around = () => {};
      }
    },
    /** How many were made. */
    calls: () => calls,
    events: () =>
      new Map(
        sent.map(({ headers, value }) => [
          headers.ce_id,
          EVENTS['checkout.payment.settled_without_order'].parse(JSON.parse(value.toString())),
        ]),
      ),
  };
}

const paidPayment = (id: string, overrides: Partial<Payment> = {}): Payment =>
  payment({
    id,
    key: `cart-${id}-1`,
    interfaceId: `pi_${id}`,
    transactions: [
      transaction('Authorization', 'Success', { interactionId: `pi_${id}` }),
      transaction('Charge', 'Success', { interactionId: `pi_${id}` }),
    ],
    ...overrides,
  });
const authorized = (id: string) =>
  paidPayment(id, { transactions: [transaction('Authorization', 'Success', { interactionId: `pi_${id}` })] });

/** One cart `cart-p` with one payment `p`. */
const one = (paid: Partial<Payment> = {}, on: GivenCart = {}, rest: Omit<Given, 'carts' | 'payments'> = {}): Given => ({
  payments: [paidPayment('p', paid)],
  carts: { 'cart-p': { paymentIds: ['p'], ...on } },
  ...rest,
});

describe('a payment without an order', () => {
  const late = '2026-11-23T11:45:00.000Z';
  const refund = transaction('Refund', 'Success', { amount: money(1_000) });
  const cases: [string, Given, string | undefined][] = [
    ['is ready for one, its cart Active', one(), 'ready'],
    ['is ready for one, its cart Frozen', one({}, { cartState: 'Frozen' }), 'ready'],
    [
      'is left alone while it is young',
      one({ transactions: [transaction('Charge', 'Success', { timestamp: late })] }),
      undefined,
    ],
    [
      'does not exist when it was declined',
      one({ transactions: [transaction('Authorization', 'Failure')] }),
      undefined,
    ],
    [
      'does not exist when all was refunded',
      one({ transactions: [transaction('Charge', 'Success'), transaction('Refund', 'Success')] }),
      undefined,
    ],
    [
      'does not exist when an order refers to it, whatever the cart says',
      one({}, {}, { orders: [{ id: 'o', cartId: 'other', paymentIds: ['p'] }] }),
      undefined,
    ],
    ['whose cart costs more now', one({}, { total: money(12_000) }), 'total_differs'],
    ['whose cart costs less now', one({}, { total: money(8_000) }), 'total_differs'],
    ['whose cart is in another currency', one({}, { total: money(10_000, 'USD') }), 'total_differs'],
    ['that was refunded in part', one({ transactions: [transaction('Charge', 'Success'), refund] }), 'money_moved'],
    [
      'that Stripe has refunded, not yet recorded',
      one({}, {}, { held: { pi_p: { ...CHARGED, refunded: 10_000 } } }),
      'money_moved',
    ],
    ['that is disputed', one({}, {}, { held: { pi_p: { ...CHARGED, isDisputed: true } } }), 'money_moved'],
    ['that was captured in part', one({}, {}, { held: { pi_p: { ...CHARGED, captured: 4_000 } } }), 'money_moved'],
    [
      'that Stripe has canceled, not yet recorded',
      one({}, {}, { held: { pi_p: { ...CHARGED, status: 'canceled', captured: 0 } } }),
      'differs_from_stripe',
    ],
    ['whose charge is not booked yet', { ...one({}, {}), payments: [authorized('p')] }, 'differs_from_stripe'],
    ['whose PaymentIntent Stripe does not have', one({}, {}, { held: { pi_p: undefined } }), 'differs_from_stripe'],
    [
      'beside a voucher that waits',
      {
        payments: [paidPayment('p'), payment({ id: 'v', transactions: [transaction('Authorization', 'Pending')] })],
        carts: { 'cart-p': { paymentIds: ['p', 'v'] } },
      },
      'money_pending',
    ],
    [
      'does not exist while the payment only waits for its money',
      one({ transactions: [transaction('Authorization', 'Pending')] }),
      undefined,
    ],
    ['of a merchant-initiated transaction', one({ key: 'transaction-abc' }), 'merchant_initiated'],
    ['of a recurring order’s cart', one({}, { origin: 'RecurringOrder' }), 'merchant_initiated'],
    ['on a merged cart', one({}, { cartState: 'Merged' }), 'cart_merged'],
    ['whose cart was deleted', { payments: [paidPayment('p')] }, 'cart_gone'],
    [
      'on no cart, with a key that names no cart',
      { payments: [paidPayment('p', { key: 'stripe-pi_p' })] },
      'cart_gone',
    ],
    ['that is not on its cart', one({}, { paymentIds: [] }), 'not_on_cart'],
    [
      'whose cart was ordered without it',
      one({}, { cartState: 'Ordered', paymentIds: [] }, { orders: [{ id: 'o', cartId: 'cart-p', paymentIds: [] }] }),
      'order_without_payment',
    ],
    [
      'that pays a cart together with a gift card',
      {
        payments: [
          paidPayment('p'),
          payment({
            id: 'g',
            paymentMethodInfo: { paymentInterface: 'gift' },
            transactions: [transaction('Charge', 'Success', { amount: money(2_500) })],
          }),
        ],
        carts: { 'cart-p': { paymentIds: ['p', 'g'], total: money(12_500) } },
      },
      'ready',
    ],
    [
      'whose gift card was not redeemed',
      {
        payments: [paidPayment('p'), payment({ id: 'g', paymentMethodInfo: { paymentInterface: 'gift' } })],
        carts: { 'cart-p': { paymentIds: ['p', 'g'], total: money(12_500) } },
      },
      'total_differs',
    ],
  ];
  it.each(cases)('%s', async (_case, given, reason) => {
    const { run, findings, sent, orders, open } = world(given);
    const before = orders().length;
    const summary = await run();
    expect(findings.map((finding) => finding.reason)).toEqual(reason ? [reason] : []);
    expect(summary).toMatchObject({ complete: true, failed: 0 });
    expect([sent.length, orders().length, open.size]).toEqual([0, before, 0]);
  });

  it.each(cases.filter(([, , reason]) => reason !== 'ready'))(
    '%s, and no order is made for it',
    async (_case, given) => {
      const { run, sent, orders, open } = world(given);
      const before = orders().length;
      await run({ mode: 'create' });
      expect([sent.length, orders().length, open.size]).toEqual([0, before, 0]);
    },
  );

  it.each(cases.filter(([, , reason]) => reason !== 'ready' && reason !== 'total_differs'))(
    '%s, and no money is returned',
    async (_case, given) => {
      const { run, sent, reversed, open } = world(given);
      await run({ mode: 'return' });
      expect([sent.length, reversed.size, open.size]).toEqual([0, 0, 0]);
    },
  );

  it('names both payments of a cart that was paid twice', async () => {
    const { run, findings } = world({
      payments: [paidPayment('a'), paidPayment('z'), paidPayment('m')],
      carts: { c: { paymentIds: ['a', 'z'] }, 'cart-m': { paymentIds: ['m'] } },
    });
    await run();
    expect(findings.map(({ paymentId, reason }) => `${paymentId} ${reason}`).toSorted()).toEqual([
      'a total_differs',
      'm ready',
      'z total_differs',
    ]);
  });
});

describe('an order is made', () => {
  it('once, over the paid amount, and published', async () => {
    const { run, orders, events, open, settled } = world(one());
    const summary = await run({ mode: 'create' });
    expect(orders()).toMatchObject([
      { orderNumber: 'stripe-cart-p', cart: { id: 'cart-p' }, paymentInfo: { payments: [{ id: 'p' }] } },
    ]);
    expect([...events().values()]).toMatchObject([
      {
        paymentId: 'p',
        paymentIntentId: 'pi_p',
        cartId: 'cart-p',
        amount: { centAmount: 10_000, currencyCode: 'EUR' },
        settlement: { kind: 'order_created', orderId: 'order-1', orderNumber: 'stripe-cart-p' },
      },
    ]);
    expect(settled).toMatchObject([{ settlement: 'order_created', orderNumber: 'stripe-cart-p' }]);
    expect([summary.settlements.order_created, open.size]).toEqual([1, 0]);
    await run({ mode: 'create' });
    expect([orders().length, events().size]).toEqual([1, 1]);
  });

  it.each([
    ['Pending while the money is only authorised', authorized('p'), AUTHORIZED, 'Pending'],
    ['Paid when it is charged', paidPayment('p'), CHARGED, 'Paid'],
  ])('%s', async (_case, paid, money, state) => {
    const { run, orders } = world({
      payments: [paid],
      carts: { 'cart-p': { paymentIds: ['p'] } },
      held: { pi_p: money },
    });
    await run({ mode: 'create' });
    expect(orders().map(({ paymentState }) => paymentState)).toEqual([state]);
  });

  it.each<[what: string, now: Partial<HeldMoney>, state: string]>([
    ['refunded', { refunded: 10_000 }, 'Failed'],
    ['refunded in part', { refunded: 100 }, 'BalanceDue'],
    ['disputed', { isDisputed: true }, 'Failed'],
    ['released', { status: 'canceled', captured: 0 }, 'Failed'],
  ])(
    'and shows that it is not paid if the money was %s between the last read and the order',
    async (_what, now, state) => {
      const { run, hold, orders, findings, events, open, settled } = world(one());
      const summary = await run({ mode: 'create' }, ({ name, when }) => {
        if (name === 'orders.create' && when === 'before') hold('pi_p', { ...CHARGED, ...now });
      });
      expect(orders()).toMatchObject([{ id: 'order-1', paymentState: state }]);
      expect([...events().values()]).toMatchObject([{ settlement: { kind: 'order_created', paymentState: state } }]);
      expect(findings).toMatchObject([{ reason: 'money_moved', detail: `order stripe-cart-p is ${state}` }]);
      expect(settled).toHaveLength(1);
      expect(summary).toMatchObject({ settlements: { order_created: 1 }, reasons: { money_moved: 1 } });
      expect(open.size).toBe(0);
    },
  );

  it('and stays paid if its maker captured the payment at once, also in part', async () => {
    const given = {
      payments: [authorized('p')],
      carts: { 'cart-p': { paymentIds: ['p'] } },
      held: { pi_p: AUTHORIZED },
    };
    const { run, hold, orders, findings } = world(given);
    await run({ mode: 'create' }, ({ name, when }) => {
      if (name === 'orders.create' && when === 'after') hold('pi_p', { ...CHARGED, captured: 4_000 });
    });
    expect(orders()).toMatchObject([{ version: 1, paymentState: 'Pending' }]);
    expect(findings).toEqual([]);
  });

  it('not under the number of another cart’s order', async () => {
    const { run, orders, findings, open } = world(
      one({}, {}, { orders: [{ id: 'o', orderNumber: 'stripe-cart-p', cartId: 'other', paymentIds: [] }] }),
    );
    await run({ mode: 'create' });
    expect(findings.map(({ reason }) => reason)).toEqual(['order_number_taken']);
    expect([orders().length, open.size]).toEqual([1, 0]);
  });

  it('not when commercetools refuses it; the refusal is reported with its code', async () => {
    const { run, findings, open } = world(one());
    await run({ mode: 'create' }, ({ name, when }) => {
      if (name === 'orders.create' && when === 'before') throw new RefusedAnswer(400, 'ShippingAddressMissing');
    });
    expect(findings).toMatchObject([{ reason: 'refused', detail: 'ShippingAddressMissing' }]);
    expect(open.size).toBe(0);
  });

  it('for no more carts than the limit; the rest is listed', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const { run, orders } = world({
      payments: ids.map((id) => paidPayment(id)),
      carts: Object.fromEntries(ids.map((id) => [`cart-${id}`, { paymentIds: [id] }])),
    });
    const summary = await run({ mode: 'create', limit: 2 });
    expect(summary).toMatchObject({ limited: true, reasons: { ready: 3 }, settlements: { order_created: 2 } });
    expect(orders()).toHaveLength(2);
  });
});

describe('money is returned', () => {
  it('after the payment has left its cart, and published', async () => {
    const { run, project, paymentIdsOn, reversed, events, open } = world(one({}, { total: money(4_000) }));
    const summary = await run({ mode: 'return' });
    expect(project.carts.get('cart-p')).toMatchObject({ cartState: 'Active', version: 2 });
    expect(paymentIdsOn('cart-p')).toEqual([]);
    expect([...reversed.keys()]).toEqual(['p']);
    expect([...events().values()]).toMatchObject([{ paymentId: 'p', settlement: { kind: 'returned' } }]);
    expect([summary.settlements.returned, open.size]).toEqual([1, 0]);
  });

  it('not when another provider holds a part of it', async () => {
    const gift = { paymentInterface: 'gift' };
    const { run, reversed, findings } = world({
      payments: [
        paidPayment('p'),
        payment({
          id: 'g',
          paymentMethodInfo: gift,
          transactions: [transaction('Charge', 'Success', { amount: money(2_500) })],
        }),
      ],
      carts: { 'cart-p': { paymentIds: ['p', 'g'], total: money(12_500) } },
    });
    await run({ mode: 'return' });
    expect(reversed.size).toBe(0);
    expect(findings.map(({ reason }) => reason)).toEqual(['ready']);
  });

  it('later, when Stripe refuses now; until then it is listed', async () => {
    const { run, refusals, reversed, findings, open } = world(one());
    refusals.push('p');
    await run({ mode: 'return' });
    expect(findings.map(({ reason }) => reason)).toEqual(['refused']);
    expect(open.size).toBe(1);
    await run({ mode: 'report' });
    expect(findings.at(-1)).toMatchObject({ reason: 'return_unfinished' });
    refusals.pop();
    await run({ mode: 'return' });
    expect([reversed.size, open.size]).toEqual([1, 0]);
  });

  it('no longer when a dispute has taken it', async () => {
    const { run, refusals, hold, findings, reversed, open } = world(one());
    refusals.push('p');
    await run({ mode: 'return' });
    hold('pi_p', { ...CHARGED, isDisputed: true });
    refusals.pop();
    await run({ mode: 'return' });
    expect([reversed.size, open.size]).toEqual([0, 0]);
    expect(findings.at(-1)?.reason).toBe('not_on_cart');
  });
});

describe('a run that is killed at each call, before or after its effect, and repeated', () => {
  /** Every call of a run over one cart that nobody disturbs, before and after it. */
  const points = async (mode: 'create' | 'return') => {
    const { run, calls } = world(one());
    await run({ mode });
    return Array.from({ length: calls() }, (_, at) => at + 1).flatMap((call) => [
      { call, when: 'before' as const },
      { call, when: 'after' as const },
    ]);
  };
  const killAt = (point: { call: number; when: string }) => (at: { call: number; when: string }) => {
    if (at.call === point.call && at.when === point.when) throw new Killed();
  };

  it('makes one order for each cart, and publishes it once', async () => {
    let kills = 0;
    for (const point of await points('create')) {
      const { run, orders, events, open, failures } = world(one());
      await run({ mode: 'create' }, killAt(point)).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      kills += failures.length;
      await run({ mode: 'create' });
      expect([point, orders().length, events().size, open.size]).toEqual([point, 1, 1, 0]);
    }
    expect(kills).toBeGreaterThan(10);
  });

  it('returns the money of each payment once, and publishes it once', async () => {
    for (const point of await points('return')) {
      const { run, reversed, events, open, paymentIdsOn } = world(one());
      await run({ mode: 'return' }, killAt(point)).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      await run({ mode: 'return' });
      expect([point, reversed.size, events().size, open.size]).toEqual([point, 1, 1, 0]);
      expect(paymentIdsOn('cart-p')).toEqual([]);
    }
  });

  it('leaves one order when the shopper orders at any call, and publishes only our own', async () => {
    const all = await points('create');
    for (const shopper of all) {
      for (const killed of [undefined, ...all]) {
        const { run, orders, events, open, checkout } = world(one());
        const hook = (at: { call: number; when: 'before' | 'after' }) => {
          if (at.call === shopper.call && at.when === shopper.when) checkout('cart-p');
          if (killed) killAt(killed)(at);
        };
        await run({ mode: 'create' }, hook).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
        await run({ mode: 'create' });
        const isOurs = orders()[0]?.orderNumber === 'stripe-cart-p';
        expect([shopper, killed, orders().length, events().size, open.size]).toEqual([
          shopper,
          killed,
          1,
          isOurs ? 1 : 0,
          0,
        ]);
      }
    }
  });

  it('never returns the money of a cart that has an order, whenever the shopper orders', async () => {
    const all = await points('return');
    for (const shopper of all) {
      for (const killed of [undefined, ...all]) {
        const { run, orders, reversed, events, open, checkout } = world(one());
        const hook = (at: { call: number; when: 'before' | 'after' }) => {
          if (at.call === shopper.call && at.when === shopper.when) checkout('cart-p');
          if (killed) killAt(killed)(at);
        };
        await run({ mode: 'return' }, hook).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
        await run({ mode: 'return' });
        expect([shopper, killed, orders().length + reversed.size, open.size]).toEqual([shopper, killed, 1, 0]);
        expect(events().size).toBe(reversed.size);
      }
    }
  });

  it('repeats a call that failed transiently in the same run', async () => {
    for (const point of await points('create')) {
      const { run, orders, events, open } = world(one());
      let failed = false;
      const summary = await run({ mode: 'create' }, (at) => {
        if (failed || at.call !== point.call || at.when !== point.when) return;
        failed = true;
        throw new TransientError('cut');
      });
      expect([point, summary.complete, orders().length, events().size, open.size]).toEqual([point, true, 1, 1, 0]);
    }
  });
});

it('makes one order for each of 200 carts, with several runs and shoppers at the same time', async () => {
  const ids = Array.from({ length: 200 }, (_, at) => `${1000 + at}`);
  const { run, orders, events, open, checkout } = world({
    payments: ids.map((id) => paidPayment(id)),
    carts: Object.fromEntries(ids.map((id) => [`cart-${id}`, { paymentIds: [id] }])),
  });
  let at = 0;
  const shopping = async () => {
    for (const id of ids.toReversed()) {
      // At the speed of the runs, so that they meet in the middle.
      for (let turns = at++ % 7; turns > 0; turns -= 1) await Promise.resolve();
      checkout(`cart-${id}`);
    }
  };
  await Promise.all([run({ mode: 'create', limit: 1000 }), run({ mode: 'create', limit: 1000 }), shopping()]);
  await run({ mode: 'create', limit: 1000 });
  expect(new Set(orders().map(({ cart: of }) => of?.id)).size).toBe(200);
  expect(orders()).toHaveLength(200);
  const ours = orders().filter(({ orderNumber }) => orderNumber?.startsWith('stripe-')).length;
  expect([events().size, open.size]).toEqual([ours, 0]);
  // They met.
  expect([ours > 0, ours < 200]).toEqual([true, true]);
});
