// `npm run bench`: what each step costs, beside the least that it could cost, measured in the same run.
import { mkdir } from 'node:fs/promises';
import { commandLine, refuseUsage } from '@connector/cli';
import type { Benchmark, Budget, Plan } from './benchmark.ts';
import { confirmBenchmark } from './confirm.ts';
import { buildServices } from './environment/built-services.ts';
import { startEnvironment } from './environment/environment.ts';
import { ledgerBenchmark } from './ledger.ts';
import { limitsBenchmark } from './limits/benchmark.ts';
import { openBenchmark } from './open.ts';
import { paymentBenchmark } from './payment/benchmark.ts';
import { writeReadme } from './readme.ts';
import { budgetTable, keep, sectionOf, thisRun, verdictOf, writeSections } from './report.ts';
import { sessionAuthBenchmark } from './session-auth.ts';
import { startupBenchmark } from './startup.ts';
import { tracingBenchmark } from './tracing.ts';
import { type BenchResults, unitCostsOf, writeUnitCosts } from './unit-costs.ts';
import { webhookBenchmark } from './webhook-benchmark.ts';

// biome-ignore lint/suspicious/noExplicitAny: each benchmark knows its own figures
const BENCHMARKS: Readonly<Record<string, Benchmark<any>>> = Object.fromEntries(
  [
    paymentBenchmark,
    limitsBenchmark,
    webhookBenchmark,
    openBenchmark,
    confirmBenchmark,
    ledgerBenchmark,
    sessionAuthBenchmark,
    startupBenchmark,
    tracingBenchmark,
  ].map((benchmark) => [benchmark.name, benchmark]),
);

const USAGE = `npm run bench -- [options]
  --only LIST         of ${Object.keys(BENCHMARKS).join(', ')} (default: all)
  --quick             a try: a tenth of the work, figures for orientation alone
  --commercetools N   latency of each call to commercetools, in ms (default 40; 50 in the ledger's benchmark)
  --stripe N          latency of each call to Stripe, in ms (default 120)
  --pods N            processes of intent that share the limits, in the benchmark of limits (default 1)
  --cpu-prof DIR      profiles the service that a benchmark is about into DIR
  --services DIR      measures the services of another checkout, for pairs of runs (default: this one)
  --write-docs        writes the tables into docs/benchmarks.md, and the unit costs into tests/load/unit-costs.json
  --check             ends with 1 when a target is missed
  --no-build          the services are built already`;

const { values } = commandLine(
  {
    only: { type: 'string', default: Object.keys(BENCHMARKS).join(',') },
    quick: { type: 'boolean', default: false },
    commercetools: { type: 'string', default: '40' },
    stripe: { type: 'string', default: '120' },
    pods: { type: 'string', default: '1' },
    'cpu-prof': { type: 'string' },
    services: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
  USAGE,
);
const names = values.only.split(',').map((name) => name.trim());
const unknown = names.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) refuseUsage(`There is no benchmark ${unknown.join(', ')}.`);
const number = (name: 'commercetools' | 'stripe' | 'pods', least = 0): number => {
  const value = Number(values[name]);
  const isOne = Number.isInteger(value) && value >= least;
  return isOne ? value : refuseUsage(`--${name} must be a whole number, ${least} at least.`);
};
const progress = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
const plan: Plan = {
  quick: values.quick,
  latencies: { commercetools: number('commercetools'), stripe: number('stripe') },
  pods: number('pods', 1),
  cpuProf: values['cpu-prof'],
  progress,
};

if (plan.cpuProf) await mkdir(plan.cpuProf, { recursive: true });
if (!values['no-build']) await buildServices(values.services);
const run = thisRun('bench');
const began = performance.now();
const figures: Record<string, unknown> = {};
const sections: Record<string, string> = {};
const budgets: Budget[] = [];
const failures: string[] = [];
for (const name of names) {
  const benchmark = BENCHMARKS[name] as Benchmark<unknown>;
  try {
    figures[name] = await measured(benchmark);
  } catch (error) {
    // What the other parts measured is still worth telling.
    failures.push(`${name}: ${(error as Error).stack ?? error}`);
    continue;
  }
  sections[name] = sectionOf(benchmark, figures[name], run);
  budgets.push(...benchmark.budgets(figures[name]));
  console.log(`## ${name}\n\n${benchmark.tables(figures[name])}\n`);
}
console.log(`## Targets\n\n${budgetTable(budgets)}\n`);
console.log(`${run.machine}; ${run.date}; ${run.command}; ${((performance.now() - began) / 1000).toFixed(0)} s`);
if (plan.quick) console.log('A quick try: the figures are for orientation alone.');

const results: BenchResults = { ...run, quick: plan.quick, latencies: plan.latencies, figures, budgets };
progress(`kept in ${await keep('bench', run, results)}`);
if (values['write-docs']) {
  await writeSections('benchmarks.md', sections);
  await writeReadme();
  await writeUnitCosts(unitCostsOf(results));
  progress('docs/benchmarks.md, the figures of README.md and tests/load/unit-costs.json are written');
}
if (values.check && budgets.some((budget) => verdictOf(budget) === 'MISS')) process.exitCode = 1;
if (failures.length > 0) {
  console.error(`\nNot measured:\n${failures.join('\n')}`);
  process.exitCode = 1;
}

/** Each benchmark in a system of its own: what one leaves behind costs the next nothing. */
async function measured(benchmark: Benchmark<unknown>): Promise<unknown> {
  const environment = await startEnvironment({
    webhooks: benchmark.webhooks ?? false,
    ...(values.services && { services: values.services }),
  });
  const interrupt = () => void environment.stop().then(() => process.exit(130));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const from = performance.now();
    const found = await benchmark.measure(environment, plan);
    progress(`${benchmark.name}: measured in ${((performance.now() - from) / 1000).toFixed(0)} s`);
    return found;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await environment.stop();
  }
}
