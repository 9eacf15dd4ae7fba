import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, Part, PINNED_NODE } from '@connector/sandbox';
import { PROJECT, type Rig, type Running, resourcesOf } from './rig.ts';
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

/** Medians over the rounds. */
export interface WebhookCell {
  readonly concurrency: number;
  readonly bytes: number;
  readonly ours: Acknowledgements;
  /** A bare node:http server that reads the body and checks the HMAC, with the same load just before. */
  readonly floor: Acknowledgements;
  readonly cpuRatio: number;
  readonly throughputRatio: number;
}

export interface WebhookOptions {
  readonly cells: readonly { readonly concurrency: number; readonly bytes: number; readonly requests: number }[];
  /** Each round measures the floor, then ours. */
  readonly rounds: number;
  /** A load that does not wait for answers. */
  readonly offered: { readonly perSecond: number; readonly seconds: number; readonly bytes: number };
  /** Options of Node for webhook-ingest, such as --cpu-prof. */
  readonly node?: readonly string[];
}

export interface WebhookFigures {
  readonly cells: readonly WebhookCell[];
  readonly offered: Acknowledgements;
  /** The first cell again while every call to commercetools fails. */
  readonly withoutCommercetools?: WebhookCell;
}

/**
 * Webhook acknowledgement: a signed body in, the broker's acknowledgement of all in-sync replicas, 200 out. Every event is
 * new, of a payment of its own. Throws Error when an answer is not 200.
 */
export async function measureWebhook(rig: Rig, options: WebhookOptions): Promise<WebhookFigures> {
  const ingest = await rig.start('webhook-ingest', {}, options.node);
  const floor = await startFloor(rig);
  const measured = async (cell: WebhookOptions['cells'][number]): Promise<WebhookCell> => {
    const { concurrency, bytes, requests } = cell;
    const load = { bytes, requests, connections: concurrency };
    const rounds: { ours: Acknowledgements; floor: Acknowledgements }[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const bare = await acknowledge(rig, floor, load);
      rounds.push({ floor: bare, ours: await acknowledge(rig, ingest, load) });
    }
    return {
      concurrency,
      bytes,
      ours: medians(rounds.map(({ ours }) => ours)),
      floor: medians(rounds.map(({ floor }) => floor)),
      cpuRatio: median(rounds.map(({ ours, floor }) => ours.cpuMsPerRequest / floor.cpuMsPerRequest)),
      throughputRatio: median(rounds.map(({ ours, floor }) => ours.perSecond / floor.perSecond)),
    };
  };
  try {
    const warmUp = { bytes: 3_000, requests: 10_000, connections: 64 };
    for (const server of [floor, ingest]) await acknowledge(rig, server, warmUp);
    const cells: WebhookCell[] = [];
    for (const cell of options.cells) cells.push(await measured(cell));
    const { perSecond, seconds, bytes } = options.offered;
    const offered = await acknowledge(rig, ingest, {
      bytes,
      perSecond,
      requests: perSecond * seconds,
      connections: 64,
    });
    const [first] = options.cells;
    await rig.commercetoolsFaults([{ match: '.*', status: 503 }]);
    const withoutCommercetools = first && (await measured(first));
    return { cells, offered, ...(withoutCommercetools && { withoutCommercetools }) };
  } finally {
    await rig.commercetoolsFaults([]);
    await floor.kill();
    await ingest.kill();
  }
}

type Server = Pick<Running, 'url' | 'pid' | 'kill'>;

async function startFloor(rig: Rig): Promise<Server> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const part = new Part({
    name: 'floor',
    command: PINNED_NODE,
    args: [join(import.meta.dirname, 'webhook-floor.ts')],
    env: { ...process.env, ...rig.env, HTTP_PORT: String(port) },
    logFile: join(rig.dir, 'floor.log'),
    isReady: (printed) => printed.includes('ready '),
  });
  await part.start();
  return { url, pid: part.pid as number, kill: () => part.stop() };
}

/** What a server does with one load, sent by a process of its own. Throws Error when an answer is not 200. */
export async function acknowledge(
  rig: Rig,
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
    secret: rig.env.STRIPE_WEBHOOK_SIGNING_SECRET as string,
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
    p50: at(latencies, 0.5),
    p99: at(latencies, 0.99),
    cpuMsPerRequest: (1000 * (after.cpuSeconds - before.cpuSeconds)) / load.requests,
    rssMb: after.rssMb,
  };
}

const at = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;

export const median = (values: readonly number[]): number =>
  at(
    values.toSorted((a, b) => a - b),
    0.5,
  );

export const medians = (all: readonly Acknowledgements[]): Acknowledgements => ({
  perSecond: median(all.map(({ perSecond }) => perSecond)),
  p50: median(all.map(({ p50 }) => p50)),
  p99: median(all.map(({ p99 }) => p99)),
  cpuMsPerRequest: median(all.map(({ cpuMsPerRequest }) => cpuMsPerRequest)),
  rssMb: median(all.map(({ rssMb }) => rssMb)),
});

if (import.meta.main) await main();

/** `node bench/src/webhook.ts`: the figures of this module alone. */
async function main(): Promise<void> {
  const { parseArgs } = await import('node:util');
  const { startRig } = await import('./rig.ts');
  const { table } = await import('./table.ts');
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '20000' },
      rounds: { type: 'string', default: '3' },
      bytes: { type: 'string', default: '3000' },
      concurrency: { type: 'string', default: '64' },
      seconds: { type: 'string', default: '5' },
      node: { type: 'string', default: '' },
    },
  });
  const bytes = Number(values.bytes);
  const rig = await startRig();
  const { cells, offered, withoutCommercetools } = await measureWebhook(rig, {
    cells: values.concurrency
      .split(',')
      .map((concurrency) => ({ concurrency: Number(concurrency), bytes, requests: Number(values.requests) })),
    rounds: Number(values.rounds),
    offered: { perSecond: 1_000, seconds: Number(values.seconds), bytes },
    node: values.node.split(' ').filter(Boolean),
  }).finally(() => rig.stop());
  const row = (what: string, { perSecond, p50, p99, cpuMsPerRequest, rssMb }: Acknowledgements, ratios = '') => [
    what,
    `${perSecond.toFixed(0)}/s`,
    `${p50.toFixed(1)} ms`,
    `${p99.toFixed(1)} ms`,
    `${cpuMsPerRequest.toFixed(3)} ms`,
    `${rssMb.toFixed(0)} MB`,
    ratios,
  ];
  const rows = (cell: WebhookCell, note = '') => [
    row(`${cell.concurrency} at once, ${cell.bytes} bytes${note}: floor`, cell.floor),
    row(
      `${cell.concurrency} at once, ${cell.bytes} bytes${note}`,
      cell.ours,
      `CPU × ${cell.cpuRatio.toFixed(2)}, throughput × ${cell.throughputRatio.toFixed(2)}`,
    ),
  ];
  console.log(
    table(
      ['what', 'rate', 'p50', 'p99', 'CPU each', 'memory', 'beside the floor'],
      [
        ...cells.flatMap((cell) => rows(cell)),
        row('1,000/s offered', offered),
        ...(withoutCommercetools ? rows(withoutCommercetools, ', commercetools down') : []),
      ],
    ),
  );
}
