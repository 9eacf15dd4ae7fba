import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Commercetools, createCommercetools } from '@connector/commercetools';
import { createHttpServer } from '@connector/http';
import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import { type CommercetoolsServer, serveCommercetools } from '@connector/testing/fakes';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';

const nginx = [process.env.NGINX_BIN, 'nginx', '/usr/sbin/nginx'].find(
  (path) => path && spawnSync(path, ['-v']).status === 0,
);

describe.skipIf(!nginx)('a real nginx with the example configuration', () => {
  let ct: CommercetoolsServer;
  let commercetools: Commercetools;
  let server: ReturnType<typeof createHttpServer>;
  let gateway: ChildProcess;
  let folder = '';
  let origin = '';
  let reached: { method: string | undefined; url: string | undefined; headers: IncomingHttpHeaders }[] = [];

  const intent = createServer((req, res) => {
    reached.push({ method: req.method, url: req.url, headers: req.headers });
    req.resume();
    res.end('from intent');
  });

  beforeAll(async () => {
    ct = await serveCommercetools();
    const log = createLogger('test', 'silent');
    const config = parseConfig(configSchema, {
      KAFKA_BROKERS: 'localhost:9092',
      CTP_PROJECT_KEY: 'shop',
      CTP_CLIENT_ID: 'client',
      CTP_CLIENT_SECRET: 'secret',
      CTP_AUTH_URL: ct.url,
      CTP_API_URL: ct.url,
      CTP_SESSION_URL: ct.url,
      CTP_JWKS_URL: `${ct.url}/jwks.json`,
      CTP_JWT_ISSUER: 'https://mc.example.com',
    });
    commercetools = createCommercetools(config, { log });
    server = createHttpServer({
      log,
      port: 0,
      routes: createApp({ config, commercetools, log, send: async () => {} }).routes,
    });
    await server.start?.();
    intent.listen(0, '127.0.0.1');
    await once(intent, 'listening');

    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    folder = await mkdtemp(join(tmpdir(), 'nginx-'));
    const example = await readFile(new URL('../examples/nginx.conf', import.meta.url), 'utf8');
    const conf = example
      .replace('server session-auth:8080', `server 127.0.0.1:${server.port}`)
      .replace('server intent:8080', `server 127.0.0.1:${(intent.address() as AddressInfo).port}`)
      .replace('listen 8080', `listen 127.0.0.1:${port}`);
    await writeFile(join(folder, 'nginx.conf'), conf);
    gateway = spawn(nginx ?? '', ['-p', folder, '-c', 'nginx.conf', '-g', 'daemon off;', '-e', 'error.log'], {
      stdio: 'inherit',
    });
    await vi.waitUntil(
      () =>
        fetch(origin).then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    );
  });
  afterAll(async () => {
    const ended = once(gateway, 'exit');
    gateway.kill('SIGTERM');
    await ended;
    await server.stop?.();
    intent.closeAllConnections();
    intent.close();
    await commercetools.close();
    await ct.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    reached = [];
    ct.instead.clear();
    ct.sessions.set('s-1', { state: 'ACTIVE', activeCart: { cartRef: { id: 'cart-1' } } });
  });

  const call = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
    const answer = await fetch(`${origin}${path}`, { method, headers, ...(body !== undefined && { body }) });
    return { status: answer.status, body: await answer.text() };
  };

  it('lets a good session through, and replaces identity headers from the client', async () => {
    const headers = { 'x-session-id': 's-1', 'x-auth-cart-id': 'cart-of-somebody', 'x-auth-client-id': 'root' };
    expect(await call('GET', '/payments?x=1', headers)).toEqual({ status: 200, body: 'from intent' });
    expect(reached).toMatchObject([{ method: 'GET', url: '/payments?x=1', headers: { 'x-auth-cart-id': 'cart-1' } }]);
    expect(reached[0]?.headers).not.toHaveProperty('x-auth-client-id');
  });

  it('forwards the body, which the check does not see', async () => {
    const headers = { 'x-session-id': 's-1', 'content-type': 'application/json' };
    expect(await call('POST', '/confirmPayments/p-1', headers, '{"a":1}')).toMatchObject({ status: 200 });
  });

  it.each([
    ['no session', 'GET', '/payments', {}, 401],
    ['an unknown session', 'GET', '/payments', { 'x-session-id': 'no' }, 401],
    ['the route named by a header', 'GET', '/payments', { 'x-original-uri': '/applePayConfig' }, 401],
    ['no permission', 'POST', '/operations/transactions', { authorization: 'Bearer no' }, 401],
    ['an inner path', 'GET', '/metrics', { 'x-session-id': 's-1' }, 403],
    ['the check itself', 'GET', '/_auth', {}, 404],
    ['a way around', 'GET', '/applePayConfig/..%2fpayments', {}, 403],
    ['a double slash', 'GET', '//payments', { 'x-session-id': 's-1' }, 403],
  ])('stops a request with %s', async (_case, method, path, headers, status) => {
    expect(await call(method, path, headers as Record<string, string>)).toMatchObject({ status });
    expect(reached).toEqual([]);
  });

  it('lets preflights and open routes through', async () => {
    expect(await call('OPTIONS', '/payments')).toMatchObject({ status: 200 });
    expect(await call('POST', '/stripe/webhooks', {}, '{}')).toMatchObject({ status: 200 });
  });

  it('stops everything that needs a check while checks are impossible', async () => {
    ct.instead.set('/shop/sessions', (req) => req.socket.destroy());
    expect(await call('GET', '/payments', { 'x-session-id': 's-never-seen' })).toMatchObject({ status: 403 });
    expect(reached).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
