import type { Payment } from '@commercetools/platform-sdk';
import { EVENTS, type EventRecord, PAYMENT_TRANSACTIONS } from '@connector/contracts';
import { PermanentError, StaleVersionError, TransientError } from '@connector/errors';
import { money, payment, transaction } from '@connector/testing';
import { describe, expect, it } from 'vitest';
import type { CartView, HeldMoney, OrderRef, Settled } from '../domain/unordered.ts';
import { type Finding, type FindUnorderedOptions, findUnordered } from './find-unordered.ts';
import type { Intention } from './ports.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const CHARGED: HeldMoney = {
  status: 'succeeded',
  currency: 'eur',
  amount: 10_000,
  captured: 10_000,
  refunded: 0,
  isDisputed: false,
};
const AUTHORIZED: HeldMoney = { ...CHARGED, status: 'requires_capture', captured: 0 };
const OPTIONS: FindUnorderedOptions = {
  mode: 'report',
  afterMs: 30 * 60_000,
  since: new Date('2026-11-20T00:00:00Z'),
  orderNumber: 'stripe-{cartId}',
  limit: 100,
};

class Killed extends Error {}

interface StoredCart extends Omit<CartView, 'payments'> {
  paymentIds: string[];
}

interface Given {
  carts?: Record<string, Partial<StoredCart>>;
  payments?: Payment[];
  held?: Record<string, HeldMoney | undefined>;
  orders?: OrderRef[];
}

/**
 * A project and a Stripe account in memory: carts and orders with commercetools' version checks, operations with
 * intent's idempotency.
 */
function world({ carts: given = {}, payments: givenPayments = [], held = {}, orders: givenOrders = [] }: Given) {
  const payments = new Map(givenPayments.map((one) => [one.id, one]));
  const carts = new Map<string, StoredCart>(
    Object.entries(given).map(([id, cart]) => [
      id,
      { id, version: 1, cartState: 'Active', total: money(10_000), paymentIds: [], ...cart },
    ]),
  );
  const orders = [...givenOrders];
  const paymentStates: string[] = [];
  const changedStates = new Map<string, string>();
  const open = new Map<string, Intention>();
  const sent: EventRecord[] = [];
  const reversed = new Map<string, string>();
  const refusals: string[] = [];
  let calls = 0;
  /** Called before and after each call, with its number and name; an error that it throws is the call's failure. */
  let around: (at: { call: number; name: string; when: 'before' | 'after' }) => void = () => {};
  const port = <Args extends unknown[], T>(name: string, work: (...args: Args) => T) => {
    return async (...args: Args): Promise<T> => {
      const call = ++calls;
      // Let other writers run in between.
      await Promise.resolve();
      around({ call, name, when: 'before' });
      const result = work(...args);
      around({ call, name, when: 'after' });
      return structuredClone(result);
    };
  };
  const view = ({ paymentIds, ...cart }: StoredCart): CartView => ({
    ...cart,
    payments: paymentIds.flatMap((id) => payments.get(id) ?? []),
  });
  const writable = ({ id, version }: { id: string; version: number }): StoredCart => {
    const cart = carts.get(id);
    if (!cart || cart.version !== version) throw new StaleVersionError('another writer was first');
    if (cart.cartState === 'Ordered') throw new PermanentError('the cart is ordered');
    return cart;
  };
  const save = (cart: StoredCart, change: Partial<StoredCart>) =>
    carts.set(cart.id, { ...cart, ...change, version: cart.version + 1 });
  const order = (cart: { id: string; version: number }, orderNumber: string): OrderRef => {
    const found = writable(cart);
    if (orders.some((one) => one.orderNumber === orderNumber)) throw new Error('number taken');
    const made = { id: `order-${orders.length + 1}`, orderNumber, cartId: cart.id, paymentIds: found.paymentIds };
    orders.push(made);
    save(found, { cartState: 'Ordered' });
    return made;
  };
  const findings: Finding[] = [];
  const settled: Settled[] = [];
  const failures: unknown[] = [];
  const deps = {
    paidPayments: {
      page: port('payments.query', (_since: Date, _before: Date, afterId?: string) =>
        [...payments.values()]
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
          .filter(({ id }) => !afterId || id > afterId)
          .filter(({ paymentMethodInfo }) => paymentMethodInfo.paymentInterface === 'checkout-stripe')
          .filter(({ transactions }) => transactions.some(({ state }) => state === 'Success'))
          .slice(0, 2),
      ),
    },
    payments: { byId: port('payments.get', (id: string) => payments.get(id)) },
    carts: {
      byId: port('carts.get', (id: string) => {
        const cart = carts.get(id);
        return cart && view(cart);
      }),
      ofPayments: port('carts.query', (ids: readonly string[]) =>
        [...carts.values()].filter(({ paymentIds }) => paymentIds.some((id) => ids.includes(id))).map(view),
      ),
      detach: port('carts.update', (cart: { id: string; version: number }, ids: readonly string[]) => {
        const found = writable(cart);
        save(found, { paymentIds: found.paymentIds.filter((id) => !ids.includes(id)) });
      }),
    },
    orders: {
      of: port('orders.query', (ids: readonly string[], cartId?: string) =>
        orders.filter((one) => one.paymentIds.some((id) => ids.includes(id)) || (cartId && one.cartId === cartId)),
      ),
      byNumber: port('orders.by_number', (number: string) => orders.find(({ orderNumber }) => orderNumber === number)),
      create: port(
        'orders.create',
        (cart: { id: string; version: number }, draft: { orderNumber: string; paymentState: string }) => {
          writable(cart);
          if (refusals.includes('order')) throw new PermanentError('no shipping address');
          if (orders.some(({ orderNumber }) => orderNumber === draft.orderNumber)) return 'number-taken' as const;
          paymentStates.push(draft.paymentState);
          return order(cart, draft.orderNumber);
        },
      ),
      changePaymentState: port('orders.update', (id: string, state: string) => void changedStates.set(id, state)),
    },
    moneyAtStripe: port('payment_intents.get', (id: string) => (id in held ? held[id] : CHARGED)),
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
    carts,
    orders,
    paymentStates,
    changedStates,
    open,
    sent,
    reversed,
    refusals,
    payments,
    held,
    findings,
    settled,
    failures,
    order,
    /**
     * An order by the browser or the merchant: reads the cart and orders it, unless it is ordered; does nothing for a
     * cart without a payment.
     */
    checkout: (cartId: string, orderNumber = `shop-${cartId}`) => {
      const cart = carts.get(cartId);
      if (cart && cart.cartState !== 'Ordered' && cart.paymentIds.length > 0) order(cart, orderNumber);
    },
    run: async (options: Partial<FindUnorderedOptions> = {}, hook: typeof around = () => {}) => {
      around = hook;
      const first = calls;
      around = (at) => hook({ ...at, call: at.call - first });
      try {
        return await findUnordered(deps, { ...OPTIONS, ...options });
      } finally {
        around = () => {};
      }
    },
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
const one = (
  paid: Partial<Payment> = {},
  cart: Partial<StoredCart> = {},
  rest: Omit<Given, 'carts' | 'payments'> = {},
): Given => ({ payments: [paidPayment('p', paid)], carts: { 'cart-p': { paymentIds: ['p'], ...cart } }, ...rest });

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
    const before = orders.length;
    const summary = await run();
    expect(findings.map((finding) => finding.reason)).toEqual(reason ? [reason] : []);
    expect(summary).toMatchObject({ complete: true, failed: 0 });
    expect([sent.length, orders.length, open.size]).toEqual([0, before, 0]);
  });

  it.each(cases.filter(([, , reason]) => reason !== 'ready'))(
    '%s, and no order is made for it',
    async (_case, given) => {
      const { run, sent, orders, open } = world(given);
      const before = orders.length;
      await run({ mode: 'create' });
      expect([sent.length, orders.length, open.size]).toEqual([0, before, 0]);
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
    expect(orders).toMatchObject([{ orderNumber: 'stripe-cart-p', cartId: 'cart-p', paymentIds: ['p'] }]);
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
    expect([orders.length, events().size]).toEqual([1, 1]);
  });

  it.each([
    ['Pending while the money is only authorised', authorized('p'), AUTHORIZED, 'Pending'],
    ['Paid when it is charged', paidPayment('p'), CHARGED, 'Paid'],
  ])('%s', async (_case, paid, money, state) => {
    const { run, paymentStates } = world({
      payments: [paid],
      carts: { 'cart-p': { paymentIds: ['p'] } },
      held: { pi_p: money },
    });
    await run({ mode: 'create' });
    expect(paymentStates).toEqual([state]);
  });

  it.each<[what: string, now: Partial<HeldMoney>, state: string]>([
    ['refunded', { refunded: 10_000 }, 'Failed'],
    ['refunded in part', { refunded: 100 }, 'BalanceDue'],
    ['disputed', { isDisputed: true }, 'Failed'],
    ['released', { status: 'canceled', captured: 0 }, 'Failed'],
  ])(
    'and shows that it is not paid if the money was %s between the last read and the order',
    async (_what, now, state) => {
      const { run, held, orders, changedStates, findings, events, open, settled } = world(one());
      const summary = await run({ mode: 'create' }, ({ name, when }) => {
        if (name === 'orders.create' && when === 'before') held.pi_p = { ...CHARGED, ...now };
      });
      expect(orders).toHaveLength(1);
      expect([...changedStates]).toEqual([['order-1', state]]);
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
    const { run, held, changedStates, findings } = world(given);
    await run({ mode: 'create' }, ({ name, when }) => {
      if (name === 'orders.create' && when === 'after') held.pi_p = { ...CHARGED, captured: 4_000 };
    });
    expect([[...changedStates], findings]).toEqual([[], []]);
  });

  it('not under the number of another cart’s order', async () => {
    const { run, orders, findings, open } = world(
      one({}, {}, { orders: [{ id: 'o', orderNumber: 'stripe-cart-p', cartId: 'other', paymentIds: [] }] }),
    );
    await run({ mode: 'create' });
    expect(findings.map(({ reason }) => reason)).toEqual(['order_number_taken']);
    expect([orders.length, open.size]).toEqual([1, 0]);
  });

  it('not when commercetools refuses it; the refusal is reported with its code', async () => {
    const { run, refusals, findings, open } = world(one());
    refusals.push('order');
    await run({ mode: 'create' });
    expect(findings).toMatchObject([{ reason: 'refused', detail: 'General' }]);
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
    expect(orders).toHaveLength(2);
  });
});

describe('money is returned', () => {
  it('after the payment has left its cart, and published', async () => {
    const { run, carts, reversed, events, open } = world(one({}, { total: money(4_000) }));
    const summary = await run({ mode: 'return' });
    expect(carts.get('cart-p')).toMatchObject({ cartState: 'Active', version: 2, paymentIds: [] });
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
    const { run, refusals, held, findings, reversed, open } = world(one());
    refusals.push('p');
    await run({ mode: 'return' });
    held.pi_p = { ...CHARGED, isDisputed: true };
    refusals.pop();
    await run({ mode: 'return' });
    expect([reversed.size, open.size]).toEqual([0, 0]);
    expect(findings.at(-1)?.reason).toBe('not_on_cart');
  });
});

describe('a run that is killed at each call, before or after its effect, and repeated', () => {
  const points = (count: number) =>
    Array.from({ length: count }, (_, at) => at + 1).flatMap((call) => [
      { call, when: 'before' as const },
      { call, when: 'after' as const },
    ]);
  const killAt = (point: { call: number; when: string }) => (at: { call: number; when: string }) => {
    if (at.call === point.call && at.when === point.when) throw new Killed();
  };

  it('makes one order for each cart, and publishes it once', async () => {
    let kills = 0;
    for (const point of points(20)) {
      const { run, orders, events, open, failures } = world(one());
      await run({ mode: 'create' }, killAt(point)).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      kills += failures.length;
      await run({ mode: 'create' });
      expect([point, orders.length, events().size, open.size]).toEqual([point, 1, 1, 0]);
    }
    expect(kills).toBeGreaterThan(10);
  });

  it('returns the money of each payment once, and publishes it once', async () => {
    for (const point of points(20)) {
      const { run, reversed, events, open, carts } = world(one());
      await run({ mode: 'return' }, killAt(point)).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      await run({ mode: 'return' });
      expect([point, reversed.size, events().size, open.size]).toEqual([point, 1, 1, 0]);
      expect(carts.get('cart-p')?.paymentIds).toEqual([]);
    }
  });

  it('leaves one order when the shopper orders at any call, and publishes only our own', async () => {
    for (const shopper of points(16)) {
      for (const killed of [undefined, ...points(16)]) {
        const { run, orders, events, open, checkout } = world(one());
        const hook = (at: { call: number; when: 'before' | 'after' }) => {
          if (at.call === shopper.call && at.when === shopper.when) checkout('cart-p');
          if (killed) killAt(killed)(at);
        };
        await run({ mode: 'create' }, hook).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
        await run({ mode: 'create' });
        const isOurs = orders[0]?.orderNumber === 'stripe-cart-p';
        expect([shopper, killed, orders.length, events().size, open.size]).toEqual([
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
    for (const shopper of points(16)) {
      for (const killed of [undefined, ...points(16)]) {
        const { run, orders, reversed, events, open, checkout } = world(one());
        const hook = (at: { call: number; when: 'before' | 'after' }) => {
          if (at.call === shopper.call && at.when === shopper.when) checkout('cart-p');
          if (killed) killAt(killed)(at);
        };
        await run({ mode: 'return' }, hook).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
        await run({ mode: 'return' });
        expect([shopper, killed, orders.length + reversed.size, open.size]).toEqual([shopper, killed, 1, 0]);
        expect(events().size).toBe(reversed.size);
      }
    }
  });

  it('repeats a call that failed transiently in the same run', async () => {
    for (const point of points(20)) {
      const { run, orders, events, open } = world(one());
      let failed = false;
      const summary = await run({ mode: 'create' }, (at) => {
        if (failed || at.call !== point.call || at.when !== point.when) return;
        failed = true;
        throw new TransientError('cut');
      });
      expect([point, summary.complete, orders.length, events().size, open.size]).toEqual([point, true, 1, 1, 0]);
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
  expect(new Set(orders.map(({ cartId }) => cartId)).size).toBe(200);
  expect(orders).toHaveLength(200);
  const ours = orders.filter(({ orderNumber }) => orderNumber?.startsWith('stripe-')).length;
  expect([events().size, open.size]).toEqual([ours, 0]);
});
