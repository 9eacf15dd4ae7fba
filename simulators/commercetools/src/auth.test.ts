import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from './index.ts';

let simulator: CommercetoolsSimulator;
let clock = Date.now();
beforeAll(async () => {
  simulator = await startCommercetoolsSimulator({ now: () => clock, tokenSeconds: 600 });
});
afterAll(() => simulator.close());

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const own = () => basic(simulator.clientId, simulator.clientSecret);

async function form(path: string, authorization: string, fields: Record<string, string>) {
  const response = await fetch(simulator.url + path, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const introspect = (token: string, authorization = own()) => form('/oauth/introspect', authorization, { token });

async function get(path: string, token?: string) {
  const response = await fetch(simulator.url + path, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('tokens', () => {
  it('grants a client all of its scopes, with the lifetime in seconds', async () => {
    const { status, body } = await form('/oauth/token', own(), { grant_type: 'client_credentials' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
    expect(String(body.scope).split(' ')).toEqual(
      expect.arrayContaining(['manage_payments:sandbox', 'view_sessions:sandbox', 'introspect_oauth_tokens:sandbox']),
    );
    expect((await get('/sandbox/payments', String(body.access_token))).status).toBe(200);
  });

  it.each([
    [
      'a wrong secret',
      () => basic(simulator.clientId, 'wrong'),
      { grant_type: 'client_credentials' },
      401,
      'invalid_client',
    ],
    ['an unknown client', () => basic('nobody', ''), { grant_type: 'client_credentials' }, 401, 'invalid_client'],
    ['another grant', own, { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    [
      'a scope that the client lacks',
      own,
      { grant_type: 'client_credentials', scope: 'manage_project:sandbox' },
      400,
      'invalid_scope',
    ],
  ])('refuses %s', async (_case, authorization, fields, status, error) => {
    expect(await form('/oauth/token', authorization(), fields as Record<string, string>)).toMatchObject({
      status,
      body: { error },
    });
  });

  it.each([
    ['no token', undefined],
    ['an unknown token', 'unknown'],
  ])('answers 401 invalid_token to a call with %s', async (_case, token) => {
    expect(await get('/sandbox/payments', token)).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
  });

  it('answers 401 once a token has expired or was revoked', async () => {
    const expired = simulator.issueToken();
    clock += 601_000;
    expect((await get('/sandbox/payments', expired)).status).toBe(401);
    const revoked = simulator.issueToken();
    simulator.revokeTokens();
    expect((await get('/sandbox/payments', revoked)).status).toBe(401);
  });

  it('answers 403 when the scope is missing or is of another project', async () => {
    expect((await get('/sandbox/payments', simulator.issueToken(['view_payments']))).status).toBe(200);
    expect((await get('/sandbox/payments', simulator.issueToken(['manage_orders']))).status).toBe(403);
    expect((await get('/sandbox/payments', simulator.issueToken(['manage_payments:other']))).status).toBe(403);
    expect((await get('/other/payments', simulator.issueToken())).status).toBe(403);
  });
});

describe('introspection', () => {
  it("returns scope, expiry in seconds and client of another client's token", async () => {
    const client = simulator.createClient({ scopes: ['manage_checkout_transactions'] });
    const granted = await form('/oauth/token', basic(client.clientId, client.clientSecret), {
      grant_type: 'client_credentials',
    });
    const { status, body } = await introspect(String(granted.body.access_token));
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        active: true,
        scope: 'manage_checkout_transactions:sandbox',
        exp: Math.floor((clock + 600_000) / 1000),
        client_id: client.clientId,
      },
    });
  });

  it('marks unknown and expired tokens as inactive', async () => {
    const token = simulator.issueToken();
    expect((await introspect(token)).body.active).toBe(true);
    clock += 601_000;
    expect((await introspect(token)).body).toEqual({ active: false });
    expect((await introspect('unknown')).body).toEqual({ active: false });
  });

  it('requires a known client, and a scope for the tokens of others', async () => {
    const token = simulator.issueToken();
    expect(await introspect(token, basic('nobody', 'x'))).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    const client = simulator.createClient({ scopes: ['view_payments'] });
    expect((await introspect(token, basic(client.clientId, client.clientSecret))).status).toBe(403);
  });
});

describe('Merchant Center tokens', () => {
  const jwks = async () => createLocalJWKSet((await get('/.well-known/jwks.json')).body as unknown as JSONWebKeySet);
  const verify = async (token: string) =>
    jwtVerify(token, await jwks(), { algorithms: ['RS256'], issuer: simulator.url, currentDate: new Date(clock) });

  it('are signed with a published key and name the project', async () => {
    const response = await fetch(`${simulator.url}/_sandbox/jwt`, {
      method: 'POST',
      body: JSON.stringify({ claims: { role: 'admin' } }),
    });
    const { token } = (await response.json()) as { token: string };
    expect((await verify(token)).payload).toMatchObject({
      iss: simulator.url,
      [`${simulator.url}/claims/project_key`]: 'sandbox',
      role: 'admin',
    });
  });

  it('can be expired, of another project or of another issuer', async () => {
    await expect(verify(await simulator.mintJwt({ expiresIn: -60 }))).rejects.toThrow(/exp/);
    await expect(verify(await simulator.mintJwt({ issuer: 'https://other' }))).rejects.toThrow(/iss/);
    const foreign = await verify(await simulator.mintJwt({ projectKey: 'other' }));
    expect(foreign.payload[`${simulator.url}/claims/project_key`]).toBe('other');
  });

  it('stay valid for one rotation of the keys unless the previous key is withdrawn', async () => {
    const token = await simulator.mintJwt();
    await simulator.rotateKeys();
    const { kid: before } = (await verify(token)).protectedHeader;
    expect((await verify(await simulator.mintJwt())).protectedHeader.kid).not.toBe(before);
    await simulator.rotateKeys({ keepPrevious: false });
    await expect(verify(token)).rejects.toThrow(/no applicable key/i);
  });
});
