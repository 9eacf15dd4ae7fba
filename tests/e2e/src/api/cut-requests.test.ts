import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CutRequest, cutRequests } from '@connector/http/cut-requests';
import { REPOSITORY } from '@connector/sandbox';
import { beforeAll, expect, it } from 'vitest';
import { shareTestSystem } from './shared-test-system.ts';
import type { TestSystem } from './test-system.ts';

const ADMIN: readonly CutRequest[] = ['/livez', '/readyz', '/metrics', '/loglevel'].flatMap((path) =>
  ['GET', 'PUT'].map((method) => ({ method, path })),
);

let system: TestSystem;
shareTestSystem((shared) => {
  system = shared;
});
let enabler: { url: string; adminUrl: string };
/** Origins of the servers that are cut, by name, and the admin port that tells of the same process. */
let servers: Record<string, { url: string; adminUrl: string; routes: readonly CutRequest[] }>;

beforeAll(async () => {
  enabler = await system.startBeside('enabler-static', { ENABLER_FILES: join(REPOSITORY, 'enabler/public') });
  const { urls, adminUrls } = system.sandbox;
  const { session, payment } = await system.opened();
  const token = system.token('manage_project');
  const headers = { 'x-session-id': session, authorization: `Bearer ${token}`, 'stripe-signature': 't=1,v1=00' };

  const document = JSON.parse(readFileSync(join(REPOSITORY, 'docs/openapi.json'), 'utf8')) as {
    paths: Record<string, object>;
  };
  const outside = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{\w+\}/g, payment),
      headers,
    })),
  );
  const verify = ['session', 'jwt', 'oauth2'].map((scheme) => ({ method: 'POST', path: `/verify/${scheme}`, headers }));
  const asked = ['nginx', 'traefik', 'envoy/payments'].map((gateway) => ({
    method: 'GET',
    path: `/ext-auth/${gateway}`,
    headers,
  }));
  const webhooks = [{ method: 'POST', path: '/stripe/webhooks', headers }];
  const files = ['es', 'umd'].map((kind) => ({ method: 'GET', path: `/connector-enabler.${kind}.js` }));
  servers = {
    gateway: { url: system.sandbox.url, adminUrl: system.sandbox.url, routes: [...outside, ...webhooks, ...files] },
    intent: { url: urls.intent, adminUrl: adminUrls.intent, routes: outside },
    'session-auth': {
      url: urls['session-auth'],
      adminUrl: adminUrls['session-auth'],
      routes: [...verify, ...asked],
    },
    'webhook-ingest': { url: urls['webhook-ingest'], adminUrl: adminUrls['webhook-ingest'], routes: webhooks },
    ledger: { url: adminUrls.ledger, adminUrl: adminUrls.ledger, routes: ADMIN },
    enabler: { ...enabler, routes: files },
  };
});

/** When the process began, by its own metric: another one answers another time. */
const beganAt = async (adminUrl: string): Promise<string | undefined> =>
  /^process_start_time_seconds (\S+)$/m.exec(await (await fetch(`${adminUrl}/metrics`)).text())?.[1];

it.each(['intent', 'session-auth', 'webhook-ingest', 'ledger', 'enabler'])(
  '%s lives on, whichever request to whichever of its ports is cut off, wherever',
  async (name) => {
    const { url, adminUrl, routes } = servers[name] as (typeof servers)[string];
    const before = await beganAt(adminUrl);
    expect(before).toMatch(/^\d+/);
    expect(await cutRequests(Number(new URL(url).port), routes)).toBe(routes.length * 24);
    expect(await cutRequests(Number(new URL(adminUrl).port), ADMIN)).toBe(ADMIN.length * 24);
    expect(await beganAt(adminUrl)).toBe(before);
    expect((await fetch(`${adminUrl}/livez`)).status).toBe(200);
  },
);

it('the gateway passes cut requests on, and everything lives on', async () => {
  const { gateway, ...behind } = servers;
  const before = await Promise.all(Object.values(behind).map(({ adminUrl }) => beganAt(adminUrl)));
  await cutRequests(Number(new URL(system.sandbox.url).port), gateway?.routes ?? []);
  expect(await Promise.all(Object.values(behind).map(({ adminUrl }) => beganAt(adminUrl)))).toEqual(before);
  expect((await fetch(`${system.sandbox.url}/healthz`)).status).toBe(200);
});

it('afterwards a shopper still pays', async () => {
  const { session, payment, paymentIntent } = await system.opened({ pay: true });
  const answer = await system.call('POST', `/confirmPayments/${payment}`, { session, body: { paymentIntent } });
  expect(answer.json).toEqual({ outcome: 'approved' });
});
