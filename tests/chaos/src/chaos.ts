// `npm run chaos`: payments live their lives while everything around them fails; at the end both sides must agree.
import { parseArgs } from 'node:util';
import { chaosTables, isClean } from './chaos-report.ts';
import { ALL_FAULTS, FAULTS, type FaultName } from './faults.ts';
import { runChaos } from './run-chaos.ts';

const USAGE = `npm run chaos -- [options]
  --payments N     lives to live (default 1000)
  --seconds N      over how long they begin (default: 8 a second)
  --duration N     the same; without --payments it also sets how many, 8 a second
  --seed N         repeats the choices of an earlier run (default: random)
  --faults LIST    all, none, or names separated by commas (default all):
${ALL_FAULTS.map((name) => `                     ${name.padEnd(18)} ${FAULTS[name]}`).join('\n')}
  --outage N       seconds that commercetools is down (default 20)
  --no-build       the services are built already`;

const LIVES_PER_SECOND = 8;

const { values } = parseArgs({
  options: {
    payments: { type: 'string' },
    seconds: { type: 'string' },
    duration: { type: 'string' },
    seed: { type: 'string' },
    faults: { type: 'string', default: 'all' },
    outage: { type: 'string', default: '20' },
    'no-build': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

function number(name: 'payments' | 'seconds' | 'duration' | 'seed' | 'outage'): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(`--${name} must be a number, not "${text}".\n${USAGE}`);
  return process.exit(64);
}

function faults(): FaultName[] {
  if (values.faults === 'all') return ALL_FAULTS;
  const names = values.faults === 'none' ? [] : values.faults.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !(name in FAULTS));
  if (unknown.length === 0) return names as FaultName[];
  console.error(`There is no fault ${unknown.join(', ')}.\n${USAGE}`);
  return process.exit(64);
}

const over = number('seconds') ?? number('duration');
const payments = number('payments') ?? (over === undefined ? 1_000 : Math.ceil(over * LIVES_PER_SECOND));
const seed = number('seed') ?? Math.floor(Math.random() * 2 ** 31);
console.error(`seed ${seed}`);
const began = performance.now();
const report = await runChaos({
  payments,
  seconds: over ?? payments / LIVES_PER_SECOND,
  seed,
  faults: faults(),
  outageMs: (number('outage') ?? 20) * 1000,
  ...(values['no-build'] && { build: false }),
  onProgress: (line) => console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`),
});
console.log(chaosTables(report));
console.log(isClean(report) ? '\nNothing was lost.' : `\nNot clean. Repeat with --seed ${seed}`);
process.exitCode = isClean(report) ? 0 : 1;
