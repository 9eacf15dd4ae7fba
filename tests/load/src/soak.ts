// `npm run soak`: whole payments for an hour at half of what the machine can do; memory, handles and latency must stay flat.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine, refuseUsage } from '@connector/cli';
import { REPOSITORY } from '@connector/sandbox';
import { ms, rate } from './benchmark.ts';
import { buildServices, type Service } from './environment/built-services.ts';
import { type Environment, type Running, startEnvironment } from './environment/environment.ts';
import { resourcesOf } from './environment/resources.ts';
import { latencyOf } from './figures.ts';
import { HEAP } from './ledger.ts';
import { pictureOf } from './picture.ts';
import { pageOf } from './plot.ts';
import { keep, RESULTS, thisRun, writeSections } from './report.ts';
import { call, Shoppers } from './shoppers.ts';
import { type Line, plotsOf, type Sample, trendsOf } from './soak-report.ts';
import { table } from './table.ts';

const USAGE = `npm run soak -- [options]
  --minutes N         how long (default 60); Ctrl-C ends it earlier, and the results are still written
  --rate N            payments a second (default: half of what the machine does, measured first)
  --every N           seconds between two samples (default 5)
  --commercetools N   latency of each call to commercetools, in ms (default 40)
  --stripe N          latency of each call to Stripe, in ms (default 120)
  --write-docs        writes the table into docs/benchmarks.md and the picture into docs/images
  --no-build          the services are built already`;

const { values } = commandLine(
  {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string' },
    every: { type: 'string', default: '5' },
    commercetools: { type: 'string', default: '40' },
    stripe: { type: 'string', default: '120' },
    'write-docs': { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
  USAGE,
);
const number = (name: 'minutes' | 'rate' | 'every' | 'commercetools' | 'stripe', least: number): number => {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value >= least) return value;
  return refuseUsage(`--${name} must be a number from ${least} on.`);
};
const seconds = number('minutes', 0.1) * 60;
const everyMs = number('every', 1) * 1000;
const latencies = { commercetools: number('commercetools', 0), stripe: number('stripe', 0) };
const progress = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);

/** Payments under way at once; a further one is not begun, and counted. */
const MOST_AT_ONCE = 400;
const TRIAL_AT_ONCE = 64;
const [TRIAL_WARM_UP_MS, TRIAL_MS] = [8_000, 20_000];

interface Took {
  open: number[];
  confirm: number[];
}

if (!values['no-build']) await buildServices();
const run = thisRun('soak');
const environment = await startEnvironment({ webhooks: true });
const ended = new AbortController();
// The first Ctrl-C ends the run, a second one everything.
const interrupt = () => {
  if (ended.signal.aborted) void environment.stop().then(() => process.exit(130));
  ended.abort();
};
process.on('SIGINT', interrupt).on('SIGTERM', interrupt);

const samples: Sample[] = [];
const failures = new Map<string, number>();
const failed = (what: string, error: unknown) => {
  const text = `${what}: ${String((error as Error).message ?? error).slice(0, 160)}`;
  failures.set(text, (failures.get(text) ?? 0) + 1);
};
let [begun, completed, pending, notBegun] = [0, 0, 0, 0];
let took: Took = { open: [], confirm: [] };
let perSecond = 0;
const seenWebhooks = { sum: 0, count: 0 };
const lastCollections = new Map<string, string>();
try {
  const services = await startServices(environment);
  const shoppers = await Shoppers.of(environment, services.intent.url);
  await environment.slow(latencies);
  perSecond = values.rate === undefined ? (await mostPerSecond(shoppers)) / 2 : number('rate', 0.1);
  progress(`${perSecond.toFixed(1)} payments a second for ${(seconds / 60).toFixed(1)} minutes`);
  await soak(shoppers, Object.values(services));
} catch (error) {
  // What was sampled until then is still worth writing.
  failed('the run', error);
} finally {
  await environment.stop();
}

const trends = trendsOf(samples);
const text = [
  table(
    ['process', 'memory', 'slope', 'heap in use', 'slope', 'open files', 'event loop lag p99', ''],
    trends.map(({ process: name, memory, heap, files, lagMs, verdict }) => [
      name,
      ...cellsOf(memory, 0),
      ...cellsOf(heap, 1),
      `${files[0]} → ${files[1]}`,
      Number.isNaN(lagMs) ? '' : ms(lagMs),
      verdict,
    ]),
  ),
  `${begun} payments begun in ${((samples.at(-1)?.second ?? 0) / 60).toFixed(1)} minutes, ${rate(perSecond)}: ${completed} approved, ${pending} pending, ${begun - completed - pending} failed or cut off, ${notBegun} not begun as ${MOST_AT_ONCE} were under way.`,
  ...(failures.size > 0
    ? [`Failures:\n${[...failures].map(([what, times]) => `- ${times} × ${what}`).join('\n')}`]
    : []),
].join('\n\n');
console.log(`${text}\n\n${run.machine}; ${run.date}; ${run.command}`);
const results = { ...run, perSecond, latencies, begun, completed, pending, notBegun, failures: [...failures], trends };
progress(`kept in ${await keep('soak', run, { ...results, samples })}`);
const measured = `Measured ${run.date.slice(0, 10)} with \`${run.command}\` on ${run.machine}.`;
const page = pageOf({ title: 'Soak', measured: measured.replaceAll('`', ''), groups: plotsOf(samples, perSecond) });
const file = join(RESULTS, 'soak.html');
await writeFile(file, page);
progress(`plotted in ${file}`);
if (values['write-docs'] && samples.length > 0) {
  await writeSections('benchmarks.md', { soak: `${text}\n\n${measured}` });
  progress(`docs/benchmarks.md and ${(await pictureOf(page, 'soak.png')).slice(REPOSITORY.length + 1)} are written`);
}
process.exitCode = trends.length === 0 || trends.some(({ verdict }) => verdict === 'RISES') ? 1 : 0;

/** How something went, and its slope. */
function cellsOf({ startMb, endMb, perHour, halfWidth }: Line, digits: number): [string, string] {
  if (Number.isNaN(startMb)) return ['', ''];
  return [
    `${startMb.toFixed(digits)} → ${endMb.toFixed(digits)} MB`,
    Number.isNaN(perHour) ? '' : `${perHour.toFixed(1)} ± ${halfWidth.toFixed(1)} MB/h`,
  ];
}

/** With heaps as containers bound them; without a bound V8 leaves garbage lying where memory is plenty. */
async function startServices(of: Environment) {
  const start = (service: Service, env = {}) =>
    of.start(service, { ...env, LIVE_HEAP_FILE: liveHeapFile(of, service) }, [
      ...HEAP,
      '--expose-gc',
      '--import',
      join(import.meta.dirname, 'live-heap.ts'),
    ]);
  const sessionAuth = await start('session-auth');
  return {
    sessionAuth,
    ledger: await start('ledger'),
    ingest: await start('webhook-ingest'),
    intent: await start('intent', { SESSION_AUTH_URL: sessionAuth.url }),
  };
}

function liveHeapFile(of: Environment, service: string): string {
  return join(of.dir, `${service}.live-heap`);
}

/** A payment from the cart to its confirmation; Stripe's webhooks tell of it besides. */
async function pay(shoppers: Shoppers): Promise<void> {
  begun += 1;
  try {
    const [shopper] = await shoppers.arrive(1);
    if (!shopper) throw new Error('no shopper came');
    await shoppers.showForm(shopper);
    const opening = performance.now();
    const { json } = await shoppers.open(shopper);
    took.open.push(performance.now() - opening);
    const paymentIntentId = String(json.sClientSecret).split('_secret_')[0] as string;
    await shoppers.pay(paymentIntentId);
    const confirming = performance.now();
    const outcome = await shoppers.confirm({ ...shopper, paymentId: String(json.paymentReference), paymentIntentId });
    took.confirm.push(performance.now() - confirming);
    if (outcome === 'approved') completed += 1;
    else pending += 1;
  } catch (error) {
    if (!ended.signal.aborted) failed('a payment', error);
  }
}

/** As many at once as keep the machine busy, each followed by another. */
async function mostPerSecond(shoppers: Shoppers): Promise<number> {
  const until = performance.now() + TRIAL_WARM_UP_MS + TRIAL_MS;
  let [counted, began] = [0, Number.NaN];
  const onward = async () => {
    while (performance.now() < until && !ended.signal.aborted) {
      await pay(shoppers);
      if (performance.now() < until - TRIAL_MS) continue;
      if (Number.isNaN(began)) began = performance.now();
      counted += 1;
    }
  };
  await Promise.all(Array.from({ length: TRIAL_AT_ONCE }, onward));
  const most = counted / ((performance.now() - began) / 1000);
  progress(`at most ${most.toFixed(1)} payments a second, with ${TRIAL_AT_ONCE} at once`);
  [begun, completed, pending] = [0, 0, 0];
  took = { open: [], confirm: [] };
  return most;
}

async function soak(shoppers: Shoppers, services: readonly Running[]): Promise<void> {
  const began = performance.now();
  const second = () => (performance.now() - began) / 1000;
  const underWay = new Set<Promise<void>>();
  const sampling = (async () => {
    while (second() < seconds && !ended.signal.aborted) {
      await sleep(everyMs, undefined, { signal: ended.signal }).catch(() => {});
      try {
        samples.push(await sampled(second(), services));
      } catch (error) {
        failed('a sample', error);
      }
      if (samples.length % Math.ceil(60_000 / everyMs) === 0) {
        progress(`${(second() / 60).toFixed(0)} min: ${completed} approved, ${underWay.size} under way`);
      }
    }
  })();
  for (let due = 0; second() < seconds && !ended.signal.aborted; ) {
    for (; due <= second() * perSecond; due += 1) {
      if (underWay.size >= MOST_AT_ONCE) {
        notBegun += 1;
        continue;
      }
      const payment = pay(shoppers).finally(() => underWay.delete(payment));
      underWay.add(payment);
    }
    await sleep(10);
  }
  await sampling;
  await Promise.race([Promise.all(underWay), sleep(30_000)]);
}

async function sampled(second: number, services: readonly Running[]): Promise<Sample> {
  const { open, confirm } = took;
  took = { open: [], confirm: [] };
  const lags = new Map(
    await Promise.all(services.map(async ({ pid, adminUrl }) => [pid, await lagOf(adminUrl)] as const)),
  );
  const processes: Record<string, Sample['processes'][string]> = {};
  for (const [name, pid] of Object.entries({ ...environment.named(), load: process.pid })) {
    try {
      const { rssMb, cpuSeconds } = await resourcesOf(pid);
      const files = (await readdir(`/proc/${pid}/fd`)).length;
      processes[name] = { rssMb, heapMb: await heapMbOf(name), cpuSeconds, files, lagMs: lags.get(pid) ?? Number.NaN };
    } catch (error) {
      failed(`a sample of ${name}`, error);
    }
  }
  return {
    second,
    processes,
    open: latencyOf(open),
    confirm: latencyOf(confirm),
    webhookMs: await webhookMs(services),
    completed,
  };
}

/** What the last collection left of a process's heap, in MB; NaN when there was none since the last look. */
async function heapMbOf(name: string): Promise<number> {
  const lines = await readFile(liveHeapFile(environment, name), 'utf8').catch(() => '');
  const last = lines.trimEnd().split('\n').at(-1) ?? '';
  if (last === '' || lastCollections.get(name) === last) return Number.NaN;
  lastCollections.set(name, last);
  return Number(last.split(' ')[1]) / 1024 ** 2;
}

/** The event loop's lag that 99 of 100 turns of the last moments did not exceed, in ms; NaN when the service does not say. */
async function lagOf(adminUrl: string): Promise<number> {
  try {
    const { text } = await call('GET', `${adminUrl}/metrics`);
    return 1000 * Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1] ?? Number.NaN);
  } catch (error) {
    failed('metrics', error);
    return Number.NaN;
  }
}

/** Mean duration of the webhooks since the last look, in ms. */
async function webhookMs(services: readonly Running[]): Promise<number> {
  const metric = 'http_server_request_duration_seconds';
  const route = 'http_route="/stripe/webhooks"';
  try {
    const pid = environment.named()['webhook-ingest'];
    const ingest = services.find((service) => service.pid === pid);
    const sum = (await ingest?.count(`${metric}_sum`, route)) ?? Number.NaN;
    const count = (await ingest?.count(`${metric}_count`, route)) ?? Number.NaN;
    const mean = (1000 * (sum - seenWebhooks.sum)) / (count - seenWebhooks.count);
    seenWebhooks.sum = sum;
    seenWebhooks.count = count;
    return mean;
  } catch (error) {
    failed('webhooks', error);
    return Number.NaN;
  }
}
