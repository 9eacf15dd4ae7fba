import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '@connector/sandbox';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { each, range } from '../shopper.ts';
import { startTestSystem, type TestSystem } from './test-system.ts';
import { toolPath } from './tool.ts';

/** Requests that one run makes at least. */
const LEAST = 2_000;
/** For each operation, in each way of generating; gives well above the least in about two minutes on two cores. */
const EXAMPLES = 200;

/** Besides these: an unknown method of a known path is an unknown route here, 404 as in the original connector, not 405. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

// A system of its own: short waits and quiet logs for thousands of requests, whose traces no other file has to tell from its own.

let system: TestSystem;
let folder: string;
let schemathesis: string;

beforeAll(async () => {
  schemathesis = toolPath('schemathesis', process.env.SCHEMATHESIS_BIN);
  folder = await mkdtemp(join(tmpdir(), 'schemathesis-'));
  system = await startTestSystem({
    serviceEnv: {
      intent: {
        STORED_PAYMENT_METHODS_ENABLED: 'true',
        STRIPE_ENABLE_MULTI_OPERATIONS: 'true',
        STRIPE_APPLE_PAY_WELL_KNOWN: 'apple',
        CONFIRM_WAIT_MS: '1000',
        RATE_LIMIT_OPENS_PER_SESSION: '0',
        RATE_LIMIT_DENIALS_PER_ADDRESS: '0',
        RATE_LIMIT_REQUESTS_PER_ADDRESS: '0',
        LOG_LEVEL: 'warn',
      },
      'session-auth': { LOG_LEVEL: 'warn' },
    },
  });
});
afterAll(async () => {
  await system?.stop();
  if (folder) await rm(folder, { recursive: true });
});

it(
  `finds no 5xx and nothing undocumented in ${LEAST.toLocaleString('en')} requests and more`,
  async () => {
    const customerId = await system.customer();
    const methods = await each(range(6), 2, async () => (await system.storedMethod(customerId)).id);
    const checkouts = await each(range(12), 2, (index) =>
      system.opened({
        country: index % 2 ? 'NL' : 'DE',
        pay: index % 3 === 0,
        ...(index % 4 < 2 && { customerId }),
      }),
    );
    const shop = {
      checkouts: checkouts.map(({ cart, session, payment, paymentIntent }) => ({
        cart,
        session,
        payment,
        paymentIntent,
      })),
      methods,
      jwt: await system.jwt(),
      token: system.token('manage_project'),
      origin: system.sandbox.url,
    };
    await writeFile(join(folder, 'shop.json'), JSON.stringify(shop));
    const report = join(folder, 'report.json');
    const args = [
      'run',
      join(REPOSITORY, 'docs/openapi.json'),
      '--url',
      system.sandbox.url,
      '--phases',
      'examples,coverage,fuzzing',
      '--checks',
      CHECKS.join(),
      '--max-examples',
      String(EXAMPLES),
      '--workers',
      '2',
      '--seed',
      '1',
      '--generation-database',
      'none',
      '--suppress-health-check',
      'all',
      '--warnings',
      'off',
      '--report-json-path',
      report,
      '--no-color',
    ];
    const env = {
      ...process.env,
      SHOP: join(folder, 'shop.json'),
      SCHEMATHESIS_HOOKS: 'schemathesis_hooks',
      PYTHONPATH: import.meta.dirname,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const { code, output } = await ended(schemathesis, args, env);
    expect(code, output).toBe(0);
    const { test_cases: cases, operations } = JSON.parse(await readFile(report, 'utf8')) as {
      test_cases: { generated: number; errored: number };
      operations: { total: number; tested: number };
    };
    expect(cases.generated).toBeGreaterThanOrEqual(LEAST);
    expect(cases.errored).toBe(0);
    expect(operations.tested).toBe(operations.total);
    // Most of it must get past the doors, or it says little: what the processor did is seen by its calls.
    expect(system.stripeRelay.calls.length).toBeGreaterThan(LEAST / 10);
    expect(system.commercetoolsRelay.calls.length).toBeGreaterThan(LEAST / 4);
    console.log(
      `${cases.generated} requests; ${system.commercetoolsRelay.calls.length} calls to commercetools, ${system.stripeRelay.calls.length} to Stripe`,
    );
  },
  10 * 60_000,
);

async function ended(command: string, args: string[], env: NodeJS.ProcessEnv) {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { env, cwd: folder, maxBuffer: 64 * 2 ** 20 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: code ?? 1, output: stdout + stderr };
  }
}
