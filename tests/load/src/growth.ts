// `npm run bench:growth`: how each cost grows with load, partitions, ledger processes and backlog; tables, and one page of plots.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine } from '@connector/cli';
import { REPOSITORY } from '@connector/sandbox';
import { type Drain, drain } from './drain.ts';
import { buildServices } from './environment/built-services.ts';
import { type Environment, startEnvironment } from './environment/environment.ts';
import { ownTopics } from './environment/topics.ts';
import {
  type Growth,
  growthPage,
  growthTables,
  LATENCIES,
  OPENS_AT_ONCE,
  type Opens,
  WEBHOOKS_PER_SECOND,
} from './growth-report.ts';
import { HEAP } from './ledger.ts';
import { costOf, worked } from './load.ts';
import { pictureOf } from './picture.ts';
import { pageOf } from './plot.ts';
import { keep, RESULTS, thisRun, writeSections } from './report.ts';
import { startProcessor } from './shoppers.ts';
import { type Acknowledgements, acknowledge } from './webhook.ts';

const LOADS = [1, 2, 4, 8];
const PARTITIONS = [1, 3, 12, 24];
const PROCESSES = [1, 2, 4];
const BACKLOGS = [1_000, 3_000, 10_000, 30_000, 100_000];

const USAGE = `npm run bench:growth -- [options]
  --only LIST      of load, partitions, processes, backlog (default: all)
  --minutes N      what does not fit into this time is left out, and said so (default 8)
  --quick          a try: a tenth of the work
  --write-docs     writes the tables into docs/benchmarks.md and the picture into docs/images
  --no-build       the services are built already`;

const { values } = commandLine(
  {
    only: { type: 'string', default: 'load,partitions,processes,backlog' },
    minutes: { type: 'string', default: '8' },
    quick: { type: 'boolean', default: false },
    'write-docs': { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
  USAGE,
);
const only = values.only.split(',').map((name) => name.trim());
const began = performance.now();
const endsAt = began + Number(values.minutes) * 60_000;
const progress = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
const some = (count: number) => (values.quick ? Math.ceil(count / 10) : count);

if (!values['no-build']) await buildServices();
const run = thisRun('bench:growth');
const environment = await startEnvironment();
const interrupt = () => void environment.stop().then(() => process.exit(130));
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
const leftOut: string[] = [];
let growth: Growth = { leftOut, minutes: values.minutes };
try {
  if (only.includes('load')) growth = { ...growth, load: await withLoad(environment) };
  if (only.includes('partitions')) growth = { ...growth, partitions: await withPartitions(environment) };
  if (only.includes('processes')) growth = { ...growth, processes: await withProcesses(environment) };
  if (only.includes('backlog')) growth = { ...growth, backlog: await withBacklog(environment) };
} finally {
  await environment.stop();
}

const page = pageOf(growthPage(growth, run));
const tables = growthTables(growth);
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
