import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { afterAll, beforeAll, expect, it } from 'vitest';

const COMMAND = join(import.meta.dirname, '../../../../services/intent/src/commands', 'ensure-types.ts');
const PURGE = join(import.meta.dirname, '../../../../services/intent/src/commands', 'purge.ts');
let project: CommercetoolsSimulator;

beforeAll(async () => {
  project = await startCommercetoolsSimulator();
});
afterAll(() => project?.close());

const ensureTypes = (over: Record<string, string> = {}) => run(COMMAND, [], over);
const run = (command: string, args: string[], over: Record<string, string> = {}) => {
  const env = {
    PATH: process.env.PATH,
    CTP_PROJECT_KEY: 'sandbox',
    CTP_CLIENT_ID: 'sandbox-client',
    CTP_CLIENT_SECRET: 'sandbox-secret',
    CTP_AUTH_URL: project.url,
    CTP_API_URL: project.url,
    ...over,
  };
  return promisify(execFile)(process.execPath, [command, ...args], { env });
};

it('creates the types under the configured keys, and the second time changes nothing', async () => {
  const keys = { CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY: 'our-customer-type' };
  const first = (await ensureTypes(keys)).stdout.trim().split('\n');
  expect(first).toContain('created    our-customer-type');
  const second = (await ensureTypes(keys)).stdout.trim().split('\n');
  expect(second).toEqual(first.map((line) => line.replace(/^created {3}/, 'unchanged ')));
});

it('fails, and says why, when the credentials are refused', async () => {
  await expect(ensureTypes({ CTP_CLIENT_SECRET: 'a-wrong-one' })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('The custom types could not be brought up to date'),
  });
});

it('purge deletes our types and no others, and tells before it does when asked to', async () => {
  const keys = { CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY: 'purged-customer-type' };
  await ensureTypes(keys);
  const countOfTypes = async () => (await project.state()).types.length;
  const before = await countOfTypes();
  expect((await run(PURGE, ['--dry-run'], keys)).stdout).toContain('would delete              purged-customer-type');
  expect(await countOfTypes()).toBe(before);
  const lines = (await run(PURGE, [], keys)).stdout.trim().split('\n');
  expect(lines).toContain('deleted                   purged-customer-type');
  expect(lines).toContain('absent                    payment-connector-subscription-information');
  expect(await countOfTypes()).toBe(before - 2);
});
