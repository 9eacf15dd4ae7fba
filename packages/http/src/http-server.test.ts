import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { InvalidRequestError, PermanentError, TransientError, UnauthorizedError } from '@connector/errors';
import { createLogger, register, startTracing } from '@connector/telemetry';
import express, { Router } from 'express';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { clientAddress } from './client-address.ts';
import { boundedServer, closeServer, listen } from './connections.ts';
import { correlationId } from './correlation.ts';
import { createHttpServer, type Route } from './http-server.ts';

const log = createLogger('test', 'silent');
beforeAll(async () => {
  await startTracing('test');
});
let stop: (() => Promise<void>) | undefined;
afterEach(() => stop?.());

async function serve(routes: Parameters<typeof createHttpServer>[0]['routes'], to = log) {
  const server = createHttpServer({ log: to, port: 0, routes });
  await server.start?.();
  stop = server.stop;
  return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init);
}
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
const jsonOf = async (answer: Response): Promise<any> => answer.json();
const failing = (error: unknown) =>
  Router().get('/fail', () => {
    throw error;
  });
const schema = z.object({
  amount: z.object({ centAmount: z.int() }),
  kind: z.enum(['a', 'b']),
  size: z.object({ cm: z.union([z.int(), z.string()]) }).optional(),
  action: z
    .discriminatedUnion('name', [z.object({ name: z.literal('a') }), z.object({ name: z.literal('b') })])
    .optional(),
});

it('keeps idle connections for the configured time, so that no load balancer uses one that has just been closed', async () => {
  const server = createHttpServer({ log, port: 0, routes: [], keepAliveMs: 620_000 });
  await server.start?.();
  stop = server.stop;
  const answer = await fetch(`http://127.0.0.1:${server.port}/`);
  expect(answer.headers.get('keep-alive')).toBe('timeout=620');
});

it('answers a load balancer on the serving port: 200 when every component is ready, else 503, whatever the routes are', async () => {
  let reason: string | undefined = 'not connected';
  const parts = [{ name: 'kafka', notReady: () => reason }];
  const routes = [Router().use((_req, res) => void res.status(418).end())];
  const server = createHttpServer({ log, port: 0, routes, health: { path: '/', parts } });
  await server.start?.();
  stop = server.stop;
  const ask = async (path: string, method = 'GET') =>
    (await fetch(`http://127.0.0.1:${server.port}${path}`, { method })).status;
  expect(await ask('/')).toBe(503);
  reason = undefined;
  expect([await ask('/'), await ask('/', 'HEAD'), await ask('/', 'POST')]).toEqual([200, 200, 405]);
  expect(await ask('/other')).toBe(418);
});

it.each([
  [
    'bad input',
    new InvalidRequestError('InvalidOperation', 'no', { resource: 'r' }),
    400,
    { message: 'no', statusCode: 400, errors: [{ code: 'InvalidOperation', message: 'no', resource: 'r' }] },
  ],
  [
    'a stranger',
    new UnauthorizedError('invalid_token', 'Session is not active'),
    401,
    { statusCode: 401, error: 'invalid_token', error_description: 'Session is not active' },
  ],
  [
    'a failed dependency',
    new TransientError('db-7 said no', { retryAfterMs: 2500 }),
    503,
    { statusCode: 503, errors: [{ code: 'General' }] },
  ],
  [
    'a refusal of another system',
    new PermanentError('its words'),
    500,
    { message: 'Internal server error.', statusCode: 500 },
  ],
  [
    'a bug',
    new TypeError('x is undefined'),
    500,
    {
      message: 'Internal server error.',
      statusCode: 500,
      errors: [{ code: 'General', message: 'Internal server error.' }],
    },
  ],
])('answers %s in the documented form', async (_case, error, status, body) => {
  const call = await serve([failing(error)]);
  const answer = await call('/fail', { headers: { 'x-correlation-id': 'c-1' } });
  expect(answer.status).toBe(status);
  const answered = await jsonOf(answer);
  expect(answered).toMatchObject(body);
  expect(answered.correlationId).toBe('c-1');
  expect(JSON.stringify(answered)).not.toMatch(/db-7|undefined|its words/);
});

it('logs a failure with the correlation id of the answer', async () => {
  const lines: string[] = [];
  const to = createLogger('test', 'info', { write: (line: string) => lines.push(line) });
  const parsing = Router().post('/fail', express.json(), (_req, res) => res.end());
  const call = await serve([failing(new TypeError('a bug')), parsing], to);
  await call('/fail', { headers: { 'x-correlation-id': 'c-1' } });
  const headers = { 'x-correlation-id': 'c-2', 'content-type': 'application/json' };
  await call('/fail', { method: 'POST', body: '{', headers });
  const failed = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request failed');
  expect(failed.map(({ correlation_id, status }) => [correlation_id, status])).toEqual([
    ['c-1', 500],
    ['c-2', 400],
  ]);
});

it('logs the faults of a body without its values', async () => {
  const lines: string[] = [];
  const to = createLogger('test', 'info', { write: (line: string) => lines.push(line) });
  const parse = Router().post('/x', (req, res) => res.json(schema.parse(req.body, { reportInput: true })));
  const call = await serve([express.json(), parse], to);
  const began = performance.now();
  const headers = { 'content-type': 'application/json' };
  const answer = await call('/x', {
    method: 'POST',
    headers,
    body: JSON.stringify({ kind: 'a', amount: { centAmount: [`Jane Doe ${'a'.repeat(60_000)}`] } }),
  });
  expect(answer.status).toBe(400);
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(lines.join('')).not.toMatch(/Jane Doe/);
  expect(lines.join('')).toContain('amount.centAmount: invalid_type');
});

it('sends Retry-After', async () => {
  const call = await serve([failing(new TransientError('x', { retryAfterMs: 2500 }))]);
  expect((await call('/fail')).headers.get('retry-after')).toBe('3');
});

it.each([
  ['a missing field', { kind: 'a' }, { code: 'RequiredField', field: 'amount' }],
  ['a missing inner field', { kind: 'a', amount: {} }, { code: 'RequiredField', field: 'amount.centAmount' }],
  [
    'a value outside its list',
    { kind: 'c', amount: { centAmount: 1 } },
    { code: 'InvalidField', field: 'kind', allowedValues: ['a', 'b'] },
  ],
  ['a wrong type', { kind: 'a', amount: { centAmount: 'x' } }, { code: 'InvalidJsonInput' }],
  ['a missing value of a list', { amount: { centAmount: 1 } }, { code: 'RequiredField', field: 'kind' }],
  ['a missing choice', { kind: 'a', amount: { centAmount: 1 }, size: {} }, { code: 'RequiredField', field: 'size.cm' }],
  [
    'a value that fits no alternative',
    { kind: 'a', amount: { centAmount: 1 }, size: { cm: true } },
    { code: 'InvalidJsonInput' },
  ],
  [
    'an object without the field that names its kind',
    { kind: 'a', amount: { centAmount: 1 }, action: {} },
    { code: 'RequiredField', field: 'action.name' },
  ],
  [
    'an object of an unknown kind',
    { kind: 'a', amount: { centAmount: 1 }, action: { name: 'c' } },
    { code: 'InvalidJsonInput' },
  ],
])('distinguishes %s from the other violations', async (_case, given, error) => {
  const parse = Router().post('/x', (req, res) => res.json(schema.parse(req.body, { reportInput: true })));
  const call = await serve([express.json(), parse]);
  const answer = await call('/x', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(given),
  });
  expect(answer.status).toBe(400);
  expect((await jsonOf(answer)).errors[0]).toMatchObject(error);
});

it('answers 400, not 500, to JSON that cannot be read', async () => {
  const call = await serve([express.json(), Router().post('/x', (_req, res) => res.end())]);
  const answer = await call('/x', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
  expect(answer.status).toBe(400);
  expect((await jsonOf(answer)).errors[0].code).toBe('InvalidJsonInput');
});

it('answers an unknown route as the original does', async () => {
  const call = await serve([]);
  const answer = await call('/x?y=1');
  expect(await jsonOf(answer)).toEqual({ message: 'Route GET:/x not found', error: 'Not Found', statusCode: 404 });
});

it("keeps the request's correlation id for its work, and makes a new one when the given one is unusable", async () => {
  const call = await serve([Router().get('/id', (_req, res) => res.json({ id: correlationId() }))]);
  expect(await (await call('/id', { headers: { 'x-correlation-id': 'from-checkout' } })).json()).toEqual({
    id: 'from-checkout',
  });
  const made = await jsonOf(await call('/id', { headers: { 'x-correlation-id': 'a b\tc' } }));
  expect(made.id).toMatch(/^[0-9a-f-]{36}$/);
});

describe('a direct route', () => {
  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    if (req.headers['x-fail']) throw new InvalidRequestError('InvalidOperation', 'no');
    res.end(`direct ${correlationId()}`);
  };
  const route = (): Route =>
    Object.assign(
      Router().all('/hot', (_req, res) => res.end('express')),
      { direct: { method: 'POST', path: '/hot', handle } },
    );

  it.each([
    ['POST', '/hot', 'direct c-1'],
    ['GET', '/hot', 'express'],
    ['POST', '/hot/', 'express'],
    ['POST', '/hot?x', 'express'],
  ])('%s %s is answered by: %s', async (method, path, text) => {
    const call = await serve([route()]);
    const answer = await call(path, { method, headers: { 'x-correlation-id': 'c-1', 'x-request-id': 'r-1' } });
    expect(await answer.text()).toBe(text);
    expect([answer.headers.get('x-correlation-id'), answer.headers.get('x-request-id')]).toEqual(['c-1', 'r-1']);
  });

  it("without ids in the request takes the trace's id as correlation id, and sends no request id", async () => {
    const call = await serve([route()]);
    const traceId = 'a1'.repeat(16);
    const answer = await call('/hot', {
      method: 'POST',
      headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-00` },
    });
    expect(await answer.text()).toBe(`direct ${traceId}`);
    expect([answer.headers.get('x-correlation-id'), answer.headers.get('x-request-id')]).toEqual([traceId, null]);
  });

  it('is measured under its path, and its failures have the same form of answer', async () => {
    register.resetMetrics();
    const call = await serve([route()]);
    const answer = await call('/hot', { method: 'POST', headers: { 'x-fail': '1', 'x-correlation-id': 'c-1' } });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await jsonOf(answer)).toMatchObject({ message: 'no', statusCode: 400, correlationId: 'c-1' });
    await expect
      .poll(async () => await register.metrics())
      .toContain('http_request_method="POST",http_route="/hot",http_response_status_code="400",error_type=""} 1');
  });
});

it.each([
  [0, '9.9.9.9'],
  [1, ''],
  [1, '1.1.1.1'],
  [1, '1.1.1.1, 2.2.2.2'],
  [2, '1.1.1.1, 2.2.2.2'],
  [2, ' 2.2.2.2'],
  [3, '1.1.1.1,2.2.2.2'],
])("the client's address behind %i proxies is the one that Express names (%s)", async (trustedHops, forwarded) => {
  const route = Router().get('/ip', (req, res) => res.json([req.ip, clientAddress(req, trustedHops)]));
  const server = createHttpServer({ log, port: 0, routes: [route], trustedHops });
  await server.start?.();
  stop = server.stop;
  const answer = await fetch(`http://127.0.0.1:${server.port}/ip`, {
    headers: forwarded ? { 'x-forwarded-for': forwarded } : {},
  });
  const [theirs, ours] = await jsonOf(answer);
  expect(theirs).toMatch(/^[\da-f.:]+$/);
  expect(ours).toBe(theirs);
});

it.each([
  ['203.0.113.7:51234', '203.0.113.7'],
  ['[2001:db8::7]:51234', '2001:db8::7'],
  ['[2001:db8::7]', '2001:db8::7'],
  ['2001:db8::7', '2001:db8::7'],
  ['::ffff:203.0.113.7', '::ffff:203.0.113.7'],
  ['unknown', 'unknown'],
])('reads the address from %s, a form that some proxies write', (forwarded, address) => {
  const req = { headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress: '10.0.0.1' } };
  expect(clientAddress(req as unknown as IncomingMessage, 1)).toBe(address);
});

describe('connections', () => {
  const open = async (port: number, sent = '') => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    if (sent) socket.write(sent);
    return socket;
  };
  const bounds = { maxConnections: 3, headersTimeoutMs: 60_000, requestTimeoutMs: 60_000, keepAliveMs: 60_000 };
  const serveBounded = async (
    given: Partial<typeof bounds>,
    handle: (req: IncomingMessage, res: ServerResponse) => void,
  ) => {
    const server = boundedServer({ ...bounds, ...given }, handle, (_error, _req, res) => void res.writeHead(500).end());
    const port = await listen(server, { port: 0, onError: () => {} });
    stop = async () => {
      server.closeAllConnections();
      await closeServer(server);
    };
    return { server, port };
  };
  const ok = (_req: IncomingMessage, res: ServerResponse) => void res.end('ok');

  it.each(['', 'GET / HTTP/1.1\r\nx-slow: '])(
    'without a whole request (%j) make room for one that has it, the longest silent first',
    async (sent) => {
      const { port } = await serveBounded({}, ok);
      const silent = [await open(port, sent), await open(port, sent), await open(port, sent)];
      const closed = once(silent[0] as Socket, 'close');
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok');
      await closed;
      expect(silent.map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
      for (const socket of silent) socket.destroy();
    },
  );

  it('with a request that is being answered are not closed for a new one', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const atWork = Promise.withResolvers<void>();
    let requests = 0;
    const { port } = await serveBounded({ maxConnections: 2 }, (_req, res) => {
      requests += 1;
      if (requests === 2) atWork.resolve();
      void promise.then(() => res.end('ok'));
    });
    const answers = [1, 2].map(async () => (await fetch(`http://127.0.0.1:${port}/`)).text());
    await atWork.promise;
    const late = await open(port);
    if (!late.destroyed) await once(late, 'close');
    resolve();
    expect(await Promise.all(answers)).toEqual(['ok', 'ok']);
  });

  it('end when the head of a request does not arrive in time', async () => {
    const { port } = await serveBounded({ headersTimeoutMs: 50 }, ok);
    const socket = await open(port, 'GET / HTTP/1.1\r\nx-slow: ');
    const [answered] = await once(socket, 'data');
    expect(String(answered)).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });

  it('that cannot be accepted are reported, and end nothing', async () => {
    const told: Error[] = [];
    const server = boundedServer(bounds, ok, () => {});
    const port = await listen(server, { port: 0, onError: (error) => void told.push(error) });
    stop = () => closeServer(server);
    const failure = new Error('accept EMFILE');
    server.emit('error', failure);
    expect(told).toEqual([failure]);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });

  it.each([
    ['two lengths', 'content-length: 5\r\ncontent-length: 6\r\n'],
    ['a length and chunks', 'content-length: 5\r\ntransfer-encoding: chunked\r\n'],
    ['chunks that are not last', 'transfer-encoding: chunked, identity\r\n'],
    ['a space before the colon', 'content-length : 5\r\n'],
    ['a folded header', 'x-a: b\r\n c: d\r\n'],
    ['a bare line feed', 'x-a: b\ncontent-length: 5\r\n'],
    ['no host', undefined],
    ['a head of 20 kB', `x-a: ${'a'.repeat(20_000)}\r\n`],
  ])('are closed after a request that two servers could read in two ways: %s', async (_what, header) => {
    const seen: (string | undefined)[] = [];
    const { port } = await serveBounded({}, (req, res) => {
      seen.push(req.url);
      res.end('ok');
    });
    const head = header === undefined ? 'POST / HTTP/1.1\r\n\r\n' : `POST / HTTP/1.1\r\nhost: x\r\n${header}\r\n`;
    const socket = await open(port, `${head}helloGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n`);
    const [answered] = await once(socket, 'data');
    expect(String(answered)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(seen).not.toContain('/smuggled');
    socket.destroy();
  });
});
