import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '../benchmark.ts';
import { type Environment, PROJECT, type Running } from '../environment/environment.ts';
import { type Latency, latencyOf } from '../figures.ts';
import { atOnce } from '../load.ts';
import { type Answered, call, done, type Paid, type Shopper, type Shoppers } from '../shoppers.ts';

export const TIMES = 3;
/** Before this the limit is learnt, in ms; goodput is counted from then on. */
const LEARNING_MS = 3_000;
const CONFIRMATIONS_PER_SECOND = 2;

export interface World {
  readonly environment: Environment;
  readonly plan: Plan;
  /** The pods that a load balancer would spread requests over. */
  readonly intents: readonly Running[];
  readonly ledger: Running;
  readonly shoppers: Shoppers;
  readonly seconds: number;
}

/** A side, and how it limits what it takes. */
export interface Limit {
  readonly name: string;
  readonly side: 'stripe' | 'commercetools';
  /** Calls a second of what an opening needs most, and how many of these it makes. */
  readonly callsPerSecond: number;
  readonly callsOfAnOpening: number;
  readonly faults: readonly object[];
}

/** One side with a limit, and three times the shoppers that it leaves room for. */
export interface Overload {
  readonly name: string;
  readonly limit: number;
  /** Calls a second that the side took of what is limited. */
  readonly takenPerSecond: number;
  /** Openings a second that the limit leaves room for, and that there were. */
  readonly possible: number;
  readonly openedPerSecond: number;
  readonly opened: number;
  /** Told to try again, with a time and a code. */
  readonly told: number;
  /** Answered in any other way. */
  readonly otherwise: number;
  readonly answers: Latency;
  readonly slowest: number;
  /** Calls that the side refused, as a share of those it took. */
  readonly repeats: number;
  readonly confirmed: number;
  readonly notConfirmed: number;
  /** Of those told to try again, how many were served when they did. */
  readonly servedLater: number;
  readonly carts: number;
  /** PaymentIntents of these carts that can be paid; one each. */
  readonly paymentIntents: number;
  /** Of the confirmed payments, how many commercetools shows as charged in the end. */
  readonly booked: number;
  /** Whether a job that ran meanwhile, the audit, compared everything. */
  readonly jobDone: boolean;
}

export async function overload(world: World, limit: Limit): Promise<Overload> {
  const { environment, plan, shoppers, seconds } = world;
  plan.progress(`limits: ${limit.name}`);
  const possible = limit.callsPerSecond / limit.callsOfAnOpening;
  const ready = await shoppers.ready(Math.round(possible * TIMES * seconds));
  const paid = await shoppers.paid(CONFIRMATIONS_PER_SECOND * seconds);
  await atRest(world);
  await limitSide(world, limit);
  const job = audit(environment);
  const began = performance.now();
  const [openings, confirmations, taken] = await Promise.all([
    arriving(possible * TIMES, ready, (shopper) => open(world, shopper, began)),
    arriving(CONFIRMATIONS_PER_SECOND, paid, (one) => confirmed(world, one)),
    takenPerSecond(world, limit),
  ]);
  const { all, refused } = await counts(world, limit);
  const jobDone = await job;
  await environment.slow(plan.latencies);
  const opened = openings.filter(({ answer }) => answer.status === 200);
  const told = openings.filter(isTold);
  const later = await servedLater(world, told);
  const took = openings.map((one) => one.ms);
  const settled = opened.filter(({ at }) => at >= LEARNING_MS && at < seconds * 1_000);
  return {
    name: limit.name,
    limit: limit.callsPerSecond,
    takenPerSecond: taken,
    possible,
    openedPerSecond: settled.length / (seconds - LEARNING_MS / 1_000),
    opened: opened.length,
    told: told.length,
    otherwise: openings.length - opened.length - told.length,
    answers: latencyOf(took),
    slowest: Math.max(...took),
    repeats: refused / Math.max(1, all),
    confirmed: confirmations.filter(Boolean).length,
    notConfirmed: confirmations.filter((isDone) => !isDone).length,
    servedLater: later,
    carts: ready.length,
    paymentIntents: await livePaymentIntents(environment, new Set(ready.map(({ cart }) => cart))),
    booked: await booked(world, paid),
    jobDone,
  };
}

const sideOf = ({ environment }: World, { side }: Limit): string => environment[side];

function limitSide({ environment, plan }: World, { side, faults }: Limit): Promise<void> {
  const all = [{ latencyMs: plan.latencies[side] }, ...faults];
  return side === 'stripe' ? environment.stripeFaults(all) : environment.commercetoolsFaults(all);
}

/** Calls so far that the first limit has let pass, which is that of what openings need most; those that the last one has, which is that of all; all refusals. */
async function counts(world: World, limit: Limit): Promise<{ passed: number; all: number; refused: number }> {
  const { text } = await done(call('GET', `${sideOf(world, limit)}/_sandbox/faults`));
  const faults = JSON.parse(text) as { passed?: number; refused?: number }[];
  const limits = faults.flatMap(({ passed = 0, refused }) => (refused === undefined ? [] : [{ passed, refused }]));
  return {
    passed: limits[0]?.passed ?? 0,
    all: limits.at(-1)?.passed ?? 0,
    refused: limits.reduce((sum, { refused }) => sum + refused, 0),
  };
}

async function takenPerSecond(world: World, limit: Limit): Promise<number> {
  await sleep(LEARNING_MS);
  const [before, from] = [await counts(world, limit), performance.now()];
  await sleep(world.seconds * 1_000 - LEARNING_MS);
  const after = await counts(world, limit);
  return (after.passed - before.passed) / ((performance.now() - from) / 1_000);
}

/** So many a second come, whether the ones before them have been answered or not. */
async function arriving<T, R>(perSecond: number, things: readonly T[], come: (thing: T) => Promise<R>): Promise<R[]> {
  const began = performance.now();
  const all: Promise<R>[] = [];
  for (const [index, thing] of things.entries()) {
    const waitMs = began + (index * 1_000) / perSecond - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    all.push(come(thing));
  }
  return Promise.all(all);
}

/** The pod that a request comes to: no shopper stays with one. */
export const anyPod = ({ intents }: Pick<World, 'intents'>): Running =>
  intents[Math.floor(Math.random() * intents.length)] as Running;

interface Opening {
  readonly shopper: Shopper;
  readonly answer: Answered;
  /** When it was answered, since the first of them came, and how long that took, in ms. */
  readonly at: number;
  readonly ms: number;
}

async function open(world: World, shopper: Shopper, began: number): Promise<Opening> {
  const from = performance.now();
  const answer = await call('GET', `${anyPod(world).url}/payments`, { 'x-session-id': shopper.session });
  const now = performance.now();
  return { shopper, answer, at: now - began, ms: now - from };
}

/** Whether a confirmation succeeds, which the page asks for again as the enabler does. */
async function confirmed(world: World, paid: Paid): Promise<boolean> {
  const confirm = () => world.shoppers.confirm(paid, anyPod(world).url);
  for (const waitMs of [500, 1_000, 2_000, 4_000, 8_000]) {
    try {
      return Boolean(await confirm());
    } catch {
      await sleep(waitMs);
    }
  }
  return confirm().then(Boolean, () => false);
}

const isTold = ({ answer }: Opening): boolean =>
  answer.status === 503 && Number(answer.retryAfter) > 0 && answer.text.includes('"Overloaded"');

const TRIES = 10;

async function servedLater(world: World, told: readonly Opening[]): Promise<number> {
  let served = 0;
  await atOnce(32, told.length, async (index) => {
    let again = told[index] as Opening;
    // As they were told to: the limit is lifted by now, and outgrown within seconds.
    for (let tries = 0; tries < TRIES && isTold(again); tries += 1) {
      await sleep(1_000 * Number(again.answer.retryAfter));
      again = await open(world, again.shopper, 0);
    }
    if (again.answer.status === 200) served += 1;
  });
  return served;
}

async function livePaymentIntents({ stripe }: Environment, carts: ReadonlySet<string>): Promise<number> {
  const { text } = await done(call('GET', `${stripe}/_sandbox/state`));
  const { payment_intents: all } = JSON.parse(text) as {
    payment_intents: { status: string; metadata: Record<string, string> }[];
  };
  return all.filter(({ status, metadata }) => status !== 'canceled' && carts.has(metadata.cart_id ?? '')).length;
}

/** Resolves once the ledger has handled nothing more for a while: what was done before is no part of the measurement. */
async function atRest({ ledger }: World): Promise<void> {
  for (let before = -1, now = 0; before !== now; ) {
    before = now;
    await sleep(2_000);
    now = await ledger.count('stripe_connector_ledger_events_total');
  }
}

/** What the ledger still has to do it does within this time, in ms. */
const BOOKED_WITHIN_MS = 60_000;

async function booked({ shoppers: { api } }: World, paid: readonly Paid[]): Promise<number> {
  const isBooked = async ({ paymentId }: Paid): Promise<boolean> => {
    const headers = { authorization: `Bearer ${api.token}` };
    const { json } = await done(call('GET', `${api.ctUrl}/${PROJECT}/payments/${paymentId}`, headers));
    const { transactions } = json as { transactions: { type: string; state: string }[] };
    return transactions.some(({ type, state }) => type === 'Charge' && state === 'Success');
  };
  let count = 0;
  for (const until = performance.now() + BOOKED_WITHIN_MS; count < paid.length && performance.now() < until; ) {
    if (count > 0) await sleep(500);
    count = (await Promise.all(paid.map(isBooked))).filter(Boolean).length;
  }
  return count;
}

/** Compares what was paid in the last hour; what it finds to differ is on its way while it runs. */
async function audit(environment: Environment): Promise<boolean> {
  const DIFFERENT = 1;
  try {
    await environment.run('ledger', 'audit', ['--since', '1h', '--concurrency', '32', '--from-start']);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === DIFFERENT;
  }
}
