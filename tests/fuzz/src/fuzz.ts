// `npm run fuzz`: feeds everything that reads what strangers send with mutations that reach further and further into the code.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { commandLine, refuseUsage } from '@connector/cli';
import { RESULTS } from '@connector/load-tests/report';
import { table } from '@connector/load-tests/table';
import { TARGETS } from './targets.ts';
import type { Task } from './worker.ts';

const USAGE = `npm run fuzz -- [options]
  --seconds N      for each target (default 60)
  --only LIST      of ${Object.keys(TARGETS).join(', ')} (default: all)
  --seed N         (default: random, and printed)`;

const { values } = commandLine(
  {
    seconds: { type: 'string', default: '60' },
    only: { type: 'string', default: Object.keys(TARGETS).join(',') },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
  USAGE,
);
const names = values.only.split(',').map((name) => name.trim());
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
const unknown = names.filter((name) => !(name in TARGETS));
if (unknown.length > 0) refuseUsage(`There is no target ${unknown.join(', ')}.`);
if (!(seconds > 0)) refuseUsage('--seconds must be a number above 0.');
if (!Number.isInteger(seed)) refuseUsage('--seed must be a whole number.');

/** An input that has not come back by then never will, in ms. */
const HANGS_MS = 10_000;
const LARGEST = 64 * 1024;

interface Report {
  readonly runs: number;
  readonly seconds: number;
  readonly corpus: number;
  readonly branches: number;
  readonly findings: readonly { readonly input: Uint8Array; readonly error: string }[];
}

const NOTHING = { corpus: 0, branches: 0 };

console.error(`seed ${seed}`);
const rows: (string | number)[][] = [];
let found = 0;
for (const name of names) {
  const report = await fuzzed(name);
  rows.push([
    name,
    report.runs,
    `${(report.runs / report.seconds).toFixed(0)}/s`,
    report.corpus,
    report.branches,
    report.findings.length,
  ]);
  for (const { input, error } of report.findings) {
    found += 1;
    await mkdir(RESULTS, { recursive: true });
    const file = join(RESULTS, `fuzz-${name}-${found}.bin`);
    await writeFile(file, input);
    console.error(`\n${name}: ${error}\nkept in ${file}`);
  }
}
console.log(table(['target', 'inputs', 'rate', 'reached something new', 'branches reached', 'findings'], rows));
process.exitCode = found > 0 ? 1 : 0;

function fuzzed(target: string): Promise<Report> {
  const current = new SharedArrayBuffer(8 + LARGEST);
  const numbers = new Int32Array(current, 0, 2);
  const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
    workerData: { target, seed, seconds, current } satisfies Task,
  });
  return new Promise((resolve, reject) => {
    let [last, since] = [0, performance.now()];
    const watch = setInterval(() => {
      const input = Atomics.load(numbers, 0);
      if (input === 0 || input !== last) [last, since] = [input, performance.now()];
      else if (performance.now() - since > HANGS_MS) {
        void worker.terminate();
        const bytes = new Uint8Array(current.slice(8, 8 + (numbers[1] ?? 0)));
        end(() => resolve({ ...NOTHING, runs: input, seconds, findings: [{ input: bytes, error: 'hangs' }] }));
      }
    }, 500);
    const end = (then: () => void) => {
      clearInterval(watch);
      then();
    };
    worker.once('message', (report: Report) => end(() => resolve(report)));
    worker.once('error', (error) => end(() => reject(error)));
  });
}
