// Runs the stages of `npm test`, two at a time if there are two cores, and ends with the plain line `N passed, N
// failed`.
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CHART_TOOLS, chartTool } from './helm.mjs';
import { testAlerts } from './promtool.mjs';
import { ToolMissing, toolPath } from './tools.mjs';

const REPOSITORY = join(import.meta.dirname, '..');
const EX_CONFIG = 78;
// The package name typescript belongs to the version with an API, which dependency-cruiser uses. This compiler is ten
// times faster.
const NATIVE_TSC = 'node_modules/typescript-native/bin/tsc';

/** The rooms that .dependency-cruiser.cjs has rules for. */
const ROOMS = [
  'packages',
  'services',
  'enabler/src',
  'monitoring',
  'simulators',
  'sandbox',
  'tests',
  'charts',
  'scripts',
];

/**
 * Each stage takes variables for its tests, and returns how many checks passed, failed and were skipped, the output of
 * failed ones, and the tests that passed only at the second try.
 */
const STAGES = {
  lint: () => oneCheck([['biome', 'check', '--diagnostic-level=error'], ['depcruise', ...ROOMS], ['knip']]),
  types: () =>
    oneCheck(
      globSync('{packages/*,services/*,enabler,monitoring,simulators/*,sandbox,tests/*,charts/*/tests}/tsconfig.json', {
        cwd: REPOSITORY,
      }).map((file) => ['node', NATIVE_TSC, '-p', file]),
    ),
  unit: (env) => vitest('unit', env),
  pact: (env) => vitest('pact', env),
  chart: (env) =>
    vitest('chart', env, {
      HELM_BIN: 'helm',
      KUBECONFORM_BIN: 'kubeconform',
      KUSTOMIZE_BIN: 'kustomize',
      ACTIONLINT_BIN: 'actionlint',
    }),
  integration: (env) => vitest('integration', env, { NGINX_BIN: 'nginx' }),
  api: (env) => vitest('api', env, { SCHEMATHESIS_BIN: 'schemathesis', STRIPE_MOCK_BIN: 'stripe-mock' }),
  conformance: (env) => vitest('conformance', env, { STRIPE_DESCRIPTION: 'stripe-description' }),
  e2e: (env) => vitest('e2e', env),
  alerts: () => testAlerts(),
};

/** Stages that build into the same folders and start the whole system: one of them runs at a time. */
const WHOLE_SYSTEMS = ['api', 'conformance', 'e2e'];

/**
 * Lanes run in parallel, the stages of a lane one after another. Stages that start whole systems spend much of their
 * time waiting; those of the other lane compute. Each lane has its own range of ports
 * (sandbox/src/processes/free-port.ts), because a port is chosen long before its server listens.
 */
function lanesOf(stages) {
  if (isInTurn || availableParallelism() < 2) return [{ stages, ports: '20000-31999' }];
  const startsSystem = (name) => WHOLE_SYSTEMS.includes(name);
  return [
    { stages: stages.filter(startsSystem), ports: '20000-25999' },
    { stages: stages.filter((name) => !startsSystem(name)), ports: '26000-31999' },
  ];
}

const { selected, leftOut, isInTurn } = select(process.argv.slice(2));
const reports = mkdtempSync(join(tmpdir(), 'connector-tests-'));
const running = new Set();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) {
  process.on(signal, async () => {
    for (const child of running) child.kill('SIGTERM');
    rmSync(reports, { recursive: true, force: true });
    process.exit(1);
  });
}

const total = { passed: 0, failed: 0 };
await Promise.all(
  lanesOf(selected).map(async ({ stages, ports }) => {
    for (const name of stages) await runStage(name, { FREE_PORTS: ports });
  }),
);
rmSync(reports, { recursive: true, force: true });
const without = leftOut.length > 0 ? ` (left out: ${leftOut.join(', ')})` : '';
console.log(`\n${total.passed} passed, ${total.failed} failed${without}`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

/**
 * Runs a stage with `environment` added to this process's, and prints its line; the output of failed checks comes
 * before it.
 */
async function runStage(name, env) {
  const began = performance.now();
  const { passed, failed, skipped = 0, repeated = [], output } = await STAGES[name](env);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (failed > 0) console.log(`\n${output.trimEnd()}\n`);
  for (const { test, why } of repeated) console.log(`\npassed at the second try: ${test}\n${why}\n`);
  const counts = [
    `${passed} passed`,
    `${failed} failed`,
    ...(skipped ? [`${skipped} skipped`] : []),
    ...(repeated.length > 0 ? [`${repeated.length} at the second try`] : []),
  ].join(', ');
  console.log(`${name.padEnd(14)} ${counts.padEnd(34)} ${seconds.padStart(7)} s`);
  total.passed += passed;
  total.failed += failed;
}

/** `--only a,b`, `--without a,b` and `--in-turn`. */
function select(args) {
  const all = Object.keys(STAGES);
  try {
    const options = { only: { type: 'string' }, without: { type: 'string' }, 'in-turn': { type: 'boolean' } };
    const { values } = parseArgs({ args, options });
    const list = (text) => text?.split(',').map((name) => name.trim()) ?? [];
    const unknown = [...list(values.only), ...list(values.without)].filter((name) => !all.includes(name));
    if (unknown.length > 0) throw new Error(`There is no stage ${unknown.join(', ')}.`);
    const isWanted = (name) =>
      (!values.only || list(values.only).includes(name)) && !list(values.without).includes(name);
    const selected = all.filter(isWanted);
    const isInTurn = values['in-turn'] ?? false;
    return { selected, leftOut: all.filter((name) => !selected.includes(name)), isInTurn };
  } catch (error) {
    console.error(
      `${error.message}\nnpm test [-- --only a,b | --without a,b] [--in-turn], with stages ${all.join(', ')}`,
    );
    return process.exit(EX_CONFIG);
  }
}

/**
 * Commands that count as one check, which passes when all of them succeed. As many run at a time as the machine has
 * cores.
 */
async function oneCheck(commands) {
  const waiting = [...commands];
  const failures = [];
  const work = async () => {
    for (let command = waiting.shift(); command; command = waiting.shift()) {
      const { code, output } = await run(command);
      if (code !== 0) failures.push(`${command.join(' ')}\n${output}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const failed = failures.length > 0 || commands.length === 0 ? 1 : 0;
  return { passed: 1 - failed, failed, output: failures.join('\n') };
}

/**
 * A project of vitest.config.ts. A file that could not be loaded, an error outside tests, a missing tool, and a run
 * without tests count as failed. `tools` names the variables in which tests find tools that are not npm packages.
 */
async function vitest(project, variables, tools = {}) {
  const env = { ...variables };
  for (const [variable, tool] of Object.entries(tools)) {
    try {
      env[variable] = await (CHART_TOOLS.includes(tool) ? chartTool(tool) : toolPath(tool));
    } catch (error) {
      if (!(error instanceof ToolMissing)) throw error;
      return { passed: 0, failed: 1, output: `${error.message} (npm test -- --without ${project} leaves it out.)` };
    }
  }
  const file = join(reports, `${project}.json`);
  const { code, output } = await run(
    ['vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    env,
  );
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, output: output || `vitest ended with ${code} and no report` };
  }
  const unloadable = report.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + unloadable;
  const isSilentFailure = failed === 0 && (code !== 0 || passed === 0);
  const skipped = report.numPendingTests + report.numTodoTests;
  const repeated = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status, failureMessages }) => status === 'passed' && failureMessages?.length > 0)
      .map(({ fullName, failureMessages }) => ({ test: fullName, why: failureMessages[0] })),
  );
  return { passed, failed: isSilentFailure ? 1 : failed, skipped, repeated, output };
}

function run([command, ...args], extra = {}) {
  return new Promise((resolve) => {
    const child = spawn(join(REPOSITORY, 'node_modules/.bin', command), args, {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...extra, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code, output });
    });
  });
}
