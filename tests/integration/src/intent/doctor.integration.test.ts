import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { STRIPE_EVENT_TYPES, TOPICS } from '@connector/contracts';
import { createKafka, ensureTopics, kafkaConfig } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { createLogger } from '@connector/telemetry';
import Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { type KafkaVariables, sharedKafka } from '../shared-kafka.ts';

const ORIGIN = 'https://localhost';
const log = createLogger('test', 'silent');
let variables: KafkaVariables;
let project: CommercetoolsSimulator;
let account: StripeSimulator;
/** Stands for gateway and pods. */
let outside: Server;
let publicUrl = '';
let signingSecret = '';

beforeAll(async () => {
  variables = await sharedKafka();
  const kafka = createKafka(parseConfig(z.object(kafkaConfig), variables), { clientId: 'test', log });
  await ensureTopics(kafka, TOPICS, { replication: 1 });
  [project, account] = await Promise.all([startCommercetoolsSimulator(), startStripeSimulator()]);
  const { webhooks } = new Stripe('sk_test_none');
  outside = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    if (req.method === 'OPTIONS') return res.writeHead(204, { 'access-control-allow-origin': ORIGIN }).end();
    try {
      webhooks.constructEvent(Buffer.concat(chunks), String(req.headers['stripe-signature']), signingSecret);
      return res.writeHead(200).end();
    } catch {
      return res.writeHead(400).end();
    }
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  publicUrl = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
});
afterAll(async () => {
  outside?.closeAllConnections();
  outside?.close();
  await Promise.all([project?.close(), account?.close()]);
});
beforeEach(() => project.setFaults([]));

function run(script: string, args: string[], over: Record<string, string> = {}) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../../../services/intent/src/commands', script), ...args],
    {
      env: {
        PATH: process.env.PATH,
        CTP_PROJECT_KEY: 'sandbox',
        CTP_CLIENT_ID: project.clientId,
        CTP_CLIENT_SECRET: project.clientSecret,
        CTP_AUTH_URL: project.url,
        CTP_API_URL: project.url,
        CTP_SESSION_URL: project.url,
        CTP_CHECKOUT_URL: project.url,
        CTP_JWKS_URL: `${project.url}/.well-known/jwks.json`,
        CTP_JWT_ISSUER: project.url,
        STRIPE_SECRET_KEY: 'rk_test_sandbox',
        STRIPE_PUBLISHABLE_KEY: 'pk_test_sandbox',
        STRIPE_API_BASE: account.url,
        STRIPE_WEBHOOK_SIGNING_SECRET: signingSecret || 'whsec_not_set_up_yet_at_all',
        CONNECT_SERVICE_URL: publicUrl,
        ...variables,
        ALLOWED_ORIGINS: ORIGIN,
        MERCHANT_RETURN_URL: 'https://localhost/return',
        ...over,
      },
    },
  );
  let stdout = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  return new Promise<{ code: number | null; stdout: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout }));
  });
}
type Findings = { area: string; findings: { check: string; result: string; found: string; todo?: string }[] }[];
const failuresOf = (stdout: string) =>
  (JSON.parse(stdout) as { areas: Findings }).areas.flatMap(({ findings }) =>
    findings.flatMap(({ check, result }) => (result === 'fail' ? [check] : [])),
  );

it('before anything is set up, says what to do for each thing, and leaks no secret', async () => {
  const bare = project.createClient({ scopes: ['manage_payments', 'manage_orders', 'view_sessions'] });
  const { code, stdout } = await run('doctor.ts', ['--json'], {
    CTP_CLIENT_ID: bare.clientId,
    CTP_CLIENT_SECRET: bare.clientSecret,
    STRIPE_PUBLISHABLE_KEY: 'pk_live_other',
    CTP_JWKS_URL: `${project.url}/nothing`,
  });
  expect(code).toBe(1);
  expect(failuresOf(stdout)).toEqual(
    expect.arrayContaining([
      'scope manage_customers',
      'scope introspect_oauth_tokens',
      'JWKS',
      'mode',
      'webhook endpoint',
      'webhook signature',
    ]),
  );
  for (const secret of [bare.clientSecret, 'rk_test_sandbox']) expect(stdout).not.toContain(secret);
});

it('finds nothing to fail once setup and ensure-types have run', async () => {
  const stripe = new Stripe('sk_test_sandbox', {
    host: '127.0.0.1',
    port: account.port,
    protocol: 'http',
    telemetry: false,
  });
  const endpoint = await stripe.webhookEndpoints.create({
    url: `${publicUrl}/stripe/webhooks`,
    enabled_events: [...STRIPE_EVENT_TYPES],
    api_version: Stripe.API_VERSION as Stripe.WebhookEndpointCreateParams.ApiVersion,
  });
  signingSecret = endpoint.secret ?? '';
  expect((await run('ensure-types.ts', [])).code).toBe(0);

  const { code, stdout } = await run('doctor.ts', ['--json']);
  expect(failuresOf(stdout)).toEqual([]);
  expect(code).toBe(0);
  const table = (await run('doctor.ts', [])).stdout;
  expect(table).toContain('the running pods take what is signed with our secret');
  expect(table).toMatch(/0 failed/);
  for (const secret of [signingSecret, project.clientSecret, 'rk_test_sandbox']) expect(table).not.toContain(secret);
});

it('tells a refused permission, a wrong variable and brokers that are away, each by itself', async () => {
  await account.controls.setFaults([{ match: 'POST /v1/refunds', status: 403 }]);
  const { code, stdout } = await run('doctor.ts', ['--json'], {
    KAFKA_BROKERS: '127.0.0.1:1',
    CTP_API_URL: 'not a url',
  });
  await account.controls.setFaults([]);
  expect(code).toBe(1);
  expect(failuresOf(stdout)).toEqual([
    'configuration',
    'Refunds write',
    'broker 127.0.0.1:1',
    'brokers',
    'group ledger',
  ]);
});

it.each([
  [
    'a project that is not in the region',
    { CTP_PROJECT_KEY: 'elsewhere' },
    'HTTP API',
    'no project elsewhere of this API client in 127.0.0.1',
  ],
  [
    'whose API client it is',
    { CTP_PROJECT_KEY: 'elsewhere' },
    'token',
    'the API client is of project sandbox, not of elsewhere',
  ],
  ['scopes that the client lacks', { CTP_SCOPE: 'manage_everything:sandbox' }, 'token', 'invalid_scope'],
  ['scopes that are too few', { CTP_SCOPE: 'manage_payments:sandbox' }, 'scope manage_orders', 'missing'],
  ['credentials of another region', { CTP_CLIENT_SECRET: 'not-it' }, 'token', 'invalid_client'],
])('tells %s', async (_what, over, check, found) => {
  const { stdout } = await run('doctor.ts', ['--json', '--only', 'commercetools'], over as Record<string, string>);
  const { areas } = JSON.parse(stdout) as { areas: Findings };
  expect(areas[0]?.findings).toContainEqual(
    expect.objectContaining({ check, result: 'fail', found: expect.stringContaining(found) }),
  );
});

it('checks only what it is asked to, and refuses what it does not know', async () => {
  const { stdout } = await run('doctor.ts', ['--json', '--only', 'stripe']);
  expect((JSON.parse(stdout) as { areas: Findings }).areas.map(({ area }) => area)).toEqual(['Stripe']);
  expect((await run('doctor.ts', ['--only', 'paypal'])).code).toBe(64);
});
