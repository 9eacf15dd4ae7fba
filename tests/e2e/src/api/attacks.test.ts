import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { createKafka, kafkaConfig, scanTopic } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import { SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { range } from '../shopper.ts';
import { shareTestSystem } from './shared-test-system.ts';
import type { Answer, TestSystem } from './test-system.ts';

/** For lines that a busy machine writes late. */
const AT_LENGTH = { timeout: 30_000, interval: 100 };

let system: TestSystem;
shareTestSystem((shared) => {
  system = shared;
});
/** Every credential, client secret and body that an attack or an honest shopper sent or got; none may turn up anywhere. */
const secrets = new Set<string>();

afterEach(() => system.heal());

const secret = (text: string): string => {
  secrets.add(text);
  return text;
};
const opened = async (wishes: Parameters<TestSystem['opened']>[0] = {}) => {
  const result = await system.opened(wishes);
  secret(result.session);
  secret(result.answer.sClientSecret as string);
  return result;
};
const checkout = async () => {
  const result = await system.checkout();
  secret(result.session);
  return result;
};

interface Denied {
  /** Where it lies: partitions are read side by side, so their order tells nothing. */
  at: string;
  scheme: string;
  reason: string;
  method?: string;
  route?: string;
  credentialHash?: string;
}

/** What `checkout.sessions` holds of refusals by now, and all of its text. */
async function audit(): Promise<{ denials: Denied[]; text: string }> {
  const kafka = createKafka(parseConfig(z.object(kafkaConfig), system.sandbox.env), {
    clientId: 'attacks',
    log: createLogger('test', 'silent'),
  });
  const denials: Denied[] = [];
  let text = '';
  await scanTopic(kafka, 'checkout.sessions', ({ partition, offset, key, value, headers }) => {
    const body = value.toString();
    text += `${key} ${body} ${JSON.stringify(headers)}\n`;
    if (headers.ce_type === 'checkout.access.denied')
      denials.push({ ...(JSON.parse(body) as Denied), at: `${partition}:${offset}` });
  });
  return { denials, text };
}

const logs = async () =>
  (
    await Promise.all(
      (['intent', 'session-auth', 'webhook-ingest', 'ledger'] as const).map((name) => system.sandbox.logs(name)),
    )
  ).join('\n');

const metricsOf = async (service: 'intent' | 'session-auth' | 'webhook-ingest') =>
  (await fetch(`${system.sandbox.adminUrls[service]}/metrics`)).text();

const refusedBody = (code: string, message: string, fields: object = {}) => ({
  message,
  statusCode: 401,
  errors: [{ code, message, ...fields }],
  error: code,
  error_description: message,
  correlationId: expect.any(String),
});
const rejected = { outcome: 'rejected', error: 'Payment confirmation failed' };

const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

/** A JWT of our own making, with the key id of the real one. */
async function forged(options: { alg?: 'RS256' | 'HS256'; kid?: string } = {}): Promise<string> {
  const { alg = 'RS256' } = options;
  const real = await system.jwt();
  const { kid } = JSON.parse(Buffer.from(real.split('.')[0] ?? '', 'base64url').toString()) as { kid: string };
  const claims = JSON.parse(Buffer.from(real.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  // The public key as an HMAC secret: the classic confusion of algorithms.
  const jwks = await fetch(`${system.commercetools.url}/.well-known/jwks.json`).then((answer) => answer.text());
  const key = alg === 'HS256' ? new TextEncoder().encode(jwks) : foreignKey;
  return new SignJWT(claims).setProtectedHeader({ alg, kid: options.kid ?? kid }).sign(key);
}

/** A real JWT whose header says that it needs no signature. */
async function unsigned(): Promise<string> {
  const [, claims = ''] = (await system.jwt()).split('.');
  return `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${claims}.`;
}

const withJwt = (make: () => Promise<string>) => async () =>
  system.call('GET', '/operations/status', { token: secret(await make()) });
const withToken = (make: () => string) => () =>
  system.call('POST', `/operations/payment-intents/${randomUUID()}`, {
    token: secret(make()),
    body: { actions: [{ action: 'cancelPayment' }] },
  });
const notAuthorized = refusedBody('invalid_token', 'Not authorized', {
  validAuthorities: ['manage_project', 'manage_checkout_payment_intents'],
});
const notActive = refusedBody('invalid_token', 'Session is not active');

interface CallerAttack {
  readonly attack: string;
  readonly ask: () => Promise<Answer>;
  readonly body: unknown;
  readonly audited: Partial<Denied>;
}

const byJwt = (attack: string, make: () => Promise<string>, message: string, reason: string): CallerAttack => ({
  attack,
  ask: withJwt(make),
  body: refusedBody('invalid_token', message),
  audited: { scheme: 'jwt', reason, method: 'GET', route: '/operations/status' },
});
const byToken = (attack: string, make: () => string, body: unknown, reason: string): CallerAttack => ({
  attack,
  ask: withToken(make),
  body,
  audited: { scheme: 'oauth2', reason, method: 'POST', route: '/operations/payment-intents/:id' },
});
const bySession = (attack: string, headers: () => Promise<Record<string, string>>, reason: string): CallerAttack => ({
  attack,
  ask: async () => system.call('GET', '/payments', { headers: await headers() }),
  body: notActive,
  audited: { scheme: 'session', reason, method: 'GET', route: '/payments' },
});

const CALLERS: readonly CallerAttack[] = [
  byJwt('a forged JWT under the key id of the real one', () => forged(), 'invalid signature', 'bad_signature'),
  byJwt('a JWT signed by a key of nobody', () => forged({ kid: 'nobody' }), 'invalid signature', 'unknown_key'),
  byJwt(
    'a JWT signed with the public key as a password',
    () => forged({ alg: 'HS256' }),
    'invalid algorithm',
    'alg_not_allowed',
  ),
  byJwt('a JWT without a signature', unsigned, 'invalid algorithm', 'alg_not_allowed'),
  byJwt('an expired JWT', () => system.jwt({ expiresIn: -60 }), 'jwt expired', 'expired'),
  byJwt(
    'a JWT of another issuer',
    () => system.jwt({ issuer: 'https://evil.example' }),
    'Issuer in the token does not match the expected issuer.',
    'wrong_issuer',
  ),
  byJwt(
    'a JWT of another project',
    () => system.jwt({ projectKey: 'other' }),
    'Project key does not match.',
    'wrong_project',
  ),
  byToken('a token without the permission', () => system.token('manage_payments'), notAuthorized, 'no_permission'),
  byToken('a token of another project', () => system.token('manage_project:other'), notAuthorized, 'no_permission'),
  byToken(
    'a token for one store of the project',
    () => system.token('manage_checkout_payment_intents:shop:berlin'),
    notAuthorized,
    'no_permission',
  ),
  byToken(
    'an invented token',
    () => `token-${randomUUID()}`,
    refusedBody('invalid_token', 'invalid_token'),
    'inactive_token',
  ),
  bySession('no session', async () => ({}), 'missing'),
  bySession(
    "a session of another project's",
    async () => ({ 'x-session-id': secret(await sessionOfAnotherProject()) }),
    'unknown_session',
  ),
  bySession(
    'an expired session',
    async () => {
      const { session } = await checkout();
      system.commercetools.setSessionState(session, 'EXPIRED');
      return { 'x-session-id': session };
    },
    'expired',
  ),
  bySession(
    'a session id that points elsewhere',
    async () => {
      const { session } = await checkout();
      return { 'x-session-id': secret(`x/../${session}`) };
    },
    'unknown_session',
  ),
  bySession(
    'a header that smuggles another one in',
    async () => ({ 'x-session-id': secret(`${randomUUID()}%0d%0ax-session-id: ${(await checkout()).session}`) }),
    'malformed',
  ),
];

/** A live session, but at another project of commercetools. */
async function sessionOfAnotherProject(): Promise<string> {
  const { startCommercetoolsSimulator, createCartAndSession } = await import('@connector/simulator-commercetools');
  const other = await startCommercetoolsSimulator({ projectKey: 'other' });
  try {
    const { sessionId } = await createCartAndSession({
      ctUrl: other.url,
      sessionUrl: other.url,
      projectKey: 'other',
      token: other.issueToken(),
      processorUrl: system.sandbox.url,
      currency: 'EUR',
      centAmount: 100,
      country: 'DE',
    });
    return sessionId;
  } finally {
    await other.close();
  }
}

describe('a caller that may not is refused as documented, and audited', () => {
  /** How many callers were refused as missing, invalid, expired and forbidden. */
  const refusalsSoFar = async (): Promise<number[]> => {
    const checks = /^stripe_connector_session_checks_total\{[^}]*outcome="(\w+)"[^}]*\} (\d+)/gm;
    const counted = [...(await metricsOf('session-auth')).matchAll(checks)];
    return ['missing', 'invalid', 'expired', 'forbidden'].map((outcome) =>
      counted.reduce((sum, [, of, count]) => sum + (of === outcome ? Number(count) : 0), 0),
    );
  };
  let refusedBefore: number[];
  beforeAll(async () => {
    refusedBefore = await refusalsSoFar();
  });

  it.each(CALLERS)('$attack', async ({ ask, body, audited }) => {
    const before = new Set((await audit()).denials.map(({ at }) => at));
    const answer = await ask();
    expect([answer.status, answer.json]).toEqual([401, body]);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    await vi.waitFor(
      async () => {
        const added = (await audit()).denials.filter(({ at }) => !before.has(at));
        expect(added).toContainEqual(expect.objectContaining(audited));
      },
      { timeout: 30_000, interval: 200 },
    );
  });

  it('and every refusal is counted', async () => {
    const refusals = (await refusalsSoFar()).map((count, at) => count - (refusedBefore[at] ?? 0));
    expect(Math.min(...refusals)).toBeGreaterThan(0);
    // A test that is tried again asks again.
    expect(refusals.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(CALLERS.length);
  });
});

describe("a session reaches its own cart's payment only", () => {
  const confirm = (session: string, payment: string, paymentIntent: string) =>
    system.call('POST', `/confirmPayments/${payment}`, { session, body: { paymentIntent } });
  /** The log line of the refusal, found by its correlation id. */
  const isAudited = async ({ headers }: Answer, ...has: string[]) =>
    vi.waitFor(async () => {
      const line = (await system.sandbox.logs('intent'))
        .split('\n')
        .find((text) => text.includes('"confirmPayment"') && text.includes(headers.get('x-correlation-id') as string));
      for (const text of ['"confirmPayment"', ...has]) expect(line).toContain(text);
    }, AT_LENGTH);

  it("refuses a foreign cart's paid payment", async () => {
    const [mine, foreign] = [await opened(), await opened({ pay: true })];
    const answer = await confirm(mine.session, foreign.payment, foreign.paymentIntent);
    expect([answer.status, answer.json]).toEqual([400, rejected]);
    await isAudited(answer, foreign.payment, 'foreign_payment');
    const { transactions } = await system.shopper.payment(mine.payment);
    expect(transactions).toEqual([]);
  });

  it("refuses a foreign PaymentIntent for one's own payment", async () => {
    const [mine, foreign] = [await opened(), await opened({ pay: true })];
    const answer = await confirm(mine.session, mine.payment, foreign.paymentIntent);
    expect([answer.status, answer.json]).toEqual([400, rejected]);
    await isAudited(answer, mine.payment, foreign.paymentIntent, 'foreign_payment');
    expect((await system.shopper.payment(mine.payment)).transactions).toEqual([]);
  });

  it('refuses a client secret in place of an id, without asking Stripe', async () => {
    const mine = await opened({ pay: true });
    const from = system.stripeRelay.calls.length;
    const answer = await confirm(mine.session, mine.payment, mine.answer.sClientSecret as string);
    expect([answer.status, answer.json]).toEqual([400, rejected]);
    expect(system.stripeRelay.calls.slice(from).filter(({ path }) => path.includes('secret'))).toEqual([]);
  });

  it("refuses a foreign customer's stored method", async () => {
    const theirs = await system.storedMethod(await system.customer());
    const { session } = await system.checkout({ customerId: await system.customer() });
    const answer = await system.call('DELETE', `/stored-payment-methods/${theirs.id}`, { session: secret(session) });
    expect([answer.status, answer.json.errors[0].code]).toEqual([404, 'ResourceNotFound']);
    expect(await system.merchant('GET', `/payment-methods/${theirs.id}`)).toMatchObject({ id: theirs.id });
  });
});

/** A request whose path is sent letter by letter: `fetch` would tidy it up. */
const raw = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(system.sandbox.url);
    const req = request({ hostname, port, path, method, headers }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, text }));
    });
    req.once('error', reject);
    req.end();
  });

describe('bodies, headers and paths', () => {
  const inSession = async (body: string, headers: Record<string, string> = {}) =>
    system.call('POST', `/confirmPayments/${randomUUID()}`, { session: (await checkout()).session, body, headers });
  const isLogged = async (correlationId: string, status: number) =>
    vi.waitFor(async () => {
      const lines = (await system.sandbox.logs('intent')).split('\n').filter((line) => line.includes(correlationId));
      expect(lines.some((line) => line.includes('request failed') && line.includes(`"status":${status}`))).toBe(true);
    });

  it.each([
    ['larger than 64 kB', `{"paymentIntent":"${'x'.repeat(70_000)}"}`, 413, 'ContentTooLarge'],
    ['of a megabyte that never closes', '['.repeat(1_000_000), 413, 'ContentTooLarge'],
    ['nested a thousand deep', `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`, 400, 'InvalidJsonInput'],
    ['nested thirty thousand deep', '['.repeat(30_000) + ']'.repeat(30_000), 400, 'InvalidJsonInput'],
    [
      'that pollutes prototypes',
      '{"__proto__":{"paymentIntent":"pi_1"},"constructor":{"prototype":{}}}',
      400,
      'RequiredField',
    ],
    ['that is not JSON', 'paymentIntent=pi_1', 400, 'InvalidJsonInput'],
  ])('refuses a body %s', async (_what, body, status, code) => {
    const answer = await inSession(body);
    expect([answer.status, answer.json.errors[0].code]).toEqual([status, code]);
    await isLogged(answer.headers.get('x-correlation-id') as string, status);
  });

  it('takes no correlation or request id that could break a header or a log line', async () => {
    const evil = 'x"}\\n{"level":"info","msg":"forged';
    const answer = await system.call('GET', '/applePayConfig', {
      headers: { 'x-correlation-id': evil, 'x-request-id': '<script>' },
    });
    expect(answer.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await logs()).not.toContain('forged');
  });

  it('refuses a header with a line break before it reaches any service', async () => {
    const { hostname, port } = new URL(system.sandbox.url);
    const { connect } = await import('node:net');
    const text = await new Promise<string>((resolve, reject) => {
      let answer = '';
      const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname, () =>
        socket.write('GET /applePayConfig HTTP/1.1\r\nHost: x\r\nX-Session-Id: a\rb\r\n\r\n'),
      );
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      socket.once('close', () => resolve(answer));
      socket.once('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  it.each([
    '/../payments',
    '/operations/../payments',
    '/operations/%2e%2e/payments',
    '/config-element/../../metrics',
    '/metrics',
    '/verify/session',
    '/redrive',
    '/confirmPayments/%2e%2e%2f%2e%2e%2fpayments',
    '/confirmPayments/..%2f..%2fetc%2fpasswd',
    '/stored-payment-methods/..%2f..%2fcarts',
    '/operations/payment-intents/%00',
    '/payments/',
    '/payments%2f',
    '/PAYMENTS',
    '/connector-enabler.es.js/../../package.json',
    '/connector-enabler.es.js%2f..%2f..%2fpackage.json',
  ])('reaches nothing by the path %s', async (path) => {
    const from = system.commercetoolsRelay.calls.length;
    const { session } = await checkout();
    const { status, text } = await raw(path, { 'x-session-id': session });
    expect(status, text).toBe(404);
    expect(system.commercetoolsRelay.calls.slice(from)).toEqual([]);
  });

  it.each([
    '/confirmPayments/..%2f..%2fcarts',
    '/operations/payment-intents/..%2fcarts%2f1',
    '/confirmPayments/%E0%A4%A',
  ])('hands no path of a caller on to commercetools: %s', async (path) => {
    const from = system.commercetoolsRelay.calls.length;
    const headers = {
      'x-session-id': (await checkout()).session,
      authorization: `Bearer ${secret(system.token('manage_project'))}`,
    };
    const { status } = await raw(path, headers, 'POST');
    expect(status).toBe(400);
    expect(system.commercetoolsRelay.calls.slice(from)).toEqual([]);
  });
});

describe('repeated and hurried requests', () => {
  it('books an operation that is sent twice once', async () => {
    const { payment, paymentIntent } = await opened({ pay: true });
    const refund = () =>
      system.call('POST', `/operations/payment-intents/${payment}`, {
        token: secret(system.token('manage_project')),
        headers: { 'idempotency-key': 'once' },
        body: { actions: [{ action: 'refundPayment', amount: { centAmount: 500, currencyCode: 'EUR' } }] },
      });
    const answers = await Promise.all([refund(), refund(), refund()]);
    expect(answers.map(({ json }) => json)).toEqual(answers.map(() => ({ outcome: 'received' })));
    const refunds = system.stripe.controls
      .state()
      .refunds.filter(({ payment_intent }) => payment_intent === paymentIntent);
    expect(refunds.map(({ amount }) => amount)).toEqual([500]);
  });

  it('opens one payment for a cart that is opened many times', async () => {
    const { session, cart } = await checkout();
    const answers = await Promise.all(range(4).map(() => system.call('GET', '/payments', { session })));
    expect(new Set(answers.map(({ json }) => json.paymentReference)).size).toBe(1);
    await vi.waitFor(() => {
      const live = system.stripe.controls
        .state()
        .payment_intents.filter(({ metadata, status }) => metadata.cart_id === cart && status !== 'canceled');
      expect(live).toHaveLength(1);
    });
  });

  describe('a webhook', () => {
    const deliver = (body: string, at: number, key = system.secrets.STRIPE_WEBHOOK_SIGNING_SECRET) => {
      const v1 = createHmac('sha256', key).update(`${at}.${body}`).digest('hex');
      return system.call('POST', '/stripe/webhooks', { body, headers: { 'stripe-signature': `t=${at},v1=${v1}` } });
    };
    const event = JSON.stringify({
      id: `evt_${randomUUID().replaceAll('-', '')}`,
      object: 'event',
      type: 'charge.succeeded',
      livemode: false,
      data: {
        object: { id: 'ch_1', object: 'charge', payment_intent: 'pi_1', metadata: { ct_project_key: 'elsewhere' } },
      },
    });
    const now = () => Math.floor(Date.now() / 1000);
    const counted = async (outcome: string) => {
      const metrics = await metricsOf('webhook-ingest');
      return [...metrics.matchAll(/^stripe_connector_webhook_events_total\{(.*)\} (\d+)$/gm)]
        .filter(([, labels]) => labels?.includes(`"${outcome}"`))
        .reduce((sum, [, , count]) => sum + Number(count), 0);
    };

    it.each([
      ['recorded six minutes ago', () => deliver(event, now() - 360), 400, /^Webhook Error: /, 'stale_timestamp'],
      [
        'signed by a stranger',
        () => deliver(event, now(), 'whsec_of_a_stranger'),
        400,
        /^Webhook Error: /,
        'bad_signature',
      ],
      [
        'without a signature',
        () => system.call('POST', '/stripe/webhooks', { body: event }),
        401,
        /"Stripe signature is not valid"/,
        'bad_signature',
      ],
    ] as const)('%s is refused and counted', async (_what, send, status, body, outcome) => {
      const before = await counted(outcome);
      const answer = await send();
      expect(answer.status).toBe(status);
      expect(answer.text).toMatch(body);
      expect(await counted(outcome)).toBe(before + 1);
    });
  });

  it('stops a session that opens too often, and says when to come again', async () => {
    const at = await system.startIntent({ RATE_LIMIT_OPENS_PER_SESSION: '5' });
    const { session } = await checkout();
    const answers: Answer[] = [];
    for (const _ of range(7)) answers.push(await system.call('GET', '/payments', { at, session }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(answers.at(-1)?.json.errors).toEqual([
      { code: 'TooManyRequests', message: 'Too many requests. Please try again later.' },
    ]);
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await system.call('GET', '/payments', { at, session: (await checkout()).session })).status).toBe(200);
    for (const { answer } of answers.map((each) => ({ answer: each.json })))
      if (answer.sClientSecret) secret(answer.sClientSecret);
  });
});

describe('pages of other origins', () => {
  const evil = 'https://evil.example';

  it('may not even ask: the preflight is refused', async () => {
    const headers = {
      origin: evil,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'x-session-id',
    };
    const answer = await system.call('OPTIONS', '/payments', { headers });
    expect([answer.status, answer.json]).toEqual([403, { error: 'Forbidden', message: 'CORS origin not allowed.' }]);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([evil, 'null', 'http://localhost:1', `http://evil.example`])('are shown nothing: %s', async (origin) => {
    const { session } = await checkout();
    const answer = await system.call('GET', '/operations/config', { session, headers: { origin } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('vary')).toContain('Origin');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    const express = await system.call('POST', '/express-config', { body: {}, headers: { origin } });
    expect(express.status).toBe(403);
  });

  it('whose name only begins or ends like a known one are strangers too', async () => {
    for (const origin of [`${system.sandbox.url}.evil.example`, `${system.sandbox.url}/`, `x${system.sandbox.url}`]) {
      const answer = await system.call('POST', '/express-config', { body: {}, headers: { origin } });
      expect(answer.status, origin).toBe(403);
    }
  });
});

describe('after all of this', () => {
  it('no credential and no client secret stands in the audit trail or in any log', async () => {
    const all = [await logs(), (await audit()).text];
    expect(secrets.size).toBeGreaterThan(20);
    for (const text of [...secrets, ...Object.values(system.secrets)]) {
      for (const where of all) expect(where.includes(text), text).toBe(false);
    }
    for (const where of all)
      expect(where).not.toMatch(
        /_secret_[A-Za-z0-9]{8,}|Bearer [A-Za-z0-9]|sk_test_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9]{8,}/,
      );
  });

  it('an honest shopper still pays', async () => {
    const { session, payment, paymentIntent } = await opened({ pay: true });
    const answer = await system.call('POST', `/confirmPayments/${payment}`, { session, body: { paymentIntent } });
    expect([answer.status, answer.json]).toEqual([200, { outcome: 'approved' }]);
  });
});
