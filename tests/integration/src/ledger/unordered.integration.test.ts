import type { Commercetools } from '@connector/commercetools';
import { EVENTS, type EventRecord } from '@connector/contracts';
import {
  type CommercetoolsSimulator,
  createCart,
  startCommercetoolsSimulator,
} from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { createStripe, type StripeClient } from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { stripePaymentIntents } from '../../../../services/intent/src/adapters/payment-intents.ts';
import { commercetoolsPayments as intentPayments } from '../../../../services/intent/src/adapters/payments.ts';
import { FakeWorld } from '../../../../services/intent/src/testing/fake-world.ts';
import { startApp } from '../../../../services/intent/src/testing/start-app.ts';
import { commercetoolsPayments } from '../../../../services/ledger/src/adapters/commercetools-payments.ts';
import { intentOperations } from '../../../../services/ledger/src/adapters/intent-operations.ts';
import { moneyAtStripe } from '../../../../services/ledger/src/adapters/money-at-stripe.ts';
import { unorderedIntentions } from '../../../../services/ledger/src/adapters/unordered-intentions.ts';
import { paidCarts, paidPayments, unorderedOrders } from '../../../../services/ledger/src/adapters/unordered-orders.ts';
import {
  type Finding,
  type FindUnorderedOptions,
  findUnordered,
} from '../../../../services/ledger/src/use-cases/find-unordered.ts';
import { clientOf } from '../client-of.ts';

const log = createLogger('unordered', 'silent');
const INTERFACE = 'checkout-stripe';
const PRICE = 1_190;
const OPTIONS: FindUnorderedOptions = {
  mode: 'create',
  afterMs: 60_000,
  since: new Date(0),
  orderNumber: 'stripe-{cartId}',
  limit: 1_000,
};

/** Not an error that anything tries again. */
class Killed extends Error {}

let project: CommercetoolsSimulator;
let account: StripeSimulator;
let commercetools: Commercetools;
let stripe: StripeClient;

beforeAll(async () => {
  [project, account] = await Promise.all([startCommercetoolsSimulator(), startStripeSimulator()]);
  commercetools = clientOf(project);
  stripe = createStripe({ STRIPE_SECRET_KEY: 'sk_test_integration', STRIPE_API_BASE: account.url }, { log });
});
afterAll(async () => {
  await Promise.all([commercetools?.close(), stripe?.close()]);
  await Promise.all([project?.close(), account?.close()]);
});
beforeEach(() => project.reset());

interface Paid {
  readonly cartId: string;
  readonly paymentId: string;
  readonly paymentIntentId: string;
}

/** A cart that was paid by a card, as intent opened it and the ledger booked it. */
async function paidCart(capture: 'automatic' | 'manual' = 'automatic'): Promise<Paid> {
  const { url: ctUrl, projectKey } = project;
  const api = { ctUrl, projectKey, token: project.issueToken() };
  const cart = await createCart(api, { currency: 'EUR', centAmount: PRICE, country: 'DE' });
  const key = `${cart.id}-1`;
  const metadata = { cart_id: cart.id, ct_project_key: projectKey, ct_payment_key: key };
  const { id: paymentIntentId } = await stripe.call('payment_intents.create', (sdk) =>
    sdk.paymentIntents.create({
      amount: PRICE,
      currency: 'eur',
      capture_method: capture,
      automatic_payment_methods: { enabled: true },
      metadata,
    }),
  );
  account.controls.pay(paymentIntentId);
  const transaction = (type: 'Authorization' | 'Charge') => ({
    type,
    state: 'Success' as const,
    amount: { centAmount: PRICE, currencyCode: 'EUR' },
    interactionId: paymentIntentId,
    timestamp: new Date().toISOString(),
  });
  const body = {
    key,
    amountPlanned: { centAmount: PRICE, currencyCode: 'EUR' },
    paymentMethodInfo: { paymentInterface: INTERFACE },
    interfaceId: paymentIntentId,
    transactions: [transaction('Authorization'), ...(capture === 'automatic' ? [transaction('Charge')] : [])],
  };
  const { id: paymentId } = await commercetools.call('payments.create', commercetools.api.payments().post({ body }));
  const actions = [{ action: 'addPayment' as const, payment: { typeId: 'payment' as const, id: paymentId } }];
  const carts = commercetools.api.carts().withId({ ID: cart.id });
  await commercetools.call('carts.update', carts.post({ body: { version: cart.version, actions } }));
  return { cartId: cart.id, paymentId, paymentIntentId };
}

/** What the topics hold, of as many pods as there are. */
function topics() {
  const checkpoints: EventRecord[] = [];
  const told: EventRecord[] = [];
  const send = async (topic: string, record: EventRecord) => {
    (topic === 'connector.checkpoints' ? checkpoints : told).push(record);
  };
  return {
    send,
    intentions: () =>
      unorderedIntentions(
        async (_topic, onMessage) => checkpoints.forEach(onMessage),
        { send },
        commercetools.projectKey,
      ),
    events: () =>
      new Map(
        told.map(({ headers, value }) => [
          headers.ce_id,
          EVENTS['checkout.payment.settled_without_order'].parse(JSON.parse(value.toString())),
        ]),
      ),
  };
}

/** A pod: runs until it is done or, at the call `killAt`, is killed before the call or before its answer. */
async function pod(
  at: { topics: ReturnType<typeof topics>; intentUrl?: string },
  options: Partial<FindUnorderedOptions> = {},
  killAt?: { call: number; when: 'before' | 'after' },
) {
  let calls = 0;
  let isDead = false;
  const mortal =
    <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const call = ++calls;
      if (isDead || (killAt?.call === call && killAt.when === 'before')) throw die();
      const result = await work(...args);
      if (isDead || killAt?.call === call) throw die();
      return result;
    };
  const die = () => {
    isDead = true;
    return new Killed();
  };
  const everyCall = <P extends object>(port: P): P =>
    Object.fromEntries(Object.entries(port).map(([name, work]) => [name, mortal(work)])) as P;
  const findings: Finding[] = [];
  const failures: unknown[] = [];
  const intentions = at.topics.intentions();
  const summary = await findUnordered(
    {
      paidPayments: everyCall(paidPayments(commercetools, INTERFACE)),
      payments: everyCall(commercetoolsPayments(commercetools)),
      carts: everyCall(paidCarts(commercetools)),
      orders: everyCall(unorderedOrders(commercetools)),
      moneyAtStripe: mortal(moneyAtStripe(stripe)),
      operations: everyCall(intentOperations(at.intentUrl ?? '', fetch, async () => 'manage_checkout_payment_intents')),
      intentions: everyCall(intentions),
      producer: everyCall({ send: at.topics.send }),
      paymentInterface: INTERFACE,
      // What was paid just now was paid an hour ago.
      now: () => new Date(Date.now() + 3_600_000),
      pause: async () => {},
      onFinding: (finding) => findings.push(finding),
      onFailure: (_what, error) => failures.push(error),
    },
    { ...OPTIONS, ...options },
  ).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
    return undefined;
  });
  return { summary, findings, calls, failures: failures.filter((error) => !(error instanceof Killed)) };
}

/** The browser's page, or the shop's backend: reads the cart, and orders it while the payment is on it. */
async function shopper({ cartId, paymentId }: Paid): Promise<'ordered' | 'too late' | 'unpaid'> {
  const carts = commercetools.api.carts().withId({ ID: cartId });
  const { version, cartState, paymentInfo } = await commercetools.call('carts.get', carts.get());
  if (cartState === 'Ordered') return 'too late';
  if (!paymentInfo?.payments.some(({ id }) => id === paymentId)) return 'unpaid';
  const body = { version, cart: { typeId: 'cart' as const, id: cartId }, orderNumber: `shop-${cartId}` };
  try {
    await commercetools.call('orders.create', commercetools.api.orders().post({ body }));
    return 'ordered';
  } catch {
    // Another page of the shop asks again, and is told what it is.
    return shopper({ cartId, paymentId, paymentIntentId: '' });
  }
}

async function ordersByCart(): Promise<Map<string, string[]>> {
  const { orders } = await project.state();
  const found = new Map<string, string[]>();
  for (const order of orders as { cart?: { id: string }; orderNumber?: string }[]) {
    const cartId = order.cart?.id ?? '';
    found.set(cartId, [...(found.get(cartId) ?? []), order.orderNumber ?? '']);
  }
  return found;
}

it('leaves exactly one order of each of 200 carts: the shopper’s and two pods at once, killed at each call', {
  timeout: 300_000,
}, async () => {
  const carts = await Promise.all(Array.from({ length: 200 }, () => paidCart()));
  const at = { topics: topics() };
  let shopped = 0;
  const outcomes = { ordered: 0, 'too late': 0, unpaid: 0 };
  const shop = async (count: number) => {
    const from = shopped;
    shopped += count;
    for (const paid of carts.slice(from, shopped).toReversed()) outcomes[await shopper(paid)] += 1;
  };
  // A pod dies at each call in turn, before it and before its answer, while another lives and shoppers come.
  for (let call = 1; call <= 60; call += 1) {
    await Promise.all([
      pod(at, { limit: 3 }, { call, when: 'before' }),
      pod(at, { limit: 3 }, { call, when: 'after' }),
      ...(call % 2 === 0 ? [shop(3)] : []),
    ]);
  }
  const [one, other] = await Promise.all([pod(at), pod(at), shop(200)]);
  expect([...one.failures, ...other.failures]).toEqual([]);
  const last = await pod(at);
  expect(last.summary).toMatchObject({ complete: true, checked: 200, failed: 0 });
  expect(last.findings).toEqual([]);

  const orders = await ordersByCart();
  expect(orders.size).toBe(200);
  expect([...orders.values()].filter((numbers) => numbers.length !== 1)).toEqual([]);
  const ours = [...orders.values()].flat().filter((number) => number.startsWith('stripe-'));
  expect(outcomes.ordered).toBe(200 - ours.length);
  // Both won some, so that they met.
  expect(Math.min(ours.length, outcomes.ordered)).toBeGreaterThan(0);
  const told = [...at.topics.events().values()].map(({ settlement }) =>
    settlement.kind === 'order_created' ? settlement.orderNumber : '',
  );
  expect(told.toSorted()).toEqual(ours.toSorted());
  expect(await at.topics.intentions().open()).toEqual([]);
});

it('gives the money of a cart back once, or leaves it its order, whoever comes first and wherever a pod dies', {
  timeout: 300_000,
}, async () => {
  const fake = new FakeWorld();
  const ports = { payments: intentPayments(commercetools), paymentIntents: stripePaymentIntents(stripe) };
  await using app = await startApp(fake, { env: { CTP_PROJECT_KEY: project.projectKey }, ports });
  const at = { topics: topics(), intentUrl: app.url };
  const carts = await Promise.all(
    Array.from({ length: 60 }, (_, index) => paidCart(index % 2 === 0 ? 'automatic' : 'manual')),
  );
  for (let call = 1; call <= 30; call += 1) {
    await Promise.all([
      pod(at, { mode: 'return', limit: 2 }, { call, when: 'before' }),
      pod(at, { mode: 'return', limit: 2 }, { call, when: 'after' }),
      ...carts.slice(call - 1, call).map(shopper),
    ]);
  }
  await Promise.all([pod(at, { mode: 'return' }), ...carts.slice(40).map(shopper)]);
  const last = await pod(at, { mode: 'return' });
  expect([last.summary?.complete, last.failures]).toEqual([true, []]);

  const orders = await ordersByCart();
  const { payment_intents: paymentIntents, refunds } = account.controls.state();
  const states = carts.map(({ cartId, paymentIntentId }) => {
    const { status } = paymentIntents.find(({ id }) => id === paymentIntentId) ?? {};
    const given = refunds.filter(({ payment_intent, is_release }) => payment_intent === paymentIntentId && !is_release);
    const back = status === 'canceled' ? ['canceled'] : given.map(({ amount }) => `refunded ${amount}`);
    return [...(orders.get(cartId)?.map(() => 'ordered') ?? []), ...back].join(' and ');
  });
  const allowed = ['canceled', 'ordered', `refunded ${PRICE}`];
  expect(states.filter((state) => !allowed.includes(state))).toEqual([]);
  expect([...new Set(states)].toSorted()).toEqual(allowed);
  const told = [...at.topics.events().values()].map(({ cartId }) => cartId);
  const returned = carts.filter((_cart, index) => states[index] !== 'ordered').map(({ cartId }) => cartId);
  expect(told.toSorted()).toEqual(returned.toSorted());
  expect(await at.topics.intentions().open()).toEqual([]);
});

it('asks commercetools and Stripe as they want to be asked, and reads what they answer', async () => {
  const at = { topics: topics() };
  const [ready, frozen, dearer, disputed, refunded, deleted, detached] = await Promise.all(
    Array.from({ length: 7 }, () => paidCart()),
  );
  const change = async (cartId: string, action: object) => {
    const carts = commercetools.api.carts().withId({ ID: cartId });
    const { version } = await commercetools.call('carts.get', carts.get());
    await commercetools.call('carts.update', carts.post({ body: { version, actions: [action as never] } }));
  };
  await change(frozen?.cartId ?? '', { action: 'freezeCart' });
  await change(detached?.cartId ?? '', {
    action: 'removePayment',
    payment: { typeId: 'payment', id: detached?.paymentId },
  });
  await project.setCartTotal(dearer?.cartId ?? '', PRICE + 1);
  account.controls.openDispute({ payment_intent: disputed?.paymentIntentId ?? '' });
  await stripe.call('refunds.create', (sdk) =>
    sdk.refunds.create({ payment_intent: refunded?.paymentIntentId ?? '', amount: 90 }),
  );
  const gone = commercetools.api.carts().withId({ ID: deleted?.cartId ?? '' });
  const { version } = await commercetools.call('carts.get', gone.get());
  await commercetools.call('carts.delete', gone.delete({ queryArgs: { version } }));

  const report = await pod(at, { mode: 'report' });
  const reasonOf = new Map(report.findings.map(({ paymentId, reason }) => [paymentId, reason]));
  const all = [ready, frozen, dearer, disputed, refunded, deleted, detached];
  expect(all.map((paid) => reasonOf.get(paid?.paymentId ?? ''))).toEqual([
    'ready',
    'ready',
    'total_differs',
    'money_moved',
    'money_moved',
    'cart_gone',
    'not_on_cart',
  ]);
  expect((await ordersByCart()).size).toBe(0);

  const created = await pod(at);
  expect(created.summary).toMatchObject({ complete: true, settlements: { order_created: 2, returned: 0 } });
  const { orders } = await project.state();
  expect(orders).toMatchObject([{ paymentState: 'Paid' }, { paymentState: 'Paid' }]);
  const young = await pod(at, { afterMs: 7_200_000, mode: 'report' });
  expect(young.summary).toMatchObject({ checked: 0, complete: true });
});
