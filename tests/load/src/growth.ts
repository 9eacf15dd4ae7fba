// `npm run bench:growth`: how each cost grows with load, partitions, ledger processes and backlog; tables, and one page of plots.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { REPOSITORY } from '@connector/sandbox';
import { ms, rate } from './benchmark.ts';
import { buildServices, type Environment, ownTopics, startEnvironment } from './environment.ts';
import { HEAP } from './ledger.ts';
import { type Drain, drain } from './ledger-bench.ts';
import { costOf, worked } from './load.ts';
import { pictureOf } from './picture.ts';
import { type PlottedPage, pageOf, type Series } from './plot.ts';
import { keep, RESULTS, type Run, thisRun, writeSections } from './report.ts';
import { startProcessor } from './shoppers.ts';
import { table } from './table.ts';
import { type Acknowledgements, acknowledge } from './webhook.ts';

const LOADS = [1, 2, 4, 8];
const WEBHOOKS_PER_SECOND = 125;
const OPENS_AT_ONCE = 4;
const PARTITIONS = [1, 3, 12, 24];
const PROCESSES = [1, 2, 4];
const BACKLOGS = [1_000, 3_000, 10_000, 30_000, 100_000];
const LATENCIES = { commercetools: 40, stripe: 120 };

const USAGE = `npm run bench:growth -- [options]
  --only LIST      of load, partitions, processes, backlog (default: all)
  --minutes N      what does not fit into this time is left out, and said so (default 8)
  --quick          a try: a tenth of the work
  --write-docs     writes the tables into docs/benchmarks.md and the picture into docs/images
  --no-build       the services are built already`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'load,partitions,processes,backlog' },
    minutes: { type: 'string', default: '8' },
    quick: { type: 'boolean', default: false },
    'write-docs': { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const only = values.only.split(',').map((name) => name.trim());
const began = performance.now();
const endsAt = began + Number(values.minutes) * 60_000;
const progress = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
const some = (count: number) => (values.quick ? Math.ceil(count / 10) : count);

interface Growth {
  readonly load?: readonly { factor: number; webhooks: Acknowledgements; opens: Opens }[];
  readonly partitions?: readonly { partitions: number; webhooks: Acknowledgements; drain: Drain }[];
  readonly processes?: readonly { processes: number; drain: Drain }[];
  readonly backlog?: readonly { events: number; drain: Drain }[];
  readonly leftOut: readonly string[];
}

interface Opens {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMs: number;
}

if (!values['no-build']) await buildServices();
const run = thisRun('bench:growth');
const environment = await startEnvironment();
const interrupt = () => void environment.stop().then(() => process.exit(130));
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
const leftOut: string[] = [];
let growth: Growth = { leftOut };
try {
  if (only.includes('load')) growth = { ...growth, load: await withLoad(environment) };
  if (only.includes('partitions')) growth = { ...growth, partitions: await withPartitions(environment) };
  if (only.includes('processes')) growth = { ...growth, processes: await withProcesses(environment) };
  if (only.includes('backlog')) growth = { ...growth, backlog: await withBacklog(environment) };
} finally {
  await environment.stop();
}

const page = pageOf(plotted(growth, run));
const tables = tablesOf(growth);
console.log(
  `${tables}\n\n${run.machine}; ${run.date}; ${run.command}; ${((performance.now() - began) / 1000).toFixed(0)} s`,
);
await keep('growth', run, { ...run, ...growth });
const file = join(RESULTS, 'growth.html');
await writeFile(file, page);
progress(`plotted in ${file}`);
if (values['write-docs']) {
  const measured = `Measured ${run.date.slice(0, 10)} with \`${run.command}\` on ${run.machine}.`;
  await writeSections('benchmarks.md', { growth: `${tables}\n\n${measured}` });
  progress(`docs/benchmarks.md and ${(await pictureOf(page, 'growth.png')).slice(REPOSITORY.length + 1)} are written`);
}

/** Webhooks as they are offered, and shoppers who open payments at the same time. */
async function withLoad(of: Environment): Promise<NonNullable<Growth['load']>> {
  const ingest = await of.start('webhook-ingest');
  const { sessionAuth, intent, shoppers, stop } = await startProcessor(of);
  await acknowledge(of, ingest, { bytes: 3_000, requests: some(5_000), connections: 64 });
  await worked(await shoppers.ready(some(200)), 16, (shopper) => shoppers.open(shopper));
  const found: { factor: number; webhooks: Acknowledgements; opens: Opens }[] = [];
  for (const factor of LOADS) {
    const perSecond = factor * WEBHOOKS_PER_SECOND;
    const load = { bytes: 3_000, perSecond, requests: Math.ceil(perSecond * (values.quick ? 2 : 6)), connections: 64 };
    const webhooks = await acknowledge(of, ingest, load);
    const opening = await shoppers.ready(some(160 * factor));
    await of.slow(LATENCIES);
    const { result, cpuMs } = await costOf([intent.pid, sessionAuth.pid], () =>
      worked(opening, factor * OPENS_AT_ONCE, (shopper) => shoppers.open(shopper)),
    );
    await of.slow({ commercetools: 0, stripe: 0 });
    const each = cpuMs.reduce((sum, time) => sum + time, 0) / opening.length;
    found.push({ factor, webhooks, opens: { ...result, cpuMs: each } });
    progress(`load ${factor}× measured`);
  }
  await stop();
  await ingest.kill();
  return found;
}

async function withPartitions(of: Environment): Promise<NonNullable<Growth['partitions']>> {
  const found: { partitions: number; webhooks: Acknowledgements; drain: Drain }[] = [];
  for (const partitions of PARTITIONS) {
    const topics = await ownTopics(of, `p${partitions}.`, partitions);
    const ingest = await of.start('webhook-ingest', topics.env);
    await acknowledge(of, ingest, { bytes: 3_000, requests: some(3_000), connections: 64 });
    const webhooks = await acknowledge(of, ingest, { bytes: 3_000, requests: some(8_000), connections: 64 });
    await ingest.kill();
    await topics.stop();
    // The webhooks above are of payments that nobody has; the drain has topics of its own.
    const drained = await ownTopics(of, `d${partitions}.`, partitions);
    const options = { payments: some(1_500), concurrency: 32, latencyMs: 20, baseline: false, node: HEAP };
    found.push({ partitions, webhooks, drain: await drain(of, { ...options, topics: drained }) });
    await drained.stop();
    progress(`${partitions} partitions measured`);
  }
  return found;
}

/** So few calls at once that the latency bounds each process, and not the machine's cores. */
async function withProcesses(of: Environment): Promise<NonNullable<Growth['processes']>> {
  const found: { processes: number; drain: Drain }[] = [];
  for (const processes of PROCESSES) {
    const topics = await ownTopics(of, `n${processes}.`, 12);
    const options = {
      payments: some(900) * processes,
      concurrency: 8,
      latencyMs: 50,
      baseline: false,
      node: HEAP,
      joinFirst: true,
    };
    found.push({ processes, drain: await drain(of, { ...options, processes, topics }) });
    await topics.stop();
    progress(`${processes} ledger processes measured`);
  }
  return found;
}

/** Without latency: what is measured is whether a long backlog costs more for each event than a short one. */
async function withBacklog(of: Environment): Promise<NonNullable<Growth['backlog']>> {
  const found: { events: number; drain: Drain }[] = [];
  let msPerEvent = 0;
  for (const backlog of BACKLOGS) {
    const events = some(backlog);
    const needsMs = events * msPerEvent;
    if (performance.now() + needsMs > endsAt) {
      leftOut.push(`a backlog of ${events.toLocaleString('en')} events: ${Math.ceil(needsMs / 1000)} s more`);
      continue;
    }
    const from = performance.now();
    const topics = await ownTopics(of, `b${events}.`, 12);
    const options = { payments: events / 2, concurrency: 32, latencyMs: 0, baseline: false, node: HEAP };
    found.push({ events, drain: await drain(of, { ...options, topics }) });
    await topics.stop();
    msPerEvent = (performance.now() - from) / events;
    progress(`a backlog of ${events} events measured`);
  }
  return found;
}

function tablesOf({ load, partitions, processes, backlog }: Growth): string {
  const parts: string[] = [];
  if (load) {
    parts.push(
      table(
        ['load', 'webhooks offered', 'p50', 'p99', 'CPU each', 'opens at once', 'opens', 'p50', 'p99', 'CPU each'],
        load.map(({ factor, webhooks, opens }) => [
          `${factor} ×`,
          rate(factor * WEBHOOKS_PER_SECOND),
          ms(webhooks.p50),
          ms(webhooks.p99),
          ms(webhooks.cpuMsPerRequest, 2),
          factor * OPENS_AT_ONCE,
          rate(opens.perSecond),
          ms(opens.p50),
          ms(opens.p99),
          ms(opens.cpuMs),
        ]),
      ),
    );
  }
  const drained = ({ steadyPerSecond, cpuMsPerEvent, peakRssMb, coresBusy }: Drain) => [
    rate(steadyPerSecond),
    ms(cpuMsPerEvent, 2),
    `${peakRssMb.toFixed(0)} MB`,
    coresBusy.toFixed(1),
  ];
  const columns = ['ledger', 'CPU each', 'peak memory', 'cores busy'];
  if (partitions) {
    parts.push(
      table(
        ['partitions', 'webhooks, 64 at once', 'p99', ...columns],
        partitions.map(({ partitions: count, webhooks, drain: each }) => [
          count,
          rate(webhooks.perSecond),
          ms(webhooks.p99),
          ...drained(each),
        ]),
      ),
    );
  }
  if (processes) {
    const [one] = processes;
    parts.push(
      table(
        ['ledger processes', ...columns, 'to one'],
        processes.map(({ processes: count, drain: each }) => [
          count,
          ...drained(each),
          `× ${(each.steadyPerSecond / (one?.drain.steadyPerSecond ?? 1)).toFixed(2)}`,
        ]),
      ),
    );
  }
  if (backlog) {
    parts.push(
      table(
        ['backlog, events', 'drained in', ...columns],
        backlog.map(({ events, drain: each }) => [events, `${each.seconds.toFixed(1)} s`, ...drained(each)]),
      ),
    );
  }
  if (leftOut.length > 0)
    parts.push(`Left out, as it did not fit into ${values.minutes} minutes: ${leftOut.join('; ')}.`);
  return parts.join('\n\n');
}

function plotted({ load, partitions, processes, backlog }: Growth, { machine, date, command }: Run): PlottedPage {
  const line = <T>(name: string, rows: readonly T[], x: (row: T) => number, y: (row: T) => number): Series => ({
    name,
    points: rows.map((row) => [x(row), y(row)] as const),
  });
  const log = (label: string) => ({ label, scale: 'log' }) as const;
  const groups: PlottedPage['groups'][number][] = [];
  if (load) {
    const at = log('load, times the first');
    const by = ({ factor }: { factor: number }) => factor;
    groups.push({
      title: 'Load',
      text: `${WEBHOOKS_PER_SECOND} webhooks a second are offered at 1 ×; ${OPENS_AT_ONCE} shoppers open payments at once at 1 ×, commercetools at ${LATENCIES.commercetools} ms and Stripe at ${LATENCIES.stripe} ms.`,
      plots: [
        {
          title: 'Webhook to 200',
          x: at,
          y: { label: 'ms' },
          series: [line('p50', load, by, (row) => row.webhooks.p50), line('p99', load, by, (row) => row.webhooks.p99)],
        },
        {
          title: 'Opening a payment',
          x: at,
          y: { label: 'ms' },
          series: [line('p50', load, by, (row) => row.opens.p50), line('p99', load, by, (row) => row.opens.p99)],
        },
        {
          title: 'Processor time of one',
          x: at,
          y: { label: 'ms' },
          series: [
            line('webhook', load, by, (row) => row.webhooks.cpuMsPerRequest),
            line('opening, session-auth included', load, by, (row) => row.opens.cpuMs),
          ],
        },
        {
          title: 'Openings in a second',
          x: at,
          y: { label: '1/s' },
          series: [line('opened', load, by, (row) => row.opens.perSecond)],
        },
      ],
    });
  }
  if (partitions) {
    const at = log('partitions of each topic');
    const by = (row: { partitions: number }) => row.partitions;
    groups.push({
      title: 'Partitions',
      text: 'Webhooks with 64 at once; a backlog drained by one ledger with 32 calls at once, commercetools at 20 ms.',
      plots: [
        {
          title: 'In a second',
          x: at,
          y: { label: '1/s' },
          series: [
            line('webhooks acknowledged', partitions, by, (row) => row.webhooks.perSecond),
            line('events drained', partitions, by, (row) => row.drain.steadyPerSecond),
          ],
        },
        {
          title: "The ledger's peak memory",
          x: at,
          y: { label: 'MB' },
          series: [line('peak', partitions, by, (row) => row.drain.peakRssMb)],
        },
      ],
    });
  }
  if (processes) {
    const at = log('ledger processes');
    const by = (row: { processes: number }) => row.processes;
    const one = processes[0]?.drain.steadyPerSecond ?? 0;
    groups.push({
      title: 'Ledger processes',
      text: '8 calls at once each, commercetools at 50 ms, 12 partitions.',
      plots: [
        {
          title: 'Events drained in a second',
          x: at,
          y: { label: '1/s' },
          series: [
            line('measured', processes, by, (row) => row.drain.steadyPerSecond),
            line('one, that many times', processes, by, (row) => one * row.processes),
          ],
        },
        {
          title: "The machine's cores",
          x: at,
          y: { label: 'cores busy' },
          series: [line('busy', processes, by, (row) => row.drain.coresBusy)],
        },
      ],
    });
  }
  if (backlog) {
    const at = log('events in the backlog');
    const by = (row: { events: number }) => row.events;
    groups.push({
      title: 'Backlog',
      text: 'One ledger, 32 calls at once, commercetools without latency: what bounds it are the two cores that it shares with the simulator and Kafka.',
      plots: [
        {
          title: 'Events drained in a second',
          x: at,
          y: { label: '1/s' },
          series: [line('drained', backlog, by, (row) => row.drain.steadyPerSecond)],
        },
        {
          title: "The ledger's peak memory",
          x: at,
          y: { label: 'MB' },
          series: [line('peak', backlog, by, (row) => row.drain.peakRssMb)],
        },
      ],
    });
  }
  return {
    title: 'How the costs grow',
    measured: `Measured ${date.slice(0, 10)} with ${command} on ${machine}.`,
    groups,
  };
}
