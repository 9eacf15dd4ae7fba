import { setTimeout as sleep } from 'node:timers/promises';
import { PAYMENT_EVENTS } from '@connector/contracts';
import type { Producer } from '@connector/kafka';
import { Agent, request as call } from 'undici';
import { callsAt } from './call-log.ts';
import { type Environment, PROJECT, type Running } from './environment/environment.ts';
import { processorTime, resourcesOf } from './environment/resources.ts';
import type { OwnTopics } from './environment/topics.ts';
import { type PreparedPayment, preparePayments, recordOf, tokenOf } from './payments.ts';

const HANDLED = 'stripe_connector_ledger_events_total';

export interface Drain {
  readonly events: number;
  readonly payments: number;
  readonly processes: number;
  readonly concurrency: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Between the first tenth and the last: without joining the group, compiling, and waiting for the slowest partition. */
  readonly steadyPerSecond: number;
  readonly callsPerEvent: number;
  /** Calls to commercetools in a second: the ledger's, and those of a bare loop with as many connections just before and after. */
  readonly callsPerSecond: number;
  readonly floorCallsPerSecond: number;
  /** The ledger's calls against the baseline's. */
  readonly ratio: number;
  /** Of the process that needed most. */
  readonly peakRssMb: number;
  /** At a quarter, half, three quarters and the end of the drain, in MB; of the first process. */
  readonly rssMb: readonly number[];
  readonly cpuMsPerEvent: number;
  /** How many of the machine's cores were busy, and with other work than this: what the figures above were short of. */
  readonly coresBusy: number;
  readonly coresOfOthers: number;
}

export interface DrainOptions {
  readonly payments: number;
  /** LEDGER_CONCURRENCY of each process. */
  readonly concurrency: number;
  readonly latencyMs: number;
  readonly processes?: number;
  /** True: the events come when all processes have joined, so that none of them is ahead; false: they wait in Kafka when the first starts. */
  readonly joinFirst?: boolean;
  /** Topics of their own, instead of those that the environment began with. */
  readonly topics?: OwnTopics;
  /** False: no bare loop beside it. */
  readonly baseline?: boolean;
  /** Options of Node for the ledgers, such as --cpu-prof. */
  readonly node?: readonly string[];
}

/** Fills the topic with both events of each payment, starts ledgers, and watches them catch up. */
export async function drain(environment: Environment, options: DrainOptions): Promise<Drain> {
  const { payments: count, concurrency, latencyMs, processes = 1, topics, node } = options;
  const payments = await preparePayments(environment, count);
  const fill = () => produce(topics?.producer ?? environment.producer, payments);
  if (!options.joinFirst) await fill();
  const events = 2 * count;
  await environment.commercetoolsFaults(latencyMs > 0 ? [{ latencyMs }] : []);
  const bare = () =>
    options.baseline === false ? Promise.resolve(Number.NaN) : baseline(environment, payments, concurrency * processes);
  const floorBefore = await bare();
  const loggedBefore = await callsAt(environment);

  const env = { LEDGER_CONCURRENCY: String(concurrency), ...topics?.env };
  const ledgers = await Promise.all(Array.from({ length: processes }, () => environment.start('ledger', env, node)));
  if (options.joinFirst) await fill();
  const { counted, progress, ...used } = await watchDrain(environment, ledgers, events);
  const calls = (await callsAt(environment)) - loggedBefore;
  await Promise.all(ledgers.map((ledger) => ledger.kill()));
  const floorCallsPerSecond = (floorBefore + (await bare())) / 2;
  await environment.commercetoolsFaults([]);
  const seconds = Math.max(0.1, progress.at(-1)?.[0] ?? 0);
  const callsPerSecond = calls / seconds;
  return {
    events,
    payments: count,
    processes,
    concurrency,
    seconds,
    eventsPerSecond: counted / seconds,
    steadyPerSecond: steadyRate(progress, counted),
    callsPerEvent: calls / events,
    callsPerSecond,
    floorCallsPerSecond,
    ratio: callsPerSecond / floorCallsPerSecond,
    ...used,
  };
}

const sumOf = async <T>(all: readonly T[], of: (one: T) => Promise<number>): Promise<number> =>
  (await Promise.all(all.map(of))).reduce((sum, each) => sum + each, 0);

/** Until the ledgers have handled so many events; throws Error when they do not in five minutes. */
async function watchDrain(environment: Environment, ledgers: readonly Running[], events: number) {
  const cpuSeconds = () => sumOf(ledgers, async ({ pid }) => (await resourcesOf(pid)).cpuSeconds);
  const handledSoFar = () => sumOf(ledgers, (ledger) => ledger.count(HANDLED));
  const [first] = ledgers as [Running];
  const rss: number[] = [];
  const progress: [seconds: number, handled: number][] = [];
  // A process that was ready before the others has handled some already; those do not count.
  const handledBefore = await handledSoFar();
  const counted = events - handledBefore;
  const startCpu = await cpuSeconds();
  const before = await processorTime(environment.pids());
  const began = performance.now();
  for (let handled = handledBefore; handled < events; ) {
    await sleep(100);
    handled = await handledSoFar();
    progress.push([(performance.now() - began) / 1000, handled - handledBefore]);
    rss.push((await resourcesOf(first.pid)).rssMb);
    if (performance.now() - began > GIVE_UP_MS) throw new Error(`only ${handled} of ${events} events were handled`);
  }
  const peaks = await Promise.all(ledgers.map(async ({ pid }) => (await resourcesOf(pid)).peakRssMb));
  const cpuMs = 1000 * ((await cpuSeconds()) - startCpu);
  const after = await processorTime(environment.pids());
  const watched = (performance.now() - began) / 1000;
  const quarter = (share: number) => Math.round(rss[Math.ceil(rss.length * share) - 1] ?? 0);
  return {
    counted,
    progress,
    peakRssMb: Math.max(...peaks),
    rssMb: [quarter(0.25), quarter(0.5), quarter(0.75), quarter(1)],
    cpuMsPerEvent: cpuMs / counted,
    coresBusy: (after.all - before.all) / watched,
    coresOfOthers: (after.all - before.all - (after.theirs - before.theirs)) / watched,
  };
}

const GIVE_UP_MS = 5 * 60_000;

/** Events in a second between 10 and 90 % of them; of all when that went by between two looks. */
export function steadyRate(progress: readonly (readonly [seconds: number, handled: number])[], events: number): number {
  const from = progress.find(([, handled]) => handled >= 0.1 * events);
  const to = progress.findLast(([, handled]) => handled <= 0.9 * events);
  if (!from || !to || to[0] <= from[0]) return events / Math.max(0.1, progress.at(-1)?.[0] ?? 0.1);
  return (to[1] - from[1]) / (to[0] - from[0]);
}

/** As the webhooks of a busy hour come: the two events of a payment near each other, among those of others. */
async function produce(producer: Producer, payments: readonly PreparedPayment[]): Promise<void> {
  const near = 50;
  const events = payments.flatMap(({ paymentIntentId, chargeSucceeded, paymentIntentSucceeded }, at) => [
    { at, record: recordOf(chargeSucceeded, paymentIntentId) },
    { at: at + 1 + Math.floor(Math.random() * near), record: recordOf(paymentIntentSucceeded, paymentIntentId) },
  ]);
  events.sort((a, b) => a.at - b.at);
  for (let from = 0; from < events.length; from += 1_000) {
    await Promise.all(events.slice(from, from + 1_000).map(({ record }) => producer.send(PAYMENT_EVENTS, record)));
  }
}

/** What a bare loop reads with this many kept-alive connections, in calls per second over some 3 s. */
async function baseline(
  environment: Environment,
  payments: readonly PreparedPayment[],
  connections: number,
): Promise<number> {
  const dispatcher = new Agent({ connections, pipelining: 1 });
  const headers = { authorization: `Bearer ${await tokenOf(environment)}` };
  let calls = 0;
  const began = performance.now();
  const until = began + 3_000;
  const read = async (from: number) => {
    for (let at = from; performance.now() < until; at += connections) {
      const { paymentId } = payments[at % payments.length] as PreparedPayment;
      const { body } = await call(`${environment.commercetools}/${PROJECT}/payments/${paymentId}`, {
        dispatcher,
        headers,
      });
      await body.json();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => read(index)));
  const seconds = (performance.now() - began) / 1000;
  await dispatcher.close();
  return calls / seconds;
}
