import { setTimeout as sleep } from 'node:timers/promises';
import { PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ } from '@connector/contracts';
import { type Kafka, scanTopic } from '@connector/kafka';
import { type Environment, type Running, startEnvironment } from '@connector/load-tests/environment';
import { partitionsOf } from '@connector/sandbox';
import { type ClusterFaultName, ClusterFaults, type WhileLedgersAreStopped } from '../cluster-faults.ts';
import { lagOf, recordsIn, withAdmin } from '../kafka-state.ts';
import { compareKept, recordsByEvent } from '../kept.ts';
import { type Acceptance, acceptance, type Handling, type Hit, handling } from './figures.ts';
import { bookedPayments, chargeSucceeded, paidOneByOne } from './payments.ts';
import { type Sent, WebhookLoad } from './webhooks.ts';

export interface TrialOptions {
  readonly fault: ClusterFaultName;
  /** How often the fault is injected. */
  readonly times: number;
  /** Pause between two faults, in ms. */
  readonly everyMs: number;
  /** Duration of a fault, if it has one, in ms. */
  readonly downMs: number;
  /** Webhooks a second. */
  readonly perSecond: number;
  /** Processes of the ledger; with none the events belong to no payments. */
  readonly ledgers: number;
  readonly brokers: number;
  readonly kafkaSettings?: Readonly<Record<string, string>>;
  /** Copies each service's log to a folder before it is removed. */
  readonly onLogs?: (name: string, text: string) => Promise<void>;
  readonly progress?: (line: string) => void;
}

export interface TrialReport {
  readonly options: TrialOptions;
  readonly sent: number;
  readonly acknowledged: number;
  /** Answers other than 200, by status; 0 = no answer. */
  readonly refused: Readonly<Record<string, number>>;
  readonly records: number;
  /** Acknowledged, and not in the topic. */
  readonly lost: readonly string[];
  /** From the first fault on: webhooks of the partitions that its brokers led, and of all others. */
  readonly hit: Acceptance;
  readonly others: Acceptance;
  readonly ledger: Handling | undefined;
  readonly deadLetters: number;
  /** Records that the ledger had not handled at the time limit. */
  readonly lag: number;
  readonly faults: number;
  /** From the first fault until the cluster was whole again, in seconds. */
  readonly wholeAfter: number;
}

const WARM_UP_MS = 5_000;
/** The load continues for this long after the last fault, in ms. */
const AFTERWARDS_MS = 15_000;
const PATIENCE_MS = 60_000;

/**
 * Starts a cluster and the receiver of webhooks, injects one fault under a steady load, and compares the acknowledged
 * events with the topic.
 */
export async function runTrial(options: TrialOptions): Promise<TrialReport> {
  const { brokers, kafkaSettings } = options;
  const environment = await startEnvironment({ brokers, ...(kafkaSettings && { kafkaSettings }) });
  try {
    return await trial(environment, options);
  } finally {
    await environment.stop();
  }
}

async function trial(environment: Environment, options: TrialOptions): Promise<TrialReport> {
  const { ledgers: count, perSecond, progress = () => {} } = options;
  const ingest = await environment.start('webhook-ingest', { WEBHOOK_DUPLICATE_WINDOW_S: '0' });
  const ledgers = await Promise.all(Array.from({ length: count }, () => environment.start('ledger')));
  const load = new WebhookLoad({
    url: ingest.url,
    secret: environment.env.STRIPE_WEBHOOK_SIGNING_SECRET as string,
    perSecond,
    nextEvent: count > 0 ? await paidOneByOne(environment) : async () => chargeSucceeded(),
  });
  load.start();
  await sleep(WARM_UP_MS);
  const hits = await bringAbout(environment, options, async (work) => {
    await Promise.all(ledgers.map((ledger) => ledger.kill()));
    await work();
    ledgers.push(...(await Promise.all(Array.from({ length: count }, () => environment.start('ledger')))));
  });
  await sleep(AFTERWARDS_MS);
  await load.finish(PATIENCE_MS);
  progress(`${load.sent.length} webhooks were sent`);
  const lag = count > 0 ? await untilHandled(environment.kafka) : 0;
  await keepLogs(options, ingest, ledgers);
  return report(environment, options, load, hits, lag);
}

async function bringAbout(
  environment: Environment,
  { fault, times, everyMs, downMs, progress = () => {} }: TrialOptions,
  whileLedgersAreStopped: WhileLedgersAreStopped,
): Promise<Hit[]> {
  if (!environment.cluster) throw new Error('a trial needs several brokers');
  const hits: Hit[] = [];
  let leaders = new Map<number, number>();
  const faults = new ClusterFaults(environment.cluster, environment.kafka, whileLedgersAreStopped, (_, brokers) => {
    const led = [...leaders].filter(([, leader]) => brokers.includes(leader)).map(([partition]) => partition);
    hits.push({ at: Date.now(), brokers, partitions: new Set(led), wholeAt: 0 });
    if (times <= 20 || hits.length % 10 === 0) progress(`${fault} ${hits.length}: broker ${brokers.join(', ')}`);
  });
  for (let at = 0; at < times; at += 1) {
    if (at > 0) await sleep(everyMs);
    const states = await withAdmin(environment.kafka, (admin) =>
      partitionsOf(admin, [environment.kafka.prefixed(PAYMENT_EVENTS)]),
    );
    leaders = new Map(states.map(({ partition, leader }) => [partition, leader]));
    const first = hits.length;
    await faults.inject(fault, downMs);
    for (const hit of hits.slice(first)) hit.wholeAt = Date.now();
  }
  return hits;
}

/** Returns the number of remaining records when it makes no more progress. */
async function untilHandled(kafka: Kafka): Promise<number> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const lag = await lagOf(kafka).catch(() => Number.NaN);
    if (lag === 0 || Date.now() > deadline) return lag;
    await sleep(500);
  }
}

async function keepLogs({ onLogs }: TrialOptions, ingest: Running, ledgers: readonly Running[]): Promise<void> {
  await onLogs?.('webhook-ingest', await ingest.logs());
  for (const [at, ledger] of ledgers.entries()) await onLogs?.(`ledger-${at + 1}`, await ledger.logs());
}

async function report(
  environment: Environment,
  options: TrialOptions,
  load: WebhookLoad,
  hits: readonly Hit[],
  lag: number,
): Promise<TrialReport> {
  const { sent } = load;
  const records = await recordsByEvent(environment.kafka);
  const partitions = new Map<string, number>();
  await scanTopic(environment.kafka, PAYMENT_EVENTS, ({ partition, headers }) =>
    partitions.set(headers.ce_id ?? '', partition),
  );
  const partitionOf = ({ event }: Sent) => partitions.get(event.id);
  const at = hits[0]?.at ?? 0;
  const refused: Record<string, number> = {};
  for (const { attempts } of sent)
    for (const { status } of attempts) if (status !== 200) refused[status] = (refused[status] ?? 0) + 1;
  const isHit = (partition: number) => hits[0]?.partitions.has(partition) ?? false;
  return {
    options,
    sent: sent.length,
    acknowledged: load.acknowledged().reduce((sum, { count }) => sum + count, 0),
    refused,
    records: [...records.values()].reduce((sum, count) => sum + count, 0),
    lost: compareKept(load.acknowledged(), records).map(({ what }) => what),
    hit: acceptance(sent, partitionOf, at, isHit),
    others: acceptance(sent, partitionOf, at, (partition) => !isHit(partition)),
    ledger: options.ledgers > 0 ? handling(sent, partitionOf, at, await bookedPayments(environment)) : undefined,
    deadLetters: await recordsIn(environment.kafka, PAYMENT_EVENTS_DLQ),
    lag,
    faults: hits.length,
    wholeAfter: ((hits.at(-1)?.wholeAt ?? at) - at) / 1000,
  };
}
