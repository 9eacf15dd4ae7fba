import { spawn } from 'node:child_process';
import { createSecretKey } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { STRIPE_EVENT_TYPES } from '@connector/contracts';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import Stripe from 'stripe';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { verifySignature } from '../../../../services/webhook-ingest/src/domain/verify-signature.ts';

let simulator: StripeSimulator;
let stripe: Stripe;
/** Stands for the pods: takes what is signed with a secret they know. */
let pods: Server;
let podSecrets: string[] = [];
let publicUrl = '';

beforeEach(async () => {
  simulator = await startStripeSimulator();
  stripe = new Stripe('sk_test_sandbox', {
    host: '127.0.0.1',
    port: simulator.port,
    protocol: 'http',
    telemetry: false,
  });
  pods = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const keys = podSecrets.map((secret) => createSecretKey(secret, 'utf8'));
    const header = String(req.headers['stripe-signature']);
    const verified = verifySignature(Buffer.concat(chunks), header, keys, Math.floor(Date.now() / 1000));
    if (req.url !== '/stripe/webhooks') return void res.writeHead(404).end();
    res
      .writeHead(verified.kind === 'verified' ? 200 : 400)
      .end(verified.kind === 'verified' ? '' : 'Webhook Error: no');
  });
  await new Promise<void>((resolve) => pods.listen(0, '127.0.0.1', resolve));
  publicUrl = `http://127.0.0.1:${(pods.address() as AddressInfo).port}`;
});
afterEach(async () => {
  pods.closeAllConnections();
  await new Promise((resolve) => pods.close(resolve));
  await simulator.close();
});

/** Runs a command of this image as a process of its own. */
function run(command: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../../../services/webhook-ingest/src/commands', `${command}.ts`), ...args],
    {
      env: {
        PATH: process.env.PATH,
        STRIPE_SECRET_KEY: 'sk_test_sandbox',
        STRIPE_API_BASE: simulator.url,
        CONNECT_SERVICE_URL: publicUrl,
        CTP_PROJECT_KEY: 'sandbox',
        ...env,
      },
    },
  );
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    output.stdout += data;
  });
  child.stderr.on('data', (data) => {
    output.stderr += data;
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, ...output }));
  });
}
const secretsIn = (manifest: string): string[] => parse(manifest).stringData['webhook-signing-secret'].split(',');
const endpoints = async () => (await stripe.webhookEndpoints.list()).data;

it('sets up, rotates the secret, and finishes once the pods take the new one', async () => {
  const first = await run('setup', ['--namespace', 'payments']);
  expect(first).toMatchObject({ code: 0 });
  expect(parse(first.stdout).metadata).toMatchObject({ name: 'stripe-webhook', namespace: 'payments' });
  expect(first.stderr).not.toContain('whsec_');
  const [old] = secretsIn(first.stdout);
  expect(await endpoints()).toMatchObject([
    { url: `${publicUrl}/stripe/webhooks`, api_version: Stripe.API_VERSION, enabled_events: [...STRIPE_EVENT_TYPES] },
  ]);
  podSecrets = [old ?? ''];

  expect(await run('setup', [])).toMatchObject({ code: 3, stdout: '' });
  expect(await endpoints()).toHaveLength(1);

  const rotated = await run('setup', ['--rotate'], { STRIPE_WEBHOOK_SIGNING_SECRET: old ?? '' });
  expect(rotated).toMatchObject({ code: 0 });
  const both = secretsIn(rotated.stdout);
  expect(both).toEqual([expect.stringMatching(/^whsec_/), old]);

  const env = { STRIPE_WEBHOOK_SIGNING_SECRET: both.join(',') };
  expect(await run('setup', ['--finish-rotation'], env)).toMatchObject({ code: 1, stdout: '' });
  expect(await endpoints()).toHaveLength(2);

  podSecrets = both;
  const finished = await run('setup', ['--finish-rotation'], env);
  expect(finished).toMatchObject({ code: 0 });
  expect(secretsIn(finished.stdout)).toEqual([both[0]]);
  expect(await endpoints()).toHaveLength(1);
});

it('gives the endpoint a new address only when our service answers there', async () => {
  const old = 'https://old.example.com/stripe/webhooks';
  const { id } = await stripe.webhookEndpoints.create({
    url: old,
    enabled_events: [...STRIPE_EVENT_TYPES],
    api_version: Stripe.API_VERSION as Stripe.WebhookEndpointCreateParams.ApiVersion,
  });
  const env = { STRIPE_WEBHOOK_ID: id };
  const nowhere = 'http://127.0.0.1:9';
  const refused = await run('ensure-webhook-endpoint', ['--url', nowhere, '--wait', '0'], env);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain(`${id}: still posts to ${old}, and not to ${nowhere}/stripe/webhooks: it cannot`);
  // Somebody else's address, on which something answers.
  expect(await run('ensure-webhook-endpoint', ['--url', simulator.url, '--wait', '0'], env)).toMatchObject({ code: 1 });
  expect((await endpoints())[0]?.url).toBe(old);

  expect(await run('ensure-webhook-endpoint', [], env)).toMatchObject({ code: 0 });
  expect((await endpoints())[0]?.url).toBe(`${publicUrl}/stripe/webhooks`);
  expect(await run('ensure-webhook-endpoint', ['--url', nowhere, '--force'], env)).toMatchObject({ code: 0 });
  expect((await endpoints())[0]?.url).toBe(`${nowhere}/stripe/webhooks`);
}, 120_000);

it('keeps the endpoint up to date, and fails loudly for an API version of another release', async () => {
  const url = `${publicUrl}/stripe/webhooks`;
  const { id } = await stripe.webhookEndpoints.create({
    url,
    enabled_events: ['charge.succeeded'],
    api_version: Stripe.API_VERSION as Stripe.WebhookEndpointCreateParams.ApiVersion,
  });
  expect(await run('ensure-webhook-endpoint', [])).toMatchObject({
    code: 0,
    stdout: `${id}: has the ${STRIPE_EVENT_TYPES.length} events of this version\n`,
  });
  expect(await run('ensure-webhook-endpoint', [])).toMatchObject({ code: 0, stdout: `${id}: up to date\n` });
  expect((await endpoints())[0]?.enabled_events).toEqual([...STRIPE_EVENT_TYPES]);
  await stripe.webhookEndpoints.del(id);

  const old = await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] });
  const refused = await run('ensure-webhook-endpoint', []);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('setup --rotate');
  expect(await run('ensure-webhook-endpoint', ['--any-api-version'])).toMatchObject({ code: 0 });
  expect(await run('ensure-webhook-endpoint', ['--id', 'we_gone'])).toMatchObject({ code: 1 });

  expect(await run('purge', ['--dry-run'])).toMatchObject({ code: 0, stdout: `would delete ${old.id} (${url})\n` });
  expect(await run('purge', [])).toMatchObject({ code: 0, stdout: `deleted ${old.id} (${url})\n` });
  expect(await endpoints()).toEqual([]);
});

it('fails when the endpoint is disabled, by its URL and by its id', async () => {
  const { id } = await stripe.webhookEndpoints.create({ url: `${publicUrl}/stripe/webhooks`, enabled_events: ['*'] });
  await stripe.webhookEndpoints.update(id, { disabled: true });
  for (const args of [[], ['--id', id], ['--any-api-version']]) {
    const { code, stderr } = await run('ensure-webhook-endpoint', args);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${id}: is disabled at Stripe`)]);
  }
});

it.each([401, 403])('fails without an id, too, when Stripe answers %i, and names the way out', async (status) => {
  const refusing = createServer((_req, res) =>
    res
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { type: 'invalid_request_error', message: 'no' } })),
  );
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  try {
    const base = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const { code, stdout, stderr } = await run('ensure-webhook-endpoint', [], { STRIPE_API_BASE: base });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('stripe.setupExistingSecret');
  } finally {
    refusing.closeAllConnections();
    await new Promise((resolve) => refusing.close(resolve));
  }
});

it('tells what is wrong with the key, the URL or the options, each with its exit code', async () => {
  const badKey = await run('ensure-webhook-endpoint', ['--id', 'we_1'], {
    STRIPE_SECRET_KEY: 'sk_live_1',
    CONNECT_SERVICE_URL: 'https://payments.example.com',
  });
  expect(badKey).toMatchObject({ code: 1, stdout: '' });
  expect(badKey.stderr).toContain('Webhook Endpoints');
  expect(await run('setup', [], { CONNECT_SERVICE_URL: 'http://payments.example.com' })).toMatchObject({ code: 78 });
  expect(await run('setup', ['--url', 'http://payments.example.com'])).toMatchObject({ code: 64 });
  expect(await run('setup', ['--rotate', '--abort-rotation'])).toMatchObject({ code: 64 });
  expect(await run('setup', ['--help'])).toMatchObject({ code: 0, stderr: '' });
});
