// `npm run prove:unordered`: runs the command as a process of its own, killed by SIGKILL at each of its calls, while
// the shop orders the same carts. Each cart must have exactly one order, or its money back once.
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { EVENTS, PAYMENT_TRANSACTIONS } from '@connector/contracts';
import { createKafka, kafkaConfig, scanTopic } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import * as z from 'zod';
import { type Killing, KillingProxy, MOMENTS } from './killing-proxy.ts';
import { ended, inParallel, type Paid, ProofStage } from './proof-stage.ts';

const { values } = parseArgs({
  options: {
    carts: { type: 'string', default: '200' },
    returns: { type: 'string', default: '60' },
    calls: { type: 'string', default: '15' },
    'no-build': { type: 'boolean', default: false },
  },
});
type Settle = 'create' | 'return';
const CARTS: Record<Settle, number> = { create: Number(values.carts), return: Number(values.returns) };
/**
 * The first so many of all calls; and the calls that change something, for each of a pod's three carts, three times.
 */
const CALLS = Number(values.calls);
const EFFECTS: Record<Settle, readonly RegExp[]> = {
  create: [/^POST .*\/orders$/],
  return: [/^POST .*\/carts\/[^/]+$/, /^POST \/operations\/payment-intents\//],
};
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const killingsOf = (settle: Settle): Omit<Killing, 'kill'>[] =>
  MOMENTS.flatMap((moment) => [
    ...upTo(CALLS).map((call) => ({ call, moment })),
    ...EFFECTS[settle].flatMap((of) => [...upTo(3), ...upTo(3), ...upTo(3)].map((call) => ({ call, moment, of }))),
  ]);

const stage = await ProofStage.start(!values['no-build']);
const kafka = createKafka(parseConfig(z.object(kafkaConfig), stage.sandbox.env), {
  clientId: 'proof',
  log: createLogger('proof', 'silent'),
});

interface Lived {
  readonly calls: number;
  readonly killedAt: string | undefined;
  readonly code: number | null;
  readonly out: string;
  readonly told: string;
}

/** One run of the command, killed at one of its calls if requested. */
async function pod(settle: Settle, limit: number, killAt?: Omit<Killing, 'kill'>): Promise<Lived> {
  const proxy = new KillingProxy();
  const { CTP_API_URL = '', CTP_AUTH_URL = '', STRIPE_API_BASE = '' } = stage.sandbox.env;
  const env = {
    CTP_API_URL: await proxy.to(CTP_API_URL),
    CTP_AUTH_URL: await proxy.to(CTP_AUTH_URL),
    STRIPE_API_BASE: await proxy.to(STRIPE_API_BASE),
    INTENT_URL: await proxy.to(stage.sandbox.urls.intent),
    LOG_LEVEL: 'silent',
  };
  const args = ['--settle', settle, '--limit', String(limit), '--after', '0s', '--since', '1d', '--json'];
  const child = stage.spawned('unordered', args, env);
  if (killAt) proxy.killing = { ...killAt, kill: () => child.kill('SIGKILL') };
  const { code, out, told } = await ended(child);
  proxy.close();
  return { calls: proxy.calls, killedAt: proxy.killedAt, code, out, told };
}

interface Cart {
  readonly version: number;
  readonly cartState: string;
  readonly paymentInfo?: { readonly payments: readonly { readonly id: string }[] };
}

/** The browser's page, or the shop's backend: reads the cart, and orders it while the payment is on it. */
async function shopper({ cartId, payment }: Paid): Promise<'ordered' | 'too late' | 'unpaid'> {
  const { version, cartState, paymentInfo } = await stage.project<Cart>('GET', `/carts/${cartId}`);
  if (cartState === 'Ordered') return 'too late';
  if (!paymentInfo?.payments.some(({ id }) => id === payment.id)) return 'unpaid';
  const draft = { version, cart: { typeId: 'cart', id: cartId }, orderNumber: `shop-${cartId}` };
  try {
    await stage.project('POST', '/orders', draft);
    return 'ordered';
  } catch {
    // Another one was faster: the page asks again.
    return shopper({ cartId, payment } as Paid);
  }
}

/**
 * Pods die at each call in turn while others live, and meanwhile the shop orders some of the carts; then two pods run
 * to their end.
 */
async function race(settle: Settle, carts: readonly Paid[]) {
  const began = performance.now();
  const killedAt = new Map<string, number>();
  const outcomes = { ordered: 0, 'too late': 0, unpaid: 0 };
  let kills = 0;
  let shopped = 0;
  const shop = async (count: number) => {
    const some = carts.slice(shopped, shopped + count);
    shopped += some.length;
    for (const paid of some) outcomes[await shopper(paid)] += 1;
  };
  const killings = killingsOf(settle);
  const each = Math.max(1, Math.floor((carts.length * 0.3) / killings.length));
  await inParallel(
    killings.length,
    async (index) => {
      const [lived] = await Promise.all([pod(settle, 3, killings[index]), shop(index % 2 === 0 ? each : 0)]);
      if (!lived.killedAt) return;
      kills += 1;
      killedAt.set(lived.killedAt, (killedAt.get(lived.killedAt) ?? 0) + 1);
    },
    3,
  );
  const [one, other] = await Promise.all([
    pod(settle, 10_000),
    pod(settle, 10_000),
    shop(Math.ceil((carts.length - shopped) / 2)),
  ]);
  for (const { code, told } of [one, other]) assert.equal(code, 0, told);
  const last = await pod(settle, 10_000);
  assert.equal(last.code, 0, last.told);
  const report = JSON.parse(last.out) as { findings: unknown[]; settled: unknown[] };
  assert.deepEqual([report.findings, report.settled], [[], []], 'nothing is left to settle');
  const seconds = Math.round((performance.now() - began) / 1000);
  return { outcomes, kills, killedAt, seconds };
}

/** By cart: the event of each settlement, with the number of its copies. */
async function toldOf(): Promise<Map<string, string[]>> {
  const byId = new Map<string, { cartId: string; kind: string }>();
  await scanTopic(kafka, PAYMENT_TRANSACTIONS, ({ headers, value }) => {
    if (headers.ce_type !== 'checkout.payment.settled_without_order') return;
    const { cartId, settlement } = EVENTS['checkout.payment.settled_without_order'].parse(JSON.parse(value.toString()));
    byId.set(headers.ce_id ?? '', { cartId, kind: settlement.kind });
  });
  const told = new Map<string, string[]>();
  for (const { cartId, kind } of byId.values()) told.set(cartId, [...(told.get(cartId) ?? []), kind]);
  return told;
}

interface State {
  readonly orders: readonly { cart?: { id: string }; orderNumber?: string }[];
}
async function ordersOf(): Promise<Map<string, string[]>> {
  const { orders } = await stage.control<State>('GET', 'commercetools/state');
  const found = new Map<string, string[]>();
  for (const { cart, orderNumber } of orders)
    found.set(cart?.id ?? '', [...(found.get(cart?.id ?? '') ?? []), orderNumber ?? '']);
  return found;
}
const lines = (killedAt: ReadonlyMap<string, number>) =>
  [...killedAt].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([at, times]) => `  ${String(times).padStart(3)}  ${at}`);

async function proveOrders(): Promise<void> {
  const carts = await stage.paid(CARTS.create);
  const { outcomes, kills, killedAt, seconds } = await race('create', carts);
  const orders = await ordersOf();
  const told = await toldOf();
  const numbers = carts.map(({ cartId }) => orders.get(cartId) ?? []);
  assert.deepEqual(
    numbers.filter((some) => some.length !== 1),
    [],
    'each cart has exactly one order',
  );
  const ours = carts.filter(({ cartId }) => orders.get(cartId)?.[0]?.startsWith('stripe-'));
  assert.equal(outcomes.ordered, carts.length - ours.length);
  assert.ok(ours.length > 0 && outcomes.ordered > 0, 'both won some, so that they met');
  assert.deepEqual(
    carts.flatMap(({ cartId }) => (told.get(cartId) ?? []).map((kind) => `${cartId} ${kind}`)).toSorted(),
    ours.map(({ cartId }) => `${cartId} order_created`).toSorted(),
    'exactly its own orders are told',
  );
  console.log(
    `${carts.length} carts, ${kills} pods killed by SIGKILL, ${seconds} s: ${ours.length} orders by unordered, ${outcomes.ordered} by the shop, exactly one each.`,
  );
  console.log(lines(killedAt).join('\n'));
}

interface StripeState {
  readonly payment_intents: readonly { id: string; status: string }[];
  readonly refunds: readonly { payment_intent: string; amount: number; is_release?: boolean }[];
}

async function proveReturns(): Promise<void> {
  const half = Math.floor(CARTS.return / 2);
  const carts = [...(await stage.paid(half)), ...(await stage.paid(CARTS.return - half, 'manual'))];
  const { outcomes, kills, killedAt, seconds } = await race('return', carts);
  const [orders, told, stripe] = await Promise.all([
    ordersOf(),
    toldOf(),
    stage.control<StripeState>('GET', 'stripe/state'),
  ]);
  const stateOf = ({ cartId, paymentIntentId }: Paid) => {
    const status = stripe.payment_intents.find(({ id }) => id === paymentIntentId)?.status;
    const given = stripe.refunds.filter((one) => one.payment_intent === paymentIntentId && !one.is_release);
    const back = status === 'canceled' ? ['canceled'] : given.map(({ amount }) => `refunded ${amount}`);
    return [...(orders.get(cartId) ?? []).map(() => 'ordered'), ...back].join(' and ');
  };
  const states = new Map<string, number>();
  for (const paid of carts) states.set(stateOf(paid), (states.get(stateOf(paid)) ?? 0) + 1);
  assert.deepEqual([...states.keys()].toSorted(), ['canceled', 'ordered', 'refunded 4999'], 'one of these, each');
  assert.equal(states.get('ordered'), outcomes.ordered);
  const returned = carts.filter((paid) => stateOf(paid) !== 'ordered');
  assert.deepEqual(
    carts.flatMap(({ cartId }) => (told.get(cartId) ?? []).map((kind) => `${cartId} ${kind}`)).toSorted(),
    returned.map(({ cartId }) => `${cartId} returned`).toSorted(),
    'exactly what was returned is told, once',
  );
  // The ledger records it from Stripe's own events.
  for (const { payment } of returned) {
    const isBack = ({ type, state }: { type: string; state: string }) =>
      ['Refund', 'CancelAuthorization'].includes(type) && state === 'Success';
    await stage.until(
      () => stage.project<Paid['payment']>('GET', `/payments/${payment.id}`),
      ({ transactions }) => transactions.filter(isBack).length === 1,
      `the return of ${payment.id}`,
    );
  }
  console.log(
    `${carts.length} carts, ${kills} pods killed by SIGKILL, ${seconds} s: ${[...states].map(([state, count]) => `${count} ${state}`).join(', ')}; each once, and shown so by commercetools.`,
  );
  console.log(lines(killedAt).join('\n'));
}

try {
  if (CARTS.create > 0) await proveOrders();
  if (CARTS.return > 0) await proveReturns();
} finally {
  await stage.stop();
}
