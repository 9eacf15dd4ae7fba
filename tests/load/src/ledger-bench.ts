import { setTimeout as sleep } from 'node:timers/promises';
import { PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ } from '@connector/contracts';
import type { Producer } from '@connector/kafka';
import kafkajs from 'kafkajs';
import { Agent, request as call } from 'undici';
import { type Environment, PROJECT, type Running } from './environment/environment.ts';
import { processorTime, resourcesOf } from './environment/resources.ts';
import type { OwnTopics } from './environment/topics.ts';
import { type Latency, latencyOf } from './figures.ts';
import { type PreparedPayment, postWebhook, preparePayments, recordOf, tokenOf } from './payments.ts';
import { request } from './shop.ts';

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

export interface Latencies {
  readonly commercetoolsLatencyMs: number;
  /** Two calls: read the payment, write it. */
  readonly unknown: Latency;
  /** One call: the payment was written here before. */
  readonly known: Latency;
}

/** From the moment a webhook is posted to the moment commercetools has done the write, in ms, one event at a time. */
export async function latencies(environment: Environment, samples: number, latencyMs: number): Promise<Latencies> {
  const payments = await preparePayments(environment, samples + WARM_UP);
  const ledger = await environment.start('ledger');
  const ingest = await environment.start('webhook-ingest');
  await environment.commercetoolsFaults([{ latencyMs }]);
  const secret = environment.env.STRIPE_WEBHOOK_SIGNING_SECRET ?? '';
  const timed = async (payment: PreparedPayment, event: PreparedPayment['chargeSucceeded'], version: number) => {
    const began = performance.timeOrigin + performance.now();
    await postWebhook(ingest.url, event, secret);
    // Nobody looks while it happens: looking takes processor time from what is measured.
    await sleep(2 * latencyMs + 100);
    return (await writtenAt(environment, payment.paymentId, version)) - began;
  };
  const unknown: number[] = [];
  const known: number[] = [];
  for (const payment of payments) {
    unknown.push(await timed(payment, payment.chargeSucceeded, 1));
    known.push(await timed(payment, payment.paymentIntentSucceeded, 2));
  }
  await ingest.kill();
  await ledger.kill();
  await environment.commercetoolsFaults([]);
  return {
    commercetoolsLatencyMs: latencyMs,
    unknown: latencyOf(unknown.slice(WARM_UP)),
    known: latencyOf(known.slice(WARM_UP)),
  };
}

const WARM_UP = 20;

interface LoggedCall {
  readonly seq: number;
  readonly at: string;
  readonly ms: number;
  readonly path: string;
  readonly status: number;
}

const logOf = async (environment: Environment, query: string): Promise<LoggedCall[]> =>
  (await request('GET', `${environment.commercetools}/_sandbox/log?${query}`)).json;

/** When the simulator answered write number `nth` of a payment, in ms since the epoch. */
async function writtenAt(environment: Environment, paymentId: string, nth: number): Promise<number> {
  for (;;) {
    const writes = await logOf(environment, `method=POST&match=${paymentId}&limit=10`);
    const done = writes.filter(({ status }) => status === 200).toSorted((a, b) => a.at.localeCompare(b.at))[nth - 1];
    if (done) return Date.parse(done.at) + done.ms;
    await sleep(10);
  }
}

export interface Poison {
  /** Worst time from produced to handled of other payments' events in the poison's partition, in ms. */
  readonly withoutMs: number;
  /** … behind an event that can never be read. */
  readonly unreadableMs: number;
  /** … behind one that commercetools refuses. */
  readonly refusedMs: number;
  /** … behind one that keeps failing with 503. */
  readonly failingMs: number;
  readonly deadLetters: number;
  /** From the redrive command's start to the transaction in commercetools, in ms. */
  readonly redrivenAfterMs: number;
}

/** What one bad event costs the others of its partition, and whether it can be redriven once its cause is fixed. */
export async function poison(environment: Environment): Promise<Poison> {
  const ledger = await environment.start('ledger');
  const pool = await inOnePartition(environment, await preparePayments(environment, 1_000));
  const take = () => pool.splice(0, 10);
  // The first events after the start pay for connections and compilation.
  await worstOf(environment, take());
  const withoutMs = await worstOf(environment, take());

  const [first] = take();
  const { paymentIntentId } = first as PreparedPayment;
  const unreadable = {
    ...recordOf((first as PreparedPayment).chargeSucceeded, paymentIntentId),
    value: Buffer.from('{"id":'),
  };
  await environment.producer.send(PAYMENT_EVENTS, unreadable);
  const unreadableMs = await worstOf(environment, take());

  const [refused] = take() as [PreparedPayment];
  await environment.commercetoolsFaults([{ match: `payments/(key=)?${keyOrId(refused)}`, status: 400 }]);
  await environment.producer.send(PAYMENT_EVENTS, recordOf(refused.chargeSucceeded, refused.paymentIntentId));
  const refusedMs = await worstOf(environment, take());

  const [failing] = take() as [PreparedPayment];
  await environment.commercetoolsFaults([{ match: `payments/(key=)?${keyOrId(failing)}`, status: 503 }]);
  await environment.producer.send(PAYMENT_EVENTS, recordOf(failing.chargeSucceeded, failing.paymentIntentId));
  const failingMs = await worstOf(environment, take());

  await environment.commercetoolsFaults([]);
  const deadLetters = await recordsIn(environment, PAYMENT_EVENTS_DLQ);
  const began = performance.now();
  await environment.run('ledger', 'redrive', [
    'redrive',
    '--event',
    refused.chargeSucceeded.id,
    '--yes',
    '--by',
    'bench',
  ]);
  await writtenAt(environment, refused.paymentId, 1);
  const redrivenAfterMs = performance.now() - began;
  await writtenAt(environment, failing.paymentId, 1);
  await ledger.kill();
  return { withoutMs, unreadableMs, refusedMs, failingMs, deadLetters, redrivenAfterMs };
}

const keyOrId = ({ paymentId, chargeSucceeded }: PreparedPayment): string => {
  const { ct_payment_key: key } = (chargeSucceeded.data.object as { metadata: Record<string, string> }).metadata;
  return `(${paymentId}|${key})`;
};

/** Sends one event of each payment and answers how long the last one took to be in commercetools, in ms. */
async function worstOf(environment: Environment, payments: readonly PreparedPayment[]): Promise<number> {
  const began = performance.timeOrigin + performance.now();
  await Promise.all(
    payments.map((each) =>
      environment.producer.send(PAYMENT_EVENTS, recordOf(each.chargeSucceeded, each.paymentIntentId)),
    ),
  );
  const times = await Promise.all(payments.map(({ paymentId }) => writtenAt(environment, paymentId, 1)));
  return Math.max(...times) - began;
}

/** Those whose events go to the partition that has most of them. */
async function inOnePartition(
  environment: Environment,
  payments: readonly PreparedPayment[],
): Promise<PreparedPayment[]> {
  const partitionOf = kafkajs.Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  const topic = environment.kafka.prefixed(PAYMENT_EVENTS);
  const groups = Map.groupBy(payments, ({ paymentIntentId }) =>
    partitionOf({ topic, partitionMetadata, message: { key: paymentIntentId, value: null } }),
  );
  return [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
}

async function callsAt(environment: Environment): Promise<number> {
  const [last] = await logOf(environment, 'limit=1');
  return last?.seq ?? 0;
}

async function recordsIn({ kafka }: Environment, topic: string): Promise<number> {
  const admin = kafka.client.admin();
  await admin.connect();
  const partitions = await admin.fetchTopicOffsets(kafka.prefixed(topic));
  await admin.disconnect();
  return partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}
