import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpClient } from '@connector/http';
import { createLogger, metrics } from '@connector/telemetry';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { createRateLimiter } from './rate-limit.ts';
import { defineRoute, routerOf } from './route.ts';

const servers: ReturnType<typeof createServer>[] = [];
const listening = async (server: ReturnType<typeof createServer>): Promise<string> => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** The number of calls of a priority that were not made because of a limit. */
const shed = async (priority: string) =>
  (await metrics.apiShed.get()).values.find(({ labels }) => labels.priority === priority)?.value ?? 0;

it('gives calls of openings priority over those of other routes', async () => {
  // Longer than any request waits, so that every call is shed and counted by its priority.
  const side = await listening(createServer((_req, res) => res.writeHead(429, { 'retry-after': '9' }).end('{}')));
  const client = createHttpClient({
    api: 'stripe',
    operationOf: () => 'payment_intents.create',
    limits: { pushbackOf: () => ({ scope: 'all', retryAfterMs: 9_000 }), claim: { priority: 'low', patienceMs: 1 } },
  });
  const route = (path: string, isOpening: boolean) =>
    defineRoute({
      method: 'get',
      path,
      id: path,
      summary: path,
      auth: { scheme: 'open' },
      isOpening,
      answers: { 200: { description: 'Asked' } },
      handle: async ({ reply }) => {
        await client.fetch(side);
        return reply(200);
      },
    });
  const none = createRateLimiter(0);
  const deps = {
    log: createLogger('test', 'silent'),
    callers: {} as Parameters<typeof routerOf>[1]['callers'],
    limits: { requests: none, denials: none, opens: none },
  };
  const app = express().use(routerOf([route('/open', true), route('/confirm', false)], deps));
  const base = await listening(createServer(app));
  const before = { urgent: await shed('urgent'), high: await shed('high') };
  for (const path of ['/open', '/open', '/confirm']) expect((await fetch(base + path)).status).toBe(200);
  expect([(await shed('urgent')) - before.urgent, (await shed('high')) - before.high]).toEqual([2, 1]);
  await client.close();
});
