import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCartAndSession, fetchToken } from './index.ts';
import { type TestProject, testProject } from './test-project.ts';

let test: TestProject;
let clock = Date.now();
beforeAll(async () => {
  test = await testProject({ now: () => clock, sessionSeconds: 3600 });
});
afterAll(() => test.simulator.close());
beforeEach(() => test.simulator.reset());

const control = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(`${test.simulator.url}/_sandbox${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

async function shop(options: { metadata?: Record<string, unknown> } = {}) {
  const { url, clientId, clientSecret, projectKey } = test.simulator;
  const { access_token: token } = await fetchToken({ authUrl: url, clientId, clientSecret });
  return createCartAndSession({
    ctUrl: url,
    sessionUrl: url,
    projectKey,
    token,
    currency: 'EUR',
    centAmount: 1190,
    country: 'DE',
    anonymousId: 'anon-1',
    processorUrl: 'http://localhost:8080',
    returnUrl: 'http://localhost:8080/thanks',
    ...options,
  });
}

const payment = async (key: string) =>
  (await test.call('POST', '/payments', { key, amountPlanned: { centAmount: 1, currencyCode: 'EUR' } })).body;

describe('sessions', () => {
  it("have the form of the Session API's answers", async () => {
    const { cartId, sessionId } = await shop({ metadata: { checkoutTransactionItemId: 'item-1' } });
    const { status, body } = await test.call('GET', `/sessions/${sessionId}`);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        id: sessionId,
        version: 1,
        createdAt: new Date(clock).toISOString(),
        lastModifiedAt: new Date(clock).toISOString(),
        state: 'ACTIVE',
        activeCart: { cartRef: { id: cartId } },
        customer: { anonymousId: 'anon-1' },
        metadata: {
          processorUrl: 'http://localhost:8080',
          merchantReturnUrl: 'http://localhost:8080/thanks',
          checkoutTransactionItemId: 'item-1',
        },
      },
    });
  });

  it('expire with time, and by the control plane; deleted ones are gone', async () => {
    const { sessionId } = await shop();
    expect((await control('POST', `/sessions/${sessionId}`, { state: 'EXPIRED' })).body).toMatchObject({
      state: 'EXPIRED',
    });
    expect((await test.call('GET', `/sessions/${sessionId}`)).body).toMatchObject({ state: 'EXPIRED', version: 2 });
    const other = await shop();
    clock += 3_601_000;
    expect((await test.call('GET', `/sessions/${other.sessionId}`)).body).toMatchObject({ state: 'EXPIRED' });
    expect((await test.call('DELETE', `/sessions/${other.sessionId}`)).status).toBe(200);
    expect((await test.call('GET', `/sessions/${other.sessionId}`)).status).toBe(404);
  });

  it.each([
    ['without a cart', { metadata: { processorUrl: 'x' } }],
    ['for a cart that does not exist', { cart: { cartRef: { id: 'none' } }, metadata: { processorUrl: 'x' } }],
    ['without processorUrl and applicationKey', { cart: { cartRef: { id: 'none' } }, metadata: {} }],
  ])('are refused %s', async (_case, draft) => {
    expect((await test.call('POST', '/sessions', draft)).status).toBe(400);
  });

  it('are created with manage_sessions and read with view_sessions', async () => {
    const { sessionId, cartId } = await shop();
    const viewer = { authorization: `Bearer ${test.simulator.issueToken(['view_sessions'])}` };
    const sessions = `${test.simulator.url}/sandbox/sessions`;
    expect((await fetch(`${sessions}/${sessionId}`, { headers: viewer })).status).toBe(200);
    const body = JSON.stringify({ cart: { cartRef: { id: cartId } }, metadata: { processorUrl: 'x' } });
    expect((await fetch(sessions, { method: 'POST', headers: viewer, body })).status).toBe(403);
  });
});

describe('faults', () => {
  it('fail matching calls, as often as configured, before they have an effect', async () => {
    await control('PUT', '/faults', [{ match: '^POST /sandbox/payments', status: 503, times: 1 }]);
    expect((await test.call('GET', '/payments')).status).toBe(200);
    expect((await test.call('POST', '/payments', {})).status).toBe(503);
    expect((await payment('later')).version).toBe(1);
    expect((await test.simulator.state()).payments).toHaveLength(1);
  });

  it('lose the answer of a call that took effect, as an error or as a broken connection', async () => {
    test.simulator.setFaults([{ match: '^POST', status: 504, when: 'after', times: 1 }]);
    const draft = (key: string) => ({ key, amountPlanned: { centAmount: 1, currencyCode: 'EUR' } });
    expect((await test.call('POST', '/payments', draft('lost-1'))).status).toBe(504);
    test.simulator.setFaults([{ match: '^POST', reset: true, when: 'after', times: 1 }]);
    await expect(test.call('POST', '/payments', draft('lost-2'))).rejects.toThrow();
    const { payments } = await test.simulator.state();
    expect(payments.map((each) => each.key)).toEqual(['lost-1', 'lost-2']);
  });

  it('match queries, and never hit the control plane', async () => {
    test.simulator.setFaults([{ match: 'GET /sandbox/payments\\?where=', status: 500 }]);
    expect((await test.call('GET', '/payments?limit=1')).status).toBe(200);
    expect((await test.call('GET', `/payments?where=${encodeURIComponent('key="a"')}`)).status).toBe(500);
    test.simulator.setFaults([{ status: 500 }]);
    expect((await control('GET', '/faults')).body).toMatchObject([{ status: 500 }]);
  });

  it('stay unchanged when the new ones are invalid', async () => {
    expect((await control('PUT', '/faults', [{ latency: 1 }])).status).toBe(400);
    expect(test.simulator.faults()).toEqual([]);
  });
});

describe('state, log and reset', () => {
  it('return everything, or what belongs to some payments', async () => {
    const { cartId, sessionId } = await shop();
    await shop();
    const mine = await payment('mine');
    await payment('other');
    const add = { action: 'addPayment', payment: { typeId: 'payment', id: mine.id } };
    await test.call('POST', `/carts/${cartId}`, { version: 1, actions: [add] });
    const all = await control('GET', '/state');
    expect({ payments: all.body.payments, carts: all.body.carts }).toMatchObject({
      payments: [{}, {}],
      carts: [{}, {}],
    });
    const some = await control('GET', `/state?payments=${mine.id}`);
    expect(some.body).toMatchObject({
      payments: [{ key: 'mine' }],
      carts: [{ id: cartId }],
      sessions: [{ id: sessionId }],
    });
  });

  it('contain the calls with their trace and correlation ids, without those of the control plane', async () => {
    const headers = {
      authorization: `Bearer ${test.simulator.issueToken()}`,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-correlation-id': 'corr-1',
    };
    await fetch(`${test.simulator.url}/sandbox/payments/none?expand=customer`, { headers });
    await test.call('GET', '/carts');
    await control('GET', '/state');
    const { body } = await control('GET', `/log?match=${encodeURIComponent('GET /sandbox/payments')}`);
    expect(body).toMatchObject([
      {
        method: 'GET',
        path: '/sandbox/payments/none?expand=customer',
        status: 404,
        traceparent: headers.traceparent,
        correlationId: 'corr-1',
        ms: expect.any(Number),
      },
    ]);
    expect(test.simulator.log().map((call) => call.path)).toEqual([
      '/sandbox/payments/none?expand=customer',
      '/sandbox/carts',
    ]);
  });

  it('restart empty, with types, clients and tokens in place', async () => {
    const token = test.simulator.issueToken();
    await test.call('POST', '/types', { key: 'kept', name: { en: 'kept' }, resourceTypeIds: ['payment'] });
    await shop();
    await payment('gone');
    test.simulator.setFaults([{ latencyMs: 1 }]);
    expect((await control('POST', '/reset')).status).toBe(200);
    expect(await test.simulator.state()).toMatchObject({
      payments: [],
      carts: [],
      sessions: [],
      types: [{ key: 'kept' }],
    });
    expect(test.simulator.faults()).toEqual([]);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${test.simulator.url}/sandbox/types/key=kept`, { headers })).status).toBe(200);
    expect((await payment('gone')).version).toBe(1);
  });

  it('create clients and rotate keys over HTTP', async () => {
    const { body } = await control('POST', '/clients', { scopes: ['view_payments'] });
    const { url } = test.simulator;
    const token = await fetchToken({
      authUrl: url,
      clientId: String(body.clientId),
      clientSecret: String(body.clientSecret),
    });
    expect(token.scope).toBe('view_payments:sandbox');
    const { body: rotated } = await control('POST', '/rotate-keys');
    const jwks = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
    expect(jwks.keys[0]?.kid).toBe(rotated.kid);
  });
});

describe('HTTP edges', () => {
  it('answers 404 to unknown paths and 400 to bodies that are not JSON', async () => {
    const { url } = test.simulator;
    const headers = { authorization: `Bearer ${test.simulator.issueToken(['manage_project'])}` };
    expect((await fetch(`${url}/sandbox/no-such-collection`, { headers })).status).toBe(404);
    expect((await control('GET', '/nothing')).status).toBe(404);
    const response = await fetch(`${test.simulator.url}/sandbox/payments`, { method: 'POST', headers, body: '{' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ code: 'InvalidJsonInput' }] });
  });
});

describe('as a process', () => {
  it('prints its address when it is ready, and ends on SIGTERM', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
      env: { PATH: process.env.PATH, CT_SIM_PORT: '0', CT_SIM_PROJECT_KEY: 'my-shop' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    expect(line).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+$/);
    const url = line.slice('ready '.length);
    const token = await fetchToken({ authUrl: url, clientId: 'sandbox-client', clientSecret: 'sandbox-secret' });
    expect(token.scope).toContain('manage_payments:my-shop');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
