import { createHash } from 'node:crypto';
import { type Commercetools, createCommercetools } from '@connector/commercetools';
import { type EventRecord, eventRecord } from '@connector/contracts';
import { createHttpServer } from '@connector/http';
import { parseConfig } from '@connector/lifecycle';
import { createLogger, metrics } from '@connector/telemetry';
import { type Answer, type CommercetoolsServer, json, serveCommercetools } from '@connector/testing/fakes';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';

const ISSUER = 'https://mc.example.com';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const notActive = {
  message: 'Session is not active',
  statusCode: 401,
  errors: [{ code: 'invalid_token', message: 'Session is not active' }],
  error: 'invalid_token',
  error_description: 'Session is not active',
  correlationId: 'corr-1',
};
const unavailable = 'A service that is needed is not available. Please try again.';
const overloaded = 'Too many payments are being made at the moment. Please try again.';
const silence: Answer = () => {};
const cut: Answer = (req) => req.socket.destroy();
/**
 * Has a short time-out for tests of silence; the others wait longer, because an answer may be late on a busy machine.
 */
const IMPATIENT = { UPSTREAM_TIMEOUT_MS: '1500' };

describe('session-auth', () => {
  let ct: CommercetoolsServer;
  let commercetools: Commercetools;
  let app: ReturnType<typeof createApp>;
  let server: ReturnType<typeof createHttpServer>;
  let published: EventRecord[] = [];

  const start = async (variables: Record<string, string> = {}) => {
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
      CTP_JWT_ISSUER: ISSUER,
      UPSTREAM_TIMEOUT_MS: '20000',
      ...variables,
    });
    commercetools = createCommercetools(config, {
      log,
      timeoutMs: config.UPSTREAM_TIMEOUT_MS,
      claim: { priority: 'urgent', patienceMs: 1_000 },
    });
    const send = async (_topic: string, record: EventRecord) => void published.push(record);
    app = createApp({ config, commercetools, send, log });
    server = createHttpServer({ log, port: 0, routes: app.routes });
    await server.start?.();
  };
  const stop = async () => {
    await server.stop?.();
    await commercetools.close();
  };
  const restart = async (variables: Record<string, string>) => {
    await stop();
    await start(variables);
  };

  beforeEach(async () => {
    published = [];
    ct = await serveCommercetools();
    ct.sessions.set('s-1', sessionOf('cart-1'));
    ct.tokens.set('t-1', { active: true, scope: 'manage_project:shop', client_id: 'operator' });
    await start();
  });
  afterEach(async () => {
    await stop();
    await ct.stop();
  });

  const sessionOf = (cartId: string) => ({
    state: 'ACTIVE',
    activeCart: { cartRef: { id: cartId } },
    metadata: { allowedPaymentMethods: ['card'] },
  });
  const request = async (path: string, init: RequestInit = {}) => {
    const headers = { 'x-correlation-id': 'corr-1', connection: 'close', ...(init.headers as Record<string, string>) };
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { ...init, headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : undefined };
  };
  const verify = (what: string, body: object) =>
    request(`/verify/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const eventsOf = (type: string) =>
    published.filter(({ headers }) => headers.ce_type === type).map(({ value }) => JSON.parse(value.toString()));

  describe('a session', () => {
    it('is answered with its grant, after one call of the Session API with our token', async () => {
      const principal = { cartId: 'cart-1', projectKey: 'shop', allowedPaymentMethods: ['card'] };
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 200, body: principal });
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 200, body: principal });
      const calls = ct.callsTo('/shop/sessions/');
      expect(calls).toHaveLength(1);
      expect(calls[0]?.headers.authorization).toBe('Bearer ours');
    });

    it.each([
      ['absent', {}, 'missing'],
      ['null', { sessionId: null }, 'missing'],
      ['blank', { sessionId: ' ' }, 'missing'],
      ['not one', { sessionId: 'a b' }, 'malformed'],
      ['a header injection', { sessionId: 'a\r\nx-evil: 1' }, 'malformed'],
      ['a folder', { sessionId: '..' }, 'unknown_session'],
    ])('that is %s is refused without a call', async (_case, body, reason) => {
      const answer = await verify('session', { ...body, method: 'GET', route: '/payments' });
      expect(answer).toMatchObject({ status: 401, body: notActive });
      expect(ct.callsTo('/shop/')).toHaveLength(0);
      expect(eventsOf('checkout.access.denied')).toMatchObject([
        { scheme: 'session', reason, method: 'GET', route: '/payments' },
      ]);
    });

    it.each([
      ['unknown', () => {}, 'unknown_session'],
      ['expired', () => ct.sessions.set('s-2', { ...sessionOf('cart-2'), state: 'EXPIRED' }), 'expired'],
      ['without a cart', () => ct.sessions.set('s-2', { state: 'ACTIVE' }), 'no_cart'],
      ['called invalid', () => ct.instead.set('/shop/sessions', json(400, {})), 'unknown_session'],
    ])('that is %s is refused, all with the same answer', async (_case, prepare, reason) => {
      prepare();
      for (let n = 0; n < 3; n += 1) {
        expect(await verify('session', { sessionId: 's-2' })).toMatchObject({ status: 401, body: notActive });
      }
      expect(ct.callsTo('/shop/sessions/')).toHaveLength(1);
      expect(eventsOf('checkout.access.denied')[0]).toEqual({
        scheme: 'session',
        reason,
        credentialHash: sha256('s-2'),
      });
    });

    it.each([
      ['fails', json(500, {}, { 'retry-after': '9' }), unavailable],
      ['limits us', json(429, {}), overloaded],
      ['limits us for longer than anybody waits', json(503, {}, { 'retry-after': '9' }), overloaded],
      ['lacks our permission', json(403, {}), unavailable],
      ['refuses our token', json(401, {}), unavailable],
      ['answers a page', ((_req, res) => res.writeHead(200).end('<html>')) as Answer, unavailable],
      ['cuts the connection', cut, unavailable],
      ['is silent', silence, unavailable],
    ])('is answered 503 while the Session API %s, and nothing is cached', async (_case, fault, message) => {
      await restart(fault === silence ? IMPATIENT : {});
      ct.instead.set('/shop/sessions', fault);
      const answer = await verify('session', { sessionId: 's-1' });
      expect(answer).toMatchObject({ status: 503, body: { message, statusCode: 503 } });
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      ct.instead.clear();
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 200 });
      expect(eventsOf('checkout.access.denied')).toEqual([]);
    });

    it('cannot be checked while the authorization server is down', async () => {
      ct.instead.set('/oauth/token', json(503, {}));
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 503 });
    });

    it('is looked up again when a connection is closed', async () => {
      ct.instead.set('/shop/sessions', (req) => {
        ct.instead.clear();
        req.socket.destroy();
      });
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 200 });
      expect(ct.callsTo('/shop/sessions')).toHaveLength(2);
    });

    it('that is in the cache outlives an outage', async () => {
      await verify('session', { sessionId: 's-1' });
      ct.instead.set('/', cut);
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 200 });
    });

    it('that is revoked is refused when its time in the cache is over', async () => {
      await restart({ SESSION_CACHE_TTL_MS: '40', REFUSED_CACHE_TTL_MS: '0' });
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 200 });
      ct.sessions.delete('s-1');
      await expect.poll(async () => (await verify('session', { sessionId: 's-1' })).status).toBe(401);
    });

    it('that is revoked is refused at once without a cache', async () => {
      await restart({ SESSION_CACHE_TTL_MS: '0', REFUSED_CACHE_TTL_MS: '0' });
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 200 });
      ct.sessions.delete('s-1');
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 401 });
    });

    it('with an unreadable gift card amount is answered 500, not as a session without one', async () => {
      ct.sessions.set('s-2', { ...sessionOf('c'), metadata: { giftCardPlannedAmount: { centAmount: 'x' } } });
      expect(await verify('session', { sessionId: 's-2' })).toMatchObject({ status: 500 });
    });

    it('with a path as its id reaches no other path', async () => {
      await verify('session', { sessionId: '../carts/c1?x=/y' });
      expect(ct.calls.at(-1)?.path).toBe('/shop/sessions/..%2Fcarts%2Fc1%3Fx%3D%2Fy');
    });

    it('is looked up once for many concurrent requests', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => verify('session', { sessionId: 's-1' })));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(ct.callsTo('/shop/sessions/')).toHaveLength(1);
    });

    it('is published to the audit trail once per lookup, with its hash', async () => {
      for (let n = 0; n < 3; n += 1) await verify('session', { sessionId: 's-1' });
      expect(eventsOf('checkout.session.verified')).toEqual([{ credentialHash: sha256('s-1'), cartId: 'cart-1' }]);
      expect(published.map(({ key }) => key)).toEqual(['cart-1']);
      expect(JSON.stringify(published.map(({ value }) => value.toString()))).not.toContain('s-1"');
    });

    const transaction = {
      id: 't-1',
      type: 'Charge',
      state: 'Success',
      amount: { centAmount: 100, currencyCode: 'EUR', fractionDigits: 2 },
    } as const;
    const recorded = (cartId: string, ...transactions: (typeof transaction)[]) =>
      eventRecord(
        'checkout.transaction.recorded',
        { key: 'pi_1', id: 'e1', source: '/test' },
        {
          paymentId: 'p',
          paymentIntentId: 'pi_1',
          paymentVersion: 2,
          causeId: 'evt_1',
          causeType: 'x',
          cartId,
          transactions,
        },
      );

    it('is looked up again after the ledger recorded a transaction of its cart', async () => {
      await verify('session', { sessionId: 's-1' });
      app.evictCart(recorded('another-cart', transaction));
      app.evictCart(recorded('cart-1'));
      app.evictCart({ headers: { ce_type: 'checkout.transaction.recorded' }, value: Buffer.from('not json') });
      app.evictCart({ headers: {}, value: Buffer.from('') });
      ct.sessions.delete('s-1');
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 200 });
      app.evictCart(recorded('cart-1', transaction));
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 401 });
    });

    it('of a cart with a transaction is answered from the cache only for the confirmation', async () => {
      const confirmation = { sessionId: 's-1', method: 'POST', route: '/confirmPayments/:id' };
      await verify('session', { sessionId: 's-1' });
      app.evictCart(recorded('cart-1', transaction));
      const callsBefore = ct.callsTo('/shop/sessions/').length;
      expect(await verify('session', confirmation)).toMatchObject({
        status: 200,
        body: { cartId: 'cart-1', freshForMs: 0 },
      });
      expect(ct.callsTo('/shop/sessions/')).toHaveLength(callsBefore);
      ct.sessions.delete('s-1');
      const opening = { sessionId: 's-1', method: 'GET', route: '/payments' };
      expect(await verify('session', opening)).toMatchObject({ status: 401 });
      expect(await verify('session', confirmation)).toMatchObject({ status: 401 });
    });

    it('beyond the limit of lookups is answered 503, while cached ones pass', async () => {
      await restart({ UPSTREAM_CONCURRENCY: '1', UPSTREAM_TIMEOUT_MS: '60000' });
      await verify('session', { sessionId: 's-1' });
      const held: (() => void)[] = [];
      ct.instead.set('/shop/sessions', (req, res) => void held.push(() => json(404, {})(req, res)));
      const statuses: number[] = [];
      const flood = Array.from({ length: 60 }, async (_, n) => {
        const { status } = await verify('session', { sessionId: `no-${n}` });
        statuses.push(status);
      });
      await expect.poll(() => statuses).toEqual(Array.from({ length: 39 }, () => 503));
      ct.instead.clear();
      for (const answer of held) answer();
      await Promise.all(flood);
      expect(statuses.filter((status) => status === 401)).toHaveLength(21);
      expect(await verify('session', { sessionId: 's-1' })).toMatchObject({ status: 200 });
    });

    it('is counted by outcome and by cache hit or miss', async () => {
      const count = async (labels: Record<string, string>) => {
        const { values } = await metrics.sessionChecks.get();
        return values.find((v) => v.labels.outcome === labels.outcome && v.labels.cache === labels.cache)?.value ?? 0;
      };
      const kinds = [
        { outcome: 'allowed', cache: 'miss' },
        { outcome: 'allowed', cache: 'hit' },
        { outcome: 'invalid', cache: 'miss' },
        { outcome: 'invalid', cache: 'hit' },
      ];
      const before = await Promise.all(kinds.map(count));
      for (const sessionId of ['s-1', 's-1', 's-9', 's-9']) await verify('session', { sessionId });
      expect(await Promise.all(kinds.map(count))).toEqual(before.map((n) => n + 1));
    });
  });

  describe('a Merchant Center JWT', () => {
    const keyPair = generateKeyPair('RS256', { extractable: true });
    const jwtWith = async (claims: Record<string, unknown> = {}) => {
      const { publicKey, privateKey } = await keyPair;
      ct.keys.splice(0, 1, { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' });
      const exp = Math.floor(Date.now() / 1000) + 60;
      return new SignJWT({ iss: ISSUER, sub: 'user-1', exp, [`${ISSUER}/claims/project_key`]: 'shop', ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .sign(privateKey);
    };

    it('is answered with its subject', async () => {
      const answer = await verify('jwt', { authorization: `Bearer ${await jwtWith()}` });
      expect(answer).toMatchObject({ status: 200, body: { subject: 'user-1', projectKey: 'shop' } });
    });

    it.each([
      ['absent', async () => undefined, 'access_denied', 'This endpoint requires the authorization header.', 'missing'],
      [
        'of another form',
        async () => 'Basic abc',
        'invalid_request',
        "Authorization header must have the format 'Bearer <token>'",
        'malformed',
      ],
      ['malformed', async () => 'Bearer abc', 'invalid_token', 'jwt malformed', 'malformed'],
      ['over', async () => `Bearer ${await jwtWith({ exp: 1 })}`, 'invalid_token', 'jwt expired', 'expired'],
      [
        'of another issuer',
        async () => `Bearer ${await jwtWith({ iss: 'https://evil.example.com' })}`,
        'invalid_token',
        'Issuer in the token does not match the expected issuer.',
        'wrong_issuer',
      ],
      [
        'of another project',
        async () => `Bearer ${await jwtWith({ [`${ISSUER}/claims/project_key`]: 'other' })}`,
        'invalid_token',
        'Project key does not match.',
        'wrong_project',
      ],
    ])('that is %s is refused', async (_case, header, code, message, reason) => {
      const authorization = await header();
      expect(await verify('jwt', { authorization, route: '/operations/status' })).toMatchObject({
        status: 401,
        body: { message, statusCode: 401, errors: [{ code, message }], error: code, error_description: message },
      });
      const [event] = eventsOf('checkout.access.denied');
      expect(event).toMatchObject({ scheme: 'jwt', reason, route: '/operations/status' });
      expect(JSON.stringify(published.map(({ value }) => value.toString()))).not.toContain('eyJ');
    });

    it('for another audience is refused if an audience is expected', async () => {
      await restart({ JWT_AUDIENCE: 'https://payments.example.com' });
      const ask = async (aud?: string) =>
        (await verify('jwt', { authorization: `Bearer ${await jwtWith(aud === undefined ? {} : { aud })}` })).status;
      expect([await ask('https://payments.example.com'), await ask('https://other.example.com'), await ask()]).toEqual([
        200, 401, 401,
      ]);
      expect(eventsOf('checkout.access.denied')[0]).toMatchObject({ scheme: 'jwt', reason: 'wrong_audience' });
    });

    it('with an end that no calendar has is granted', async () => {
      const authorization = `Bearer ${await jwtWith({ exp: 1e15 })}`;
      expect(await verify('jwt', { authorization })).toMatchObject({ status: 200 });
    });

    it('is answered 503 while the keys cannot be read', async () => {
      ct.instead.set('/jwks.json', json(500, {}));
      const authorization = `Bearer ${await jwtWith()}`;
      expect(await verify('jwt', { authorization })).toMatchObject({ status: 503 });
      ct.instead.clear();
      expect(await verify('jwt', { authorization })).toMatchObject({ status: 200 });
    });
  });

  describe('an OAuth2 token', () => {
    const anyOf = ['manage_project', 'manage_checkout_transactions'];
    const check = (token: string, needs = anyOf) =>
      verify('oauth2', { authorization: `Bearer ${token}`, anyOf: needs });

    it('is answered with its client and permissions, after one introspection with our credentials', async () => {
      const principal = { clientId: 'operator', permissions: ['manage_project'] };
      expect(await check('t-1')).toMatchObject({ status: 200, body: principal });
      expect(await check('t-1')).toMatchObject({ status: 200, body: principal });
      const calls = ct.callsTo('/oauth/introspect');
      expect(calls).toHaveLength(1);
      expect(calls[0]?.headers.authorization).toBe(`Basic ${btoa('client:secret')}`);
      expect(calls[0]?.body).toBe('token=t-1');
    });

    it('is checked for the permissions of each request, also from the cache', async () => {
      expect(await check('t-1')).toMatchObject({ status: 200 });
      expect(await check('t-1', ['manage_checkout_payment_intents'])).toMatchObject({
        status: 401,
        body: {
          errors: [
            { code: 'invalid_token', message: 'Not authorized', validAuthorities: ['manage_checkout_payment_intents'] },
          ],
        },
      });
    });

    it('that is active is granted whatever its end says, and asked about each time where that is past by our clock', async () => {
      ct.tokens.set('t-1', { active: true, scope: 'manage_project:shop', client_id: 'operator', exp: 1_634_712_183 });
      for (let n = 0; n < 2; n += 1) expect(await check('t-1')).toMatchObject({ status: 200 });
      expect(ct.callsTo('/oauth/introspect')).toHaveLength(2);
    });

    it('that is unknown is refused, and not looked up again', async () => {
      for (let n = 0; n < 3; n += 1) {
        expect(await check('nope')).toMatchObject({ status: 401, body: { message: 'invalid_token' } });
      }
      expect(ct.callsTo('/oauth/introspect')).toHaveLength(1);
    });

    it('that is revoked is refused when its time in the cache is over', async () => {
      await restart({ TOKEN_CACHE_TTL_MS: '40', REFUSED_CACHE_TTL_MS: '0' });
      expect(await check('t-1')).toMatchObject({ status: 200 });
      ct.tokens.set('t-1', { active: false });
      await expect.poll(async () => (await check('t-1')).status).toBe(401);
    });

    it('that is revoked is refused at once without a cache', async () => {
      await restart({ TOKEN_CACHE_TTL_MS: '0', REFUSED_CACHE_TTL_MS: '0' });
      expect(await check('t-1')).toMatchObject({ status: 200 });
      ct.tokens.set('t-1', { active: false });
      expect(await check('t-1')).toMatchObject({ status: 401 });
    });

    it('cannot inject parameters into the introspection', async () => {
      await check('t-1&token_type_hint=x');
      expect(ct.callsTo('/oauth/introspect')[0]?.body).toBe('token=t-1%26token_type_hint%3Dx');
    });

    it('is refused with the authorization server’s message when that server refuses our own client', async () => {
      ct.instead.set('/oauth/introspect', json(401, { error: 'invalid_client', message: 'Bad client.' }));
      expect(await check('t-1')).toMatchObject({
        status: 401,
        body: { error: 'invalid_client', message: 'Bad client.' },
      });
      expect(eventsOf('checkout.access.denied')).toMatchObject([{ reason: 'client_refused' }]);
    });

    it.each([
      ['fails', json(500, {}), 503, unavailable],
      ['limits us', json(429, {}), 503, overloaded],
      ['is silent', silence, 503, unavailable],
      ['refuses to say', json(403, {}), 500, 'Failed to authorize request.'],
      ['answers nonsense', json(200, { active: 'yes' }), 500, 'Failed to authorize request.'],
    ])('is not decided while the authorization server %s', async (_case, fault, status, message) => {
      await restart(fault === silence ? IMPATIENT : {});
      ct.instead.set('/oauth/introspect', fault);
      expect(await check('t-1')).toMatchObject({ status, body: { message, statusCode: status } });
    });

    it.each([[{ anyOf: [] }], [{}], [{ anyOf: ['manage_project:shop'] }]])(
      'needs permissions by name: %j',
      async (body) => {
        expect(await verify('oauth2', { authorization: 'Bearer t-1', ...body })).toMatchObject({ status: 400 });
      },
    );
  });

  describe('a gateway', () => {
    const ask = {
      nginx: (method: string, target: string, headers: Record<string, string>) =>
        request('/ext-auth/nginx', { headers: { ...headers, 'x-original-method': method, 'x-original-uri': target } }),
      traefik: (method: string, target: string, headers: Record<string, string>) =>
        request('/ext-auth/traefik', {
          headers: { ...headers, 'x-forwarded-method': method, 'x-forwarded-uri': target },
        }),
      envoy: (method: string, target: string, headers: Record<string, string>) =>
        request(`/ext-auth/envoy${target}`, { method, headers }),
    };
    const gateways = Object.keys(ask) as (keyof typeof ask)[];

    it.each(gateways)('%s lets a good session pass, with its identity', async (gateway) => {
      const answer = await ask[gateway]('GET', '/payments?x=1', { 'x-session-id': 's-1' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-auth-scheme')).toBe('session');
      expect(answer.headers.get('x-auth-cart-id')).toBe('cart-1');
      expect(answer.headers.get('x-auth-project-key')).toBe('shop');
    });

    it.each(gateways)('%s gets 401 for a bad session, 403 for an unknown route', async (gateway) => {
      expect(await ask[gateway]('GET', '/payments', { 'x-session-id': 'no' })).toMatchObject({
        status: 401,
        body: notActive,
      });
      expect(await ask[gateway]('GET', '/payments', {})).toMatchObject({ status: 401 });
      expect(await ask[gateway]('GET', '/metrics', { 'x-session-id': 's-1' })).toMatchObject({ status: 403 });
      expect(await ask[gateway]('DELETE', '/payments', { 'x-session-id': 's-1' })).toMatchObject({ status: 403 });
    });

    it.each(gateways)('%s lets preflights and open routes pass without a credential', async (gateway) => {
      const preflight = await ask[gateway]('OPTIONS', '/payments', {});
      expect(preflight.status).toBe(200);
      expect(preflight.headers.get('x-auth-cart-id')).toBeNull();
      expect(await ask[gateway]('POST', '/stripe/webhooks', {})).toMatchObject({ status: 200 });
    });

    it.each(gateways)('%s has the route’s permission checked', async (gateway) => {
      const authorization = 'Bearer t-1';
      const answer = await ask[gateway]('POST', '/operations/payment-intents/p1', { authorization });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-auth-client-id')).toBe('operator');
      ct.tokens.set('t-2', { active: true, scope: 'manage_project:other' });
      expect(await ask[gateway]('POST', '/operations/transactions', { authorization: 'Bearer t-2' })).toMatchObject({
        status: 401,
        body: { message: 'Not authorized' },
      });
      expect(await ask[gateway]('GET', '/operations/status', { authorization })).toMatchObject({ status: 401 });
    });

    it.each([
      ['nginx', 403],
      ['traefik', 503],
      ['envoy', 503],
    ] as const)('%s is refused while a check is impossible: %i', async (gateway, status) => {
      ct.instead.set('/shop/sessions', cut);
      expect(await ask[gateway]('GET', '/payments', { 'x-session-id': 's-1' })).toMatchObject({ status });
    });

    it('is identified only by its own headers, so that a client cannot name another route', async () => {
      const spoofed = { 'x-original-method': 'GET', 'x-original-uri': '/applePayConfig' };
      expect(await ask.traefik('GET', '/payments', spoofed)).toMatchObject({ status: 401 });
      expect(await ask.envoy('GET', '/payments', spoofed)).toMatchObject({ status: 401 });
      const forwarded = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/applePayConfig' };
      expect(await ask.nginx('GET', '/payments', forwarded)).toMatchObject({ status: 401 });
      expect(await request('/ext-auth/traefik', { headers: spoofed })).toMatchObject({ status: 403 });
      expect(await request('/ext-auth/nginx')).toMatchObject({ status: 403 });
    });

    it('may serve the connector under a path', async () => {
      await restart({ EXT_AUTH_PATH_PREFIX: '/stripe' });
      const session = { 'x-session-id': 's-1' };
      expect(await ask.traefik('GET', '/stripe/payments', session)).toMatchObject({ status: 200 });
      expect(await ask.traefik('GET', '/payments', session)).toMatchObject({ status: 403 });
      expect(await ask.traefik('GET', '/stripepayments', session)).toMatchObject({ status: 403 });
    });
  });

  it.each([
    ['unreadable JSON', '{', 400],
    ['no object', '[]', 400],
    ['a session id that is no text', '{"sessionId":7}', 400],
    ['too much', JSON.stringify({ sessionId: 'x'.repeat(40_000) }), 413],
  ])('answers a body that is %s with %s', async (_case, body, status) => {
    const headers = { 'content-type': 'application/json' };
    expect(await request('/verify/session', { method: 'POST', headers, body })).toMatchObject({ status });
  });
});
