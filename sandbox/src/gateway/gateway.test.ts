import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from './gateway.ts';
import { readRoutes, serviceFor } from './routes.ts';

describe('the route table', () => {
  it.each([
    ['/operations/config', 'intent'],
    ['/operations/status', 'intent'],
    ['/operations/payment-components', 'intent'],
    ['/operations/payment-intents/0b1c', 'intent'],
    ['/operations/transactions', 'intent'],
    ['/payments', 'intent'],
    ['/confirmPayments/0b1c', 'intent'],
    ['/customer/session', 'intent'],
    ['/express-payment-data', 'intent'],
    ['/config-element/payment', 'intent'],
    ['/express-config', 'intent'],
    ['/applePayConfig', 'intent'],
    ['/stored-payment-methods', 'intent'],
    ['/stored-payment-methods/0b1c', 'intent'],
    ['/openapi.json', 'intent'],
    ['/stripe/webhooks', 'webhook-ingest'],
    ['/connector-enabler.es.js', 'enabler'],
    ['/connector-enabler.umd.js', 'enabler'],
  ])('sends %s to %s', (path, service) => {
    expect(serviceFor(readRoutes(), path)).toBe(service);
  });

  it.each([
    '/metrics',
    '/livez',
    '/readyz',
    '/verify',
    '/internal/redrive',
    '/redrive',
    '/dead-letters',
    '/confirmpayments/0b1c',
    '/paymentsX',
    '/config-elements/payment',
    '/',
  ])('sends %s to no service', (path) => {
    expect(serviceFor(readRoutes(), path)).toBeUndefined();
  });
});

describe('the gateway', () => {
  let gateway: Gateway;
  let upstream: Server;
  let folder: string;
  let notReady: string[];
  let received: { req: IncomingMessage; body: Buffer }[];
  let answer: Parameters<typeof createServer>[1];

  beforeEach(async () => {
    received = [];
    notReady = [];
    answer = async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk);
      received.push({ req, body: Buffer.concat(chunks) });
      res.writeHead(201, { 'x-from': 'service', connection: 'keep-alive, x-hop', 'x-hop': '1' }).end('done');
    };
    upstream = createServer((req, res) => answer?.(req, res));
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    folder = await mkdtemp(join(tmpdir(), 'gateway-'));
    await writeFile(join(folder, 'connector-enabler.es.js'), 'export {}');
    const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    gateway = await startGateway(
      {
        routes: readRoutes(),
        services: { intent: origin, 'webhook-ingest': origin },
        enablerFolder: folder,
        notReady: async () => notReady,
      },
      0,
    );
  });
  afterEach(async () => {
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
    await rm(folder, { recursive: true });
  });
  const url = (path: string) => `http://127.0.0.1:${gateway.port}${path}`;

  it('passes on the exact bytes, path and end-to-end headers, and adds whom it forwards for', async () => {
    const body = Buffer.from([0, 255, 10, 13, 123, 34, 195, 40]);
    const response = await fetch(url('/stripe/webhooks?a=%2F&a=2'), {
      method: 'POST',
      body,
      headers: { 'stripe-signature': 't=1,v1=abc', 'x-forwarded-for': '203.0.113.9', te: 'trailers' },
    });
    expect([response.status, await response.text()]).toEqual([201, 'done']);
    expect(response.headers.get('x-from')).toBe('service');
    expect(response.headers.get('x-hop')).toBeNull();
    expect(received).toHaveLength(1);
    const [{ req, body: got }] = received as [(typeof received)[number]];
    expect(got).toEqual(body);
    expect(req.url).toBe('/stripe/webhooks?a=%2F&a=2');
    expect(req.headers).toMatchObject({
      'stripe-signature': 't=1,v1=abc',
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `127.0.0.1:${gateway.port}`,
    });
    expect(req.headers.te).toBeUndefined();
  });

  it('keeps one connection to a service over requests', async () => {
    for (let i = 0; i < 3; i += 1) await (await fetch(url('/payments'))).text();
    expect(new Set(received.map(({ req }) => req.socket.remotePort)).size).toBe(1);
  });

  it('passes a body of unknown length as it arrives', async () => {
    const outgoing = request(url('/payments'), { method: 'POST' });
    outgoing.write('first,');
    outgoing.end('second');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    response.resume();
    expect(received[0]?.body.toString()).toBe('first,second');
  });

  it('passes on an answer as it is written', async () => {
    answer = (_req, res) => {
      res.write('first');
    };
    const response = await fetch(url('/payments'));
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toBe('first');
  });

  it('returns the answer of a service that refuses before it has read the body', async () => {
    answer = (req, res) => {
      res.writeHead(413).end('too large');
      req.resume();
    };
    const response = await fetch(url('/stripe/webhooks'), { method: 'POST', body: Buffer.alloc(4 * 1024 * 1024) });
    expect(response.status).toBe(413);
  });

  it('ends the request to the service when the client has disconnected', async () => {
    const reached = Promise.withResolvers<IncomingMessage>();
    answer = (req) => reached.resolve(req);
    const controller = new AbortController();
    const pending = fetch(url('/payments'), { signal: controller.signal }).catch(() => 'aborted');
    const req = await reached.promise;
    const gone = once(req.socket, 'close');
    controller.abort();
    await gone;
    expect(await pending).toBe('aborted');
  });

  it('closes the connection when a service dies in the middle of its answer', async () => {
    answer = (req, res) => {
      res.write('half', () => req.socket.destroy());
    };
    const response = await fetch(url('/payments'));
    await expect(response.text()).rejects.toThrow();
  });

  it("answers 503 in the contract's form when a service is down", async () => {
    upstream.close();
    const response = await fetch(url('/payments'));
    expect(response.status).toBe(503);
    const message = 'The service intent does not answer.';
    expect(await response.json()).toEqual({ message, statusCode: 503, errors: [{ code: 'General', message }] });
  });

  it("answers 404 in the contract's form for a path that no route has", async () => {
    const response = await fetch(url('/metrics'));
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      message: 'Route GET:/metrics not found',
      error: 'Not Found',
      statusCode: 404,
    });
  });

  it('asks the storefront about a path that no route has', async () => {
    gateway.fallback = async (req, res) => {
      if (req.url !== '/storefront/app.js') return false;
      res.end('page');
      return true;
    };
    expect(await (await fetch(url('/storefront/app.js'))).text()).toBe('page');
    expect((await fetch(url('/elsewhere'))).status).toBe(404);
    expect(received).toHaveLength(0);
  });

  it('names the parts that are not ready', async () => {
    notReady = ['ledger'];
    const early = await fetch(url('/healthz'));
    expect([early.status, await early.json()]).toEqual([503, { status: 'unavailable', notReady: ['ledger'] }]);
    notReady = [];
    const late = await fetch(url('/healthz'));
    expect([late.status, await late.json()]).toEqual([200, { status: 'ok', notReady: [] }]);
  });

  it('serves the enabler to any origin, and answers 304 for an unchanged copy', async () => {
    const first = await fetch(url('/connector-enabler.es.js'), { headers: { origin: 'https://shop.example' } });
    expect(await first.text()).toBe('export {}');
    expect(first.headers.get('access-control-allow-origin')).toBe('*');
    expect(first.headers.get('content-type')).toMatch(/^text\/javascript/);
    const again = await fetch(url('/connector-enabler.es.js'), {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
    expect((await fetch(url('/connector-enabler.umd.js'))).status).toBe(404);
  });

  it('refuses a taken port with one sentence', async () => {
    const again = startGateway(
      {
        routes: [],
        services: { intent: url(''), 'webhook-ingest': url('') },
        enablerFolder: folder,
        notReady: async () => [],
      },
      gateway.port,
    );
    await expect(again).rejects.toThrow(
      `Port ${gateway.port} is taken by another program; choose another with PORT=<number>.`,
    );
  });
});
