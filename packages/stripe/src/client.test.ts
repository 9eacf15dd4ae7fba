import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotFoundError, TransientError } from '@connector/errors';
import { parseConfig } from '@connector/lifecycle';
import { createLogger, metrics } from '@connector/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { createStripe, type StripeClient } from './client.ts';
import { stripeConfig } from './config.ts';
import { StripeRejection } from './errors.ts';

type Answer = (req: IncomingMessage, res: ServerResponse) => void;

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_req, res) => {
    res.writeHead(status, { 'request-id': 'req_1', ...headers }).end(JSON.stringify(body));
  };
const error = (status: number, fields: Record<string, unknown>, headers?: Record<string, string>): Answer =>
  json(status, { error: { message: 'words of Stripe', ...fields } }, headers);

const disposable = (client: StripeClient) => ({ client, [Symbol.asyncDispose]: () => client.close() });

describe('the Stripe client', () => {
  let calls: IncomingMessage[] = [];
  let answers: Answer[] = [];
  let client: StripeClient;
  let base = '';

  const server = createServer((req, res) => {
    calls.push(req);
    req.resume();
    const answer = answers.shift() ?? json(200, { id: 'pi_1', object: 'payment_intent' });
    answer(req, res);
  });
  const clientWith = (options: { retries?: number; timeoutMs?: number } = {}) =>
    createStripe(
      { STRIPE_SECRET_KEY: 'sk_test_abc', STRIPE_API_BASE: base },
      { log: createLogger('test', 'silent'), retries: 0, ...options },
    );

  beforeEach(async () => {
    calls = [];
    answers = [];
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = clientWith();
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await client.close();
  });

  const capture = (of = client) =>
    of.call('payment_intents.capture', (stripe) => stripe.paymentIntents.capture('pi_1'));
  const failure = (of = client) =>
    capture(of).then(
      () => expect.fail('the call succeeded'),
      (thrown: unknown) => thrown,
    );

  it('sends its own name and version, and nothing of the original connector', async () => {
    await capture();
    const { 'user-agent': agent, 'x-stripe-client-user-agent': details } = calls[0]?.headers ?? {};
    expect(agent).toContain('stripe-checkout-connector/');
    const { application } = JSON.parse(String(details)) as { application: Record<string, unknown> };
    expect(application).toEqual({ name: 'stripe-checkout-connector', version: expect.any(String) });
    expect(JSON.stringify(calls[0]?.headers)).not.toMatch(/pp_partner/);
  });

  it('calls the given origin with our name, the version of the SDK, and no trace or telemetry', async () => {
    expect(await capture()).toMatchObject({ id: 'pi_1' });
    const [call] = calls;
    expect(call?.url).toBe('/v1/payment_intents/pi_1/capture');
    expect(call?.headers).toMatchObject({ authorization: 'Bearer sk_test_abc', 'stripe-version': '2026-10-28.endive' });
    expect(call?.headers['user-agent']).toContain('stripe-checkout-connector/');
    expect(JSON.stringify(call?.headers)).not.toContain('pp_partner');
    for (const name of ['traceparent', 'baggage', 'x-correlation-id', 'x-stripe-client-telemetry']) {
      expect(call?.headers).not.toHaveProperty(name);
    }
  });

  it('calls with the present key of its file, unless that key is of the other mode', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stripe-key-'));
    const file = join(folder, 'key');
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      writeFileSync(file, 'sk_test_one\n');
      const config = parseConfig(z.object(stripeConfig), { STRIPE_SECRET_KEY_FILE: file, STRIPE_API_BASE: base });
      await using mounted = disposable(createStripe(config, { log: createLogger('test', 'silent'), retries: 0 }));
      for (const key of ['rk_test_two', 'sk_live_three', 'nothing', 'sk_test_four']) {
        writeFileSync(file, key);
        vi.advanceTimersByTime(10_000);
        await capture(mounted.client);
      }
      const sent = ['rk_test_two', 'rk_test_two', 'rk_test_two', 'sk_test_four'].map((key) => `Bearer ${key}`);
      expect(calls.map(({ headers }) => headers.authorization)).toEqual(sent);
    } finally {
      vi.useRealTimers();
      rmSync(folder, { recursive: true });
    }
  });

  it('knows its mode from the key', () => {
    expect(client.livemode).toBe(false);
  });

  it('repeats a call after a temporary failure, with the same idempotency key, and counts it', async () => {
    const retried = async () => {
      const { values } = await metrics.apiRetries.get();
      return values.reduce((sum, value) => sum + value.value, 0);
    };
    const before = await retried();
    answers.push(error(503, { type: 'api_error' }), (req) => req.socket.destroy());
    const retrying = clientWith({ retries: 2 });
    expect(await capture(retrying)).toMatchObject({ id: 'pi_1' });
    const keys = calls.map((call) => call.headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect((await retried()) - before).toBe(2);
    await retrying.close();
  });

  it.each([
    [
      'a declined card',
      error(402, {
        type: 'card_error',
        code: 'card_declined',
        decline_code: 'insufficient_funds',
        payment_intent: {
          id: 'pi_1',
          object: 'payment_intent',
          status: 'requires_payment_method',
          client_secret: 'pi_1_secret_x',
        },
      }),
      StripeRejection,
      {
        status: 402,
        code: 'card_declined',
        declineCode: 'insufficient_funds',
        type: 'card_error',
        requestId: 'req_1',
        paymentIntent: { id: 'pi_1', status: 'requires_payment_method' },
      },
    ],
    [
      'an invalid request',
      error(400, { type: 'invalid_request_error', code: 'amount_too_small', param: 'amount' }),
      StripeRejection,
      {
        status: 400,
        code: 'amount_too_small',
        type: 'invalid_request_error',
        param: 'amount',
        paymentIntent: undefined,
      },
    ],
    [
      'an idempotency key used with other parameters',
      error(400, { type: 'idempotency_error' }),
      StripeRejection,
      { status: 400, code: 'General', type: 'idempotency_error' },
    ],
    ['an unknown object', error(404, { type: 'invalid_request_error', code: 'resource_missing' }), NotFoundError, {}],
    ['an unknown address', error(404, { type: 'invalid_request_error' }), StripeRejection, { status: 404 }],
    [
      'a locked object',
      error(409, { type: 'invalid_request_error', code: 'lock_timeout' }),
      TransientError,
      { reason: 'conflict' },
    ],
    [
      'an object that stays locked by another request',
      error(429, { type: 'invalid_request_error', code: 'lock_timeout' }),
      TransientError,
      { reason: 'conflict' },
    ],
    [
      'too many requests',
      error(429, { type: 'invalid_request_error', code: 'rate_limit' }, { 'retry-after': '4' }),
      TransientError,
      { reason: 'rate_limited', retryAfterMs: 4000 },
    ],
    ['a refused key', error(401, { type: 'invalid_request_error' }), TransientError, { reason: 'unauthorized' }],
    [
      'a right the key lacks',
      error(403, { type: 'invalid_request_error' }),
      TransientError,
      { reason: 'unauthorized' },
    ],
    ['an outage', error(500, { type: 'api_error' }), TransientError, { reason: 'server_error' }],
    [
      'an answer that is not JSON',
      ((_req, res) => res.writeHead(502).end('<html>')) as Answer,
      TransientError,
      { reason: 'unreadable' },
    ],
    ['an outage that names no error', json(503, {}), TransientError, { reason: 'server_error' }],
    ['a refusal that names no error', json(400, { message: 'no' }), StripeRejection, { status: 400, code: 'General' }],
    ['an outage in one word', json(502, null), TransientError, { reason: 'server_error' }],
    ['a cut connection', ((req) => req.socket.destroy()) as Answer, TransientError, { reason: 'connection' }],
  ])('throws on %s', async (_case, answer, errorClass, fields) => {
    answers.push(answer);
    const thrown = await failure();
    expect(thrown).toBeInstanceOf(errorClass);
    expect(thrown).toMatchObject(fields);
  });

  it.each([
    ['silence', (() => {}) as Answer],
    ['a body that never ends', ((_req, res) => void res.writeHead(200).write('{')) as Answer],
  ])('ends %s at its time-out', async (_case, answer) => {
    answers.push(answer);
    const impatient = clientWith({ timeoutMs: 200 });
    expect(await failure(impatient)).toMatchObject({ name: 'TransientError', reason: 'timeout' });
    await impatient.close();
  });

  it("shows a caller the codes of a rejection, not Stripe's message", async () => {
    answers.push(error(402, { type: 'card_error', code: 'card_declined', decline_code: 'do_not_honor' }));
    const thrown = (await failure()) as StripeRejection;
    expect(thrown.toBody()).toEqual({
      message: 'Stripe refused the request.',
      statusCode: 402,
      errors: [{ code: 'card_declined', message: 'Stripe refused the request.', declineCode: 'do_not_honor' }],
    });
    expect(thrown.message).not.toContain('words of Stripe');
  });

  it("leaves errors that are not Stripe's unchanged", async () => {
    const bug = new RangeError('a bug');
    await expect(client.call('x.y', () => Promise.reject(bug))).rejects.toBe(bug);
  });
});
