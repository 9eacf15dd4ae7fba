// `npm run chaos`: plays payments while every part fails at times; at the end both sides must agree.
import { commandLine, refuseUsage } from '@connector/cli';
import { chaosTables, isClean } from './chaos-report.ts';
import { ALL_CLUSTER_FAULTS } from './cluster-faults.ts';
import { type FaultName, faultsWith, wordsOf } from './faults.ts';
import { runChaos } from './run-chaos.ts';

const listed = (names: readonly FaultName[]) =>
  names.map((name) => `                     ${name.padEnd(18)} ${wordsOf(name)}`).join('\n');
const USAGE = `npm run chaos -- [options]
  --payments N     payments, each with a scenario (default 1000)
  --seconds N      over how long they begin (default: 8 a second)
  --duration N     the same; without --payments it also sets how many, 8 a second
  --seed N         repeats the choices of an earlier run (default: random)
  --brokers N      1, 3 or 5; with several, each fault of a cluster comes too (default 1)
  --faults LIST    all, none, or names separated by commas (default all):
${listed(faultsWith(1))}
                   and with several brokers, instead of broker-kill, broker-freeze and disk-full:
${listed(ALL_CLUSTER_FAULTS)}
  --outage N       seconds that commercetools is down (default 20)
  --no-build       the services are built already`;

const LIVES_PER_SECOND = 8;

const { values } = commandLine(
  {
    payments: { type: 'string' },
    seconds: { type: 'string' },
    duration: { type: 'string' },
    seed: { type: 'string' },
    brokers: { type: 'string', default: '1' },
    faults: { type: 'string', default: 'all' },
    outage: { type: 'string', default: '20' },
    'no-build': { type: 'boolean', default: false },
  },
  USAGE,
);

function number(name: 'payments' | 'seconds' | 'duration' | 'seed' | 'outage' | 'brokers'): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  return refuseUsage(`--${name} must be a number, not "${text}".`);
}

const brokers = number('brokers') ?? 1;
if (![1, 3, 5].includes(brokers)) {
  refuseUsage(`--brokers must be 1, 3 or 5, not "${values.brokers}".`);
}

function faults(): FaultName[] {
  const possible = faultsWith(brokers);
  if (values.faults === 'all') return possible;
  const names = values.faults === 'none' ? [] : values.faults.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !possible.includes(name as FaultName));
  if (unknown.length === 0) return names as FaultName[];
  return refuseUsage(`There is no fault ${unknown.join(', ')} with ${brokers} brokers.`);
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
  ...(brokers > 1 && { brokers }),
  faults: faults(),
  outageMs: (number('outage') ?? 20) * 1000,
  ...(values['no-build'] && { build: false }),
  onProgress: (line) => console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`),
});
console.log(chaosTables(report));
console.log(isClean(report) ? '\nNothing was lost.' : `\nNot clean. Repeat with --seed ${seed}`);
process.exitCode = isClean(report) ? 0 : 1;
