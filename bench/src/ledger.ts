// `npm run bench:ledger`: how fast one ledger catches up, how soon a webhook is in commercetools, and what a bad event costs.
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PINNED_NODE, REPOSITORY } from '@connector/sandbox';
import { type Drain, drain, type Latencies, latencies, type Poison, poison } from './ledger-bench.ts';
import { SERVICES, startRig } from './rig.ts';
import { table } from './table.ts';

const USAGE = `npm run bench:ledger -- [options]
  --only LIST        drain, latency, poison (default: all)
  --payments N       payments of the backlog, two events each (default 5000)
  --concurrency N    LEDGER_CONCURRENCY (default 32)
  --latency N        commercetools' latency for each call, in ms (default 50)
  --samples N        webhooks of each kind for the latency (default 150)
  --docs             writes the figures into docs/benchmarks.md
  --cpu-prof DIR     profiles the draining ledger into DIR
  --node=OPTIONS     options of Node for the draining ledger, separated by spaces (default: a heap
                     for a container of 384 MiB)`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'latency,poison,drain' },
    payments: { type: 'string', default: '5000' },
    concurrency: { type: 'string', default: '32' },
    latency: { type: 'string', default: '50' },
    samples: { type: 'string', default: '150' },
    docs: { type: 'boolean', default: false },
    'cpu-prof': { type: 'string' },
    node: { type: 'string', default: '--max-semi-space-size=16 --max-old-space-size=192' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const number = (name: 'payments' | 'concurrency' | 'latency' | 'samples'): number => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name} must be a whole number above 0.\n${USAGE}`);
  return process.exit(64);
};
const latencyMs = number('latency');
const concurrency = number('concurrency');
const only = values.only.split(',');
const tell = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);

for (const service of SERVICES) {
  const cwd = join(REPOSITORY, 'services', service);
  execFileSync(PINNED_NODE, [join(REPOSITORY, 'scripts/build-service.mjs')], { cwd, stdio: 'ignore' });
}
const rig = await startRig();
const interrupt = () => void rig.stop().then(() => process.exit(130));
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
const results: { latency?: Latencies; poison?: Poison; drain?: Drain } = {};
try {
  tell('Kafka and the simulators are ready');
  // In this order: the simulator's log, which tells when a write was done, is short at first.
  if (only.includes('latency')) {
    results.latency = await latencies(rig, number('samples'), latencyMs);
    tell('latency measured');
  }
  if (only.includes('poison')) {
    results.poison = await poison(rig);
    tell('poison measured');
  }
  if (only.includes('drain')) {
    const prof = values['cpu-prof'];
    const profile = prof ? ['--cpu-prof', `--cpu-prof-dir=${prof}`] : [];
    const node = [...profile, ...values.node.split(' ').filter(Boolean)];
    results.drain = await drain(rig, { payments: number('payments'), concurrency, latencyMs, node });
    tell('drain measured');
  }
} finally {
  await rig.stop();
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
type Row = [what: string, measured: string, target: string, holds: boolean | undefined];
const rows: Row[] = [];
if (results.drain) {
  const { events, payments, seconds, eventsPerSecond, callsPerEvent, floorCallsPerSecond, ...rest } = results.drain;
  const { ratio, peakRssMb, rssMb, cpuMsPerEvent, callsPerSecond, coresOfOthers } = rest;
  rows.push(
    [
      `drain of ${events} events of ${payments} payments, concurrency ${concurrency}`,
      `${eventsPerSecond.toFixed(0)} events/s (${seconds.toFixed(1)} s)`,
      '≥ 400 events/s',
      eventsPerSecond >= 400,
    ],
    [
      "its calls to commercetools, beside a bare loop's",
      `${callsPerSecond.toFixed(0)}/s (${callsPerEvent.toFixed(2)} per event), ${floorCallsPerSecond.toFixed(0)}/s: ${ratio.toFixed(2)}`,
      '',
      undefined,
    ],
    [
      'its memory: peak; at 25, 50, 75, 100 %',
      `${peakRssMb.toFixed(0)} MB; ${rssMb.join(', ')}`,
      'flat, < 300 MB',
      peakRssMb < 300 && (rssMb[3] ?? 0) < 1.25 * (rssMb[1] ?? 0),
    ],
    ['its processor time', `${cpuMsPerEvent.toFixed(2)} ms per event`, '', undefined],
    ['other work on the machine meanwhile', `${coresOfOthers.toFixed(1)} of ${cpus().length} cores`, '', undefined],
  );
}
if (results.latency) {
  const { unknown, known } = results.latency;
  rows.push(
    [
      'webhook posted → written, unknown payment (2 calls)',
      `p50 ${ms(unknown.p50)}, p99 ${ms(unknown.p99)}`,
      `p50 ≤ ${2 * latencyMs + 25} ms`,
      unknown.p50 <= 2 * latencyMs + 25,
    ],
    [
      'webhook posted → written, known payment (1 call)',
      `p50 ${ms(known.p50)}, p99 ${ms(known.p99)}`,
      `p50 ≤ ${latencyMs + 25} ms`,
      known.p50 <= latencyMs + 25,
    ],
  );
}
if (results.poison) {
  const { withoutMs, unreadableMs, refusedMs, failingMs, redrivenAfterMs, deadLetters } = results.poison;
  const behind = (what: string, value: number): Row => [
    `nine events behind ${what} in its partition`,
    `${ms(value)} (${ms(value - withoutMs)} more than behind none)`,
    '< 1 s more',
    value - withoutMs < 1_000,
  ];
  rows.push(
    behind('one that is unreadable', unreadableMs),
    behind('one that commercetools refuses', refusedMs),
    behind('one that keeps failing with 503', failingMs),
    [`redriven after mending (${deadLetters} dead letters)`, `written after ${ms(redrivenAfterMs)}`, 'written', true],
  );
}
const text = table(
  ['what', 'measured', 'target', 'holds'],
  rows.map(([what, measured, target, holds]) => [
    what,
    measured,
    target,
    holds === undefined ? '' : holds ? 'yes' : 'NO',
  ]),
);
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
const date = new Date().toISOString();
const command = ['npm run bench:ledger', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(
  ' ',
);
console.log(`${text}\n\n${machine}; ${date}; ${command}`);

const folder = join(REPOSITORY, 'bench/results');
await mkdir(folder, { recursive: true });
await writeFile(
  join(folder, `ledger-${date.replace(/[:.]/g, '-')}.json`),
  `${JSON.stringify({ machine, date, command, latencyMs, concurrency, ...results }, undefined, 2)}\n`,
);
if (values.docs) await intoDocs(`${text}\n\nMeasured ${date.slice(0, 10)} with \`${command}\` on ${machine}.`);
process.exitCode = rows.every(([, , , holds]) => holds !== false) ? 0 : 1;

/** Replaces the ledger's part of the page, which stands between two marks. */
async function intoDocs(figures: string): Promise<void> {
  const file = join(REPOSITORY, 'docs/benchmarks.md');
  const page = await readFile(file, 'utf8');
  const [begin, end] = ['<!-- ledger: begin -->', '<!-- ledger: end -->'];
  const [before, rest = ''] = page.split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) throw new Error(`${file} has no ${begin} … ${end}`);
  await writeFile(file, `${before}${begin}\n${figures}\n${end}${after}`);
}
