import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PAYMENT_EVENTS } from '@connector/contracts';
import { PINNED_NODE } from '@connector/sandbox';
import { ms, rate } from './benchmark.ts';
import { type Environment, PROJECT, type Running } from './environment/environment.ts';
import { startScript } from './environment/processes.ts';
import { resourcesOf } from './environment/resources.ts';
import { median, percentile } from './figures.ts';
import type { LoadResult } from './send.ts';
import type { Load, Told } from './webhook-load.ts';

/** What one server did with one load. */
export interface Acknowledgements {
  readonly perSecond: number;
  /** From when a request was due to its answer, in ms. */
  readonly p50: number;
  readonly p99: number;
  readonly cpuMsPerRequest: number;
  /** Resident memory at the end, in MB. */
  readonly rssMb: number;
}

/** More code than the floors' takes longer until all of it is compiled for good. */
export const WARM_UP = { bytes: 3_000, requests: 30_000, connections: 64 };

/** Medians over the rounds. */
export interface WebhookCell {
  readonly concurrency: number;
  readonly bytes: number;
  readonly ours: Acknowledgements;
  /** A bare node:http server that reads the body and checks the HMAC, with the same load just before. */
  readonly baseline: Acknowledgements;
  readonly cpuRatio: number;
  readonly throughputRatio: number;
  /** The same server when it also reads the JSON and answers once Kafka has the record, beside the first one. */
  readonly producing?: {
    readonly itself: Acknowledgements;
    readonly cpuRatio: number;
    readonly throughputRatio: number;
  };
}

/** Two ways of running the same load, in pairs of runs. */
export interface Comparison {
  /** Medians over the pairs. */
  readonly before: Acknowledgements;
  readonly after: Acknowledgements;
  /** Throughput of each pair, after to before. */
  readonly ratios: readonly number[];
  /** Medians of the pairs' ratios. */
  readonly throughputRatio: number;
  readonly cpuRatio: number;
}

interface Cell {
  readonly concurrency: number;
  readonly bytes: number;
  readonly requests: number;
}

export interface WebhookOptions {
  /** The first one is looked at more closely. */
  readonly cells: readonly Cell[];
  /** Each round measures the baseline, then ours. */
  readonly rounds: number;
  /** Pairs of runs with and without commercetools. */
  readonly pairs: number;
  /** A load that does not wait for answers. */
  readonly offered: { readonly perSecond: number; readonly seconds: number; readonly bytes: number };
  /** Options of Node for webhook-ingest, such as --cpu-prof. */
  readonly node?: readonly string[];
}

export interface WebhookFigures {
  readonly cells: readonly WebhookCell[];
  readonly offered: Acknowledgements;
  /** The first cell's load, from when commercetools answers to when every call to it fails. */
  readonly withoutCommercetools: Comparison;
}

/**
 * Webhook acknowledgement: a signed body in, the broker's acknowledgement of all in-sync replicas, 200 out. Every event is
 * new, of a payment of its own. Throws Error when an answer is not 200.
 */
export async function measureWebhook(environment: Environment, options: WebhookOptions): Promise<WebhookFigures> {
  const ingest = await environment.start('webhook-ingest', {}, options.node);
  const baseline = await startScript('webhook-baseline', environment.env);
  const producing = await startScript('webhook-baseline', {
    ...environment.env,
    PRODUCE_TO: environment.kafka.prefixed(PAYMENT_EVENTS),
  });
  const [first] = options.cells;
  if (!first) throw new Error('no load was named');
  try {
    for (const server of [baseline, producing, ingest]) await acknowledge(environment, server, WARM_UP);
    const cells: WebhookCell[] = [];
    for (const cell of options.cells) {
      const servers = { ingest, baseline, ...(cell === first && { producing }) };
      cells.push(await measureCell(environment, servers, cell, options.rounds));
    }
    const { perSecond, seconds, bytes } = options.offered;
    const offered = await acknowledge(environment, ingest, {
      bytes,
      perSecond,
      requests: perSecond * seconds,
      connections: 64,
    });
    const under = (faults: readonly object[]) => async () => {
      await environment.commercetoolsFaults(faults);
      return acknowledge(environment, ingest, loadOf(first));
    };
    const withoutCommercetools = await compared(options.pairs, under([]), under([{ match: '.*', status: 503 }]));
    return { cells, offered, withoutCommercetools };
  } finally {
    await environment.commercetoolsFaults([]);
    for (const server of [baseline, producing, ingest]) await server.kill();
  }
}

const loadOf = ({ bytes, requests, concurrency }: Cell) => ({ bytes, requests, connections: concurrency });

/** One load, in rounds: the bare baseline, webhook-ingest, and where it is given a baseline that produces to Kafka. */
async function measureCell(
  environment: Environment,
  { ingest, baseline, producing }: { ingest: Server; baseline: Server; producing?: Server },
  cell: Cell,
  count: number,
): Promise<WebhookCell> {
  const { concurrency, bytes } = cell;
  const load = loadOf(cell);
  const rounds: { ours: Acknowledgements; baseline: Acknowledgements; producing?: Acknowledgements }[] = [];
  for (let round = 0; round < count; round += 1) {
    const bare = await acknowledge(environment, baseline, load);
    const ours = await acknowledge(environment, ingest, load);
    const produced = producing && (await acknowledge(environment, producing, load));
    rounds.push({ baseline: bare, ours, ...(produced && { producing: produced }) });
  }
  const beside = (of: (round: (typeof rounds)[number]) => Acknowledgements) => ({
    itself: medians(rounds.map(of)),
    cpuRatio: median(rounds.map((round) => of(round).cpuMsPerRequest / round.baseline.cpuMsPerRequest)),
    throughputRatio: median(rounds.map((round) => of(round).perSecond / round.baseline.perSecond)),
  });
  const { itself: ours, ...ratios } = beside((round) => round.ours);
  return {
    concurrency,
    bytes,
    ours,
    baseline: medians(rounds.map((round) => round.baseline)),
    ...ratios,
    ...(producing && { producing: beside((round) => round.producing ?? round.baseline) }),
  };
}

/** Who is first changes from pair to pair, so that what changes on the machine meanwhile counts for both. */
export async function compared(
  pairs: number,
  runBefore: () => Promise<Acknowledgements>,
  runAfter: () => Promise<Acknowledgements>,
): Promise<Comparison> {
  const before: Acknowledgements[] = [];
  const after: Acknowledgements[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % 2 === 0) before.push(await runBefore());
    after.push(await runAfter());
    if (pair % 2 === 1) before.push(await runBefore());
  }
  const ratiosOf = (of: (acknowledgements: Acknowledgements) => number) =>
    after.map((each, pair) => of(each) / of(before[pair] as Acknowledgements));
  const ratios = ratiosOf(({ perSecond }) => perSecond);
  return {
    before: medians(before),
    after: medians(after),
    ratios,
    throughputRatio: median(ratios),
    cpuRatio: median(ratiosOf(({ cpuMsPerRequest }) => cpuMsPerRequest)),
  };
}

type Server = Pick<Running, 'url' | 'pid' | 'kill'>;

/** What a server does with one load, sent by a process of its own. Throws Error when an answer is not 200. */
export async function acknowledge(
  environment: Environment,
  { url, pid }: Server,
  load: Omit<Load, 'port' | 'secret' | 'projectKey'>,
): Promise<Acknowledgements> {
  const sender = fork(join(import.meta.dirname, 'webhook-load.ts'), { execPath: PINNED_NODE });
  const gone = once(sender, 'exit').then(([code]) => {
    throw new Error(`the load ended with ${code}`);
  });
  gone.catch(() => {});
  const told = async (message: unknown) => {
    sender.send(message as object);
    const [answer] = (await Promise.race([once(sender, 'message'), gone])) as [Told];
    return answer;
  };
  const to: Load = {
    ...load,
    port: Number(new URL(url).port),
    secret: environment.env.STRIPE_WEBHOOK_SIGNING_SECRET as string,
    projectKey: PROJECT,
  };
  await told(to);
  const before = await resourcesOf(pid);
  const { seconds, latencies, refused } = (await told('go')) as LoadResult;
  const after = await resourcesOf(pid);
  sender.disconnect();
  if (Object.keys(refused).length > 0) throw new Error(`webhooks were refused: ${JSON.stringify(refused)}`);
  return {
    perSecond: load.requests / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cpuMsPerRequest: (1000 * (after.cpuSeconds - before.cpuSeconds)) / load.requests,
    rssMb: after.rssMb,
  };
}

const medians = (all: readonly Acknowledgements[]): Acknowledgements => ({
  perSecond: median(all.map(({ perSecond }) => perSecond)),
  p50: median(all.map(({ p50 }) => p50)),
  p99: median(all.map(({ p99 }) => p99)),
  cpuMsPerRequest: median(all.map(({ cpuMsPerRequest }) => cpuMsPerRequest)),
  rssMb: median(all.map(({ rssMb }) => rssMb)),
});

/** The cells of a table's row. */
export const rowOf = (
  what: string,
  { perSecond, p50, p99, cpuMsPerRequest, rssMb }: Acknowledgements,
): readonly string[] => [what, rate(perSecond), ms(p50), ms(p99), ms(cpuMsPerRequest, 3), `${rssMb.toFixed(0)} MB`];

export const ROW_HEAD = ['rate', 'p50', 'p99', 'CPU each', 'memory'] as const;
