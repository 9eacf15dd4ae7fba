import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCustomer } from '@connector/simulator-commercetools';
import { type Latencies, type Plan, profile } from '../benchmark.ts';
import type { Environment, Running } from '../environment/environment.ts';
import { startScript } from '../environment/processes.ts';
import { resourcesOf } from '../environment/resources.ts';
import { type Latency, latencyOf } from '../figures.ts';
import { atOnce } from '../load.ts';
import { tokenOf } from '../payments.ts';
import { paymentIntentOf } from '../shop.ts';
import { call, done, type Shopper, Shoppers } from '../shoppers.ts';

/** Shoppers at once, as in the comparison with the original connector. */
const AT_ONCE = 8;

/** `manual` is a guest's payment that is captured and partly refunded later, by two calls of the merchant's. */
export const KINDS = ['guest', 'customer', 'manual'] as const;
export type Kind = (typeof KINDS)[number];

export const OWN = ['session-auth', 'intent', 'webhook-ingest', 'ledger'] as const;

/** What one payment of a kind takes, from the page's first call until nothing moves any more. Each figure is the mean of all payments. */
export interface Taken {
  readonly payments: number;
  /** Processor time of each process in ms; `kafka` is the broker. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** Calls of the services by the side and its operation, e.g. `commercetools payments.update`, and the service that makes them. */
  readonly calls: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly kafkaBytes: number;
  readonly webhooks: number;
  readonly ledgerEvents: number;
  /** How long the shopper waits for each step, in ms. */
  readonly steps: Readonly<Record<string, Latency>>;
}

export interface PaymentFigures {
  readonly kinds: Readonly<Record<Kind, Taken>>;
  readonly baseline: {
    readonly cpuMs: number;
    readonly steps: Readonly<Record<string, Latency>>;
    readonly payments: number;
  };
}

export const setWebhooks = (environment: Environment, settings: object) =>
  done(
    call(
      'PUT',
      `${environment.stripe}/_sandbox/webhooks`,
      { 'content-type': 'application/json' },
      JSON.stringify(settings),
    ),
  );

const CALLS = 'stripe_connector_api_request_duration_seconds_count';
const TOTAL = { centAmount: 2_400, currencyCode: 'EUR' };
const MANUAL_COUNTRY = 'NL';

type Services = Readonly<Record<(typeof OWN)[number], Running>>;

/** Starts the services, pays, and stops them. */
export async function measurePayments(environment: Environment, plan: Plan): Promise<PaymentFigures> {
  const [warm, payments] = plan.quick ? [16, 40] : [80, 200];
  const services = await startServices(environment, plan);
  const shoppers = await Shoppers.of(environment, services.intent.url);
  const context = { environment, services, shoppers, token: await tokenOf(environment), latencies: plan.latencies };
  const baseline = await startScript('payment/baseline', baselineEnv(environment));
  try {
    await setWebhooks(environment, { paused: false });
    await environment.slow(plan.latencies);
    for (const kind of KINDS) await pay(context, kind, await arrivals(context, kind, warm), () => {});
    await atRest(context);
    const kinds = {} as Record<Kind, Taken>;
    for (const kind of KINDS) kinds[kind] = await taken(context, kind, payments);
    await setWebhooks(environment, { paused: true });
    await payBare(context, baseline.url, warm);
    return { kinds, baseline: await bare(context, baseline, payments) };
  } finally {
    await environment.slow({ commercetools: 0, stripe: 0 });
    await baseline.kill();
    for (const name of OWN.toReversed()) await services[name].kill();
  }
}

interface Context {
  readonly environment: Environment;
  readonly services: Services;
  readonly shoppers: Shoppers;
  readonly token: string;
  readonly latencies: Latencies;
}

async function startServices(environment: Environment, plan: Plan): Promise<Services> {
  const node = profile(plan);
  const sessionAuth = await environment.start('session-auth', {}, node);
  const rules = JSON.stringify({ [MANUAL_COUNTRY]: { captureMethod: 'manual' } });
  const env = { SESSION_AUTH_URL: sessionAuth.url, STRIPE_PAYMENT_BEHAVIOR_RULES: rules };
  return {
    'session-auth': sessionAuth,
    intent: await environment.start('intent', env, node),
    'webhook-ingest': await environment.start('webhook-ingest', {}, node),
    ledger: await environment.start('ledger', {}, node),
  };
}

type Told = (step: string, ms: number) => void;

async function timed<T>(told: Told, step: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  told(step, performance.now() - from);
  return result;
}

/** Shoppers who come, pay and leave, so many at once; each kind's customers are people of their own. */
async function pay(context: Context, kind: Kind, shoppers: readonly Shopper[], told: Told): Promise<void> {
  await atOnce(AT_ONCE, shoppers.length, (index) => payOne(context, kind, shoppers[index] as Shopper, told));
}

/** A customer has been here before: commercetools and Stripe know each other's. */
async function arrivals({ shoppers, services }: Context, kind: Kind, count: number): Promise<Shopper[]> {
  if (kind !== 'customer') return shoppers.arrive(count, kind === 'manual' ? { country: MANUAL_COUNTRY } : {});
  const made: Shopper[] = [];
  await atOnce(AT_ONCE, count, async () => {
    const email = `payment-${crypto.randomUUID()}@example.com`;
    const { id: customerId } = await createCustomer(shoppers.api, { email });
    const [before, shopper] = (await shoppers.arrive(2, { customerId })) as [Shopper, Shopper];
    await done(call('GET', `${services.intent.url}/customer/session`, { 'x-session-id': before.session }));
    made.push(shopper);
  });
  return made;
}

async function payOne(context: Context, kind: Kind, shopper: Shopper, told: Told): Promise<void> {
  const { intent } = context.services;
  const headers = { 'x-session-id': shopper.session };
  const get = (path: string) => done(call('GET', intent.url + path, headers));
  await timed(told, 'config', () => get('/operations/config'));
  await timed(told, 'element, customer session', () =>
    // As the enabler does: both at once.
    Promise.all([get('/config-element/payment'), get('/customer/session')]),
  );
  const { json } = await timed(told, 'open', () => context.shoppers.open(shopper));
  const [paymentId, paymentIntentId] = [json.paymentReference as string, paymentIntentOf(json.sClientSecret as string)];
  await payAtStripe(context, paymentIntentId);
  const outcome = await timed(told, 'confirm', () =>
    context.shoppers.confirm({ ...shopper, paymentId, paymentIntentId }),
  );
  if (outcome !== 'approved') throw new Error(`a confirmation was answered ${outcome}`);
  if (kind !== 'manual') return;
  await timed(told, 'capture', () => operate(context, paymentId, { action: 'capturePayment', amount: TOTAL }));
  const amount = { ...TOTAL, centAmount: 500 };
  await timed(told, 'refund', () => operate(context, paymentId, { action: 'refundPayment', amount }));
}

/** Stripe.js and the browser take their time too: that of one call at least, which the simulator's control plane does not take. */
async function payAtStripe({ shoppers, latencies }: Context, paymentIntentId: string): Promise<void> {
  await sleep(latencies.stripe);
  await shoppers.pay(paymentIntentId);
}

const operate = ({ services, token }: Context, paymentId: string, action: object) =>
  done(
    call(
      'POST',
      `${services.intent.url}/operations/payment-intents/${paymentId}`,
      { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      JSON.stringify({ actions: [action] }),
    ),
  );

/** Resolves once the ledger has handled nothing more for a while. */
async function atRest({ services: { ledger } }: Context): Promise<void> {
  for (let before = -1, now = 0; before !== now; ) {
    before = now;
    await sleep(2_000);
    now = await ledger.count('stripe_connector_ledger_events_total');
  }
}

async function taken(context: Context, kind: Kind, payments: number): Promise<Taken> {
  const { services } = context;
  const steps = newSteps();
  const shoppers = await arrivals(context, kind, payments);
  const before = await readings(context);
  await pay(context, kind, shoppers, steps.told);
  await atRest(context);
  const after = await readings(context);
  const each = (now: number | undefined, then: number | undefined) => ((now ?? 0) - (then ?? 0)) / payments;
  const grown = (now: Readonly<Record<string, number>>, then: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.keys(now).map((name) => [name, each(now[name], then[name])]));
  const calls = Object.fromEntries(
    Object.keys(services).map((name) => [name, grown(after.calls[name] ?? {}, before.calls[name] ?? {})]),
  );
  return {
    payments,
    cpuMs: grown(after.cpuMs, before.cpuMs),
    calls,
    kafkaBytes: each(after.kafkaBytes, before.kafkaBytes),
    webhooks: each(after.webhooks, before.webhooks),
    ledgerEvents: each(after.ledgerEvents, before.ledgerEvents),
    steps: steps.found(),
  };
}

function newSteps() {
  const took = new Map<string, number[]>();
  return {
    told: (step: string, ms: number) => {
      const values = took.get(step) ?? [];
      values.push(ms);
      took.set(step, values);
    },
    found: () => Object.fromEntries([...took].map(([step, values]) => [step, latencyOf(values)])),
  };
}

async function readings({ environment, services }: Context) {
  const calls: Record<string, Record<string, number>> = {};
  for (const name of OWN) calls[name] = await callsOf(services[name]);
  const cpuMs: Record<string, number> = {};
  const kafka = Object.entries(environment.named()).find(([name]) => name.startsWith('kafka'))?.[1];
  for (const [name, pid] of [...OWN.map((name) => [name, services[name].pid] as const), ['kafka', kafka] as const])
    if (pid !== undefined) cpuMs[name] = 1_000 * (await resourcesOf(pid)).cpuSeconds;
  return {
    calls,
    cpuMs,
    kafkaBytes: await logBytes(environment),
    webhooks: await services['webhook-ingest'].count('stripe_connector_webhook_events_total', 'outcome="accepted"'),
    ledgerEvents: await services.ledger.count('stripe_connector_ledger_events_total'),
  };
}

/** Calls so far by side and operation; those to session-auth too. */
async function callsOf({ adminUrl }: Running): Promise<Record<string, number>> {
  const { text } = await done(call('GET', `${adminUrl}/metrics`));
  const counts: Record<string, number> = {};
  for (const line of text.split('\n').filter((each) => each.startsWith(CALLS))) {
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
    const key = `${label('api')} ${label('operation')}`;
    counts[key] = (counts[key] ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return counts;
}

/** What the broker's log of our own topics takes on its disk, in bytes. */
async function logBytes({ dir }: Environment): Promise<number> {
  let bytes = 0;
  for (const file of await readdir(join(dir, 'kafka'), { recursive: true }))
    if (/(payments|checkout)\.[^/]+\/\d+\.log$/.test(file)) bytes += (await stat(join(dir, 'kafka', file))).size;
  return bytes;
}

const baselineEnv = ({ env, commercetools, stripe }: Environment) => ({
  CTP_API_URL: commercetools,
  CTP_PROJECT_KEY: env.CTP_PROJECT_KEY as string,
  STRIPE_API_BASE: stripe,
  STRIPE_SECRET_KEY: env.STRIPE_SECRET_KEY as string,
});

/** A guest's payment at the baseline: the same shopper, but each step makes the calls alone that it cannot do without. */
async function payBare(context: Context, baseline: string, count: number, told: Told = () => {}): Promise<void> {
  const shoppers = await context.shoppers.arrive(count);
  await atOnce(AT_ONCE, count, async (index) => {
    const shopper = shoppers[index] as Shopper;
    const step = (name: string, body: object) =>
      done(call('POST', `${baseline}/${name}`, { authorization: `Bearer ${context.token}` }, JSON.stringify(body)));
    const { json } = await timed(told, 'open', () => step('open', shopper));
    await payAtStripe(context, json.paymentIntentId as string);
    await timed(told, 'confirm', () => step('confirm', { ...shopper, ...json }));
  });
}

async function bare(
  context: Context,
  { url, pid }: { url: string; pid: number },
  payments: number,
): Promise<PaymentFigures['baseline']> {
  const steps = newSteps();
  const before = (await resourcesOf(pid)).cpuSeconds;
  await payBare(context, url, payments, steps.told);
  return { payments, cpuMs: (1_000 * ((await resourcesOf(pid)).cpuSeconds - before)) / payments, steps: steps.found() };
}
