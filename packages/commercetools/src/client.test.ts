import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NotFoundError, StaleVersionError, TransientError } from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Commercetools, createCommercetools } from './client.ts';
import { CommercetoolsRejection } from './errors.ts';

interface Call {
  method: string | undefined;
  path: string | undefined;
  authorization: string | undefined;
  body: string;
}

type Answer = (req: IncomingMessage, res: ServerResponse) => void;

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_req, res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

describe('the commercetools client', () => {
  let calls: Call[] = [];
  let answers: Answer[] = [];
  let issued = 0;
  let base = '';
  let client: Commercetools;

  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    if (req.url === '/oauth/token') {
      issued += 1;
      json(200, { access_token: `token-${issued}`, expires_in: 3600, scope: 'manage_payments:shop' })(req, res);
      return;
    }
    calls.push({ method: req.method, path: req.url, authorization: req.headers.authorization, body });
    const answer = answers.shift() ?? json(200, { id: 'p1', version: 1 });
    answer(req, res);
  });

  beforeEach(async () => {
    calls = [];
    answers = [];
    issued = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = {
      CTP_PROJECT_KEY: 'shop',
      CTP_CLIENT_ID: 'id',
      CTP_CLIENT_SECRET: 'secret',
      CTP_AUTH_URL: base,
      CTP_API_URL: base,
    };
    client = createCommercetools(config, { log: createLogger('test', 'silent'), timeoutMs: 300 });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await client.close();
  });

  const getPayment = () => client.call('payments.get', client.api.payments().withId({ ID: 'p1' }).get());
  const failure = () =>
    getPayment().then(
      () => expect.fail('the call succeeded'),
      (error: unknown) => error,
    );

  it('sends the typed request with the token and returns the body', async () => {
    const update = { version: 1, actions: [{ action: 'setInterfaceId' as const, interfaceId: 'pi_1' }] };
    const body = await client.call(
      'payments.update',
      client.api.payments().withId({ ID: 'p1' }).post({ body: update }),
    );
    expect(body).toEqual({ id: 'p1', version: 1 });
    expect(calls).toEqual([
      { method: 'POST', path: '/shop/payments/p1', authorization: 'Bearer token-1', body: JSON.stringify(update) },
    ]);
  });

  it('repeats a request once with a new token when its token was refused', async () => {
    answers.push(json(401, { statusCode: 401, message: 'invalid_token', errors: [{ code: 'invalid_token' }] }));
    expect(await getPayment()).toEqual({ id: 'p1', version: 1 });
    expect(calls.map((call) => call.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('gives up a request when the second token is refused too', async () => {
    answers.push(json(401, {}), json(401, {}));
    expect(await failure()).toMatchObject({ name: 'TransientError', reason: 'unauthorized' });
    expect(calls).toHaveLength(2);
  });

  it('treats a refused token the same in the authorised fetch, which returns answers of any status', async () => {
    answers.push(json(401, {}), json(404, {}));
    const answer = await client.fetch(`${base}/shop/sessions/s1`);
    expect(answer.status).toBe(404);
    expect(calls.map((call) => call.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it.each([
    [
      '404',
      json(404, { statusCode: 404, message: 'x', errors: [{ code: 'ResourceNotFound', message: 'x' }] }),
      NotFoundError,
      {},
    ],
    [
      '409',
      json(409, { statusCode: 409, message: 'x', errors: [{ code: 'ConcurrentModification', currentVersion: 3 }] }),
      StaleVersionError,
      {},
    ],
    [
      '403',
      json(403, { statusCode: 403, message: 'x', errors: [{ code: 'insufficient_scope' }] }),
      TransientError,
      { reason: 'unauthorized' },
    ],
    ['429', json(429, {}, { 'retry-after': '3' }), TransientError, { reason: 'rate_limited', retryAfterMs: 3000 }],
    ['500', json(500, { message: 'x' }), TransientError, { reason: 'server_error' }],
    [
      '503 as HTML',
      ((_req, res) => res.writeHead(503).end('<html>')) as Answer,
      TransientError,
      { reason: 'server_error' },
    ],
    [
      '200 as HTML',
      ((_req, res) => res.writeHead(200).end('<html>')) as Answer,
      TransientError,
      { reason: 'unreadable' },
    ],
    ['a cut connection', ((req) => req.socket.destroy()) as Answer, TransientError, { reason: 'connection' }],
    ['silence', (() => {}) as Answer, TransientError, { reason: 'timeout' }],
    [
      'a body that never ends',
      ((_req, res) => {
        res.writeHead(200, { 'content-type': 'application/json' });
        res.write('{"id":');
      }) as Answer,
      TransientError,
      { reason: 'timeout' },
    ],
    [
      '400 DuplicateField',
      json(400, {
        statusCode: 400,
        message: 'A duplicate value',
        errors: [{ code: 'DuplicateField', message: 'A duplicate value', field: 'key', duplicateValue: 'c1-1' }],
      }),
      CommercetoolsRejection,
      { status: 400, code: 'DuplicateField', field: 'key', conflictingValue: 'c1-1' },
    ],
    ['400 without errors', json(400, {}), CommercetoolsRejection, { status: 400, code: 'CommercetoolsAPIError' }],
  ])('throws on %s, after one call', async (_case, answer, errorClass, fields) => {
    answers.push(answer);
    const error = await failure();
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject(fields);
    expect(calls).toHaveLength(1);
  });

  it('shows a caller the status and code of a rejection, not its message', async () => {
    answers.push(
      json(400, { message: 'secret detail', errors: [{ code: 'InvalidOperation', message: 'secret detail' }] }),
    );
    const error = (await failure()) as CommercetoolsRejection;
    expect(error.message).toContain('secret detail');
    expect(error.toBody()).toEqual({
      message: 'commercetools refused the request.',
      statusCode: 400,
      errors: [{ code: 'InvalidOperation', message: 'commercetools refused the request.' }],
    });
  });

  it('throws TransientError when the authorization server cannot be reached', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await failure()).toMatchObject({ name: 'TransientError', reason: 'connection' });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
});
