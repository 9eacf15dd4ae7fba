import { TransientError } from '@connector/errors';
import type { Fetch } from '@connector/http';
import { beforeEach, describe, expect, it } from 'vitest';
import { basicCredentials, createTokens } from './tokens.ts';

/** The authorization server as a function: it answers with numbered tokens, or with the next answer of the queue. */
const authorizationServer = () => {
  const queue: (() => Response | Error)[] = [];
  const requests: { url: string; init: RequestInit }[] = [];
  let issued = 0;
  const fetch: Fetch = async (input, init = {}) => {
    requests.push({ url: String(input), init });
    const next = queue.shift();
    if (!next) {
      issued += 1;
      return Response.json({ access_token: `token-${issued}`, expires_in: 3600, scope: 'manage_payments:shop' });
    }
    const answer = next();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { fetch, requests, queue };
};

describe('the token cache', () => {
  let clock = 0;
  let server = authorizationServer();
  let secret = 's:ecret';
  const tokens = () =>
    createTokens({
      authUrl: 'https://auth.example.com',
      credentials: () => basicCredentials('id', secret),
      fetch: server.fetch,
      now: () => clock,
      random: () => 0.5,
    });
  beforeEach(() => {
    clock = 1_000_000;
    server = authorizationServer();
  });

  it('sends Basic credentials and no scope', async () => {
    await tokens().get();
    const [request] = server.requests;
    expect(request?.url).toBe('https://auth.example.com/oauth/token');
    expect(request?.init.body).toBe('grant_type=client_credentials');
    expect(new Headers(request?.init.headers).get('authorization')).toBe(`Basic ${btoa('id:s:ecret')}`);
  });

  it('sends the present credentials', async () => {
    const cache = tokens();
    await cache.get();
    secret = 'another';
    await cache.request();
    secret = 's:ecret';
    const sent = server.requests.map(({ init }) => new Headers(init.headers).get('authorization'));
    expect(sent).toEqual([`Basic ${btoa('id:s:ecret')}`, `Basic ${btoa('id:another')}`]);
  });

  it('sends the configured scopes', async () => {
    const { fetch } = server;
    const asked = { authUrl: 'https://auth.example.com', credentials: () => basicCredentials('id', 's'), fetch };
    await createTokens({ ...asked, scope: 'manage_payments:shop view_sessions:shop' }).get();
    expect(Object.fromEntries(new URLSearchParams(String(server.requests[0]?.init.body)))).toEqual({
      grant_type: 'client_credentials',
      scope: 'manage_payments:shop view_sessions:shop',
    });
  });

  it.each([
    [400, { error: 'invalid_scope', error_description: 'manage_all is not granted' }, '401: invalid_scope'],
    [401, { error: 'invalid_client' }, '401: invalid_client'],
    [401, { error: 'With spaces and <b>' }, '401'],
  ])('names only the code of a refusal: %i %j', async (status, body, ending) => {
    server.queue.push(() => Response.json(body, { status }));
    await expect(tokens().get()).rejects.toThrow(new RegExp(`answered ${ending}$`));
  });

  it('asks once for many concurrent callers', async () => {
    const cache = tokens();
    const got = await Promise.all(Array.from({ length: 50 }, () => cache.get()));
    expect(new Set(got.map((token) => token.accessToken))).toEqual(new Set(['token-1']));
    expect(server.requests).toHaveLength(1);
  });

  it('keeps a token while the token is valid', async () => {
    const cache = tokens();
    await cache.get();
    clock += 3000 * 1000;
    expect((await cache.get()).accessToken).toBe('token-1');
    expect(server.requests).toHaveLength(1);
  });

  it('renews a token before its expiry, without making a caller wait', async () => {
    const cache = tokens();
    await cache.get();
    clock += (3600 - 300) * 1000;
    expect((await cache.get()).accessToken).toBe('token-1');
    await expect.poll(async () => (await cache.get()).accessToken).toBe('token-2');
    expect(server.requests).toHaveLength(2);
  });

  it('continues with the present token when an early renewal fails, and pauses before the next try', async () => {
    const cache = tokens();
    await cache.get();
    server.queue.push(() => new Error('no network'));
    clock += (3600 - 100) * 1000;
    for (let n = 0; n < 10; n += 1) expect((await cache.get()).accessToken).toBe('token-1');
    expect(server.requests).toHaveLength(2);
  });

  it('makes callers wait for a new token after the old one expired', async () => {
    const cache = tokens();
    await cache.get();
    clock += 3600 * 1000;
    expect((await cache.get()).accessToken).toBe('token-2');
  });

  it('forgets a refused token, but keeps the one that replaced it', async () => {
    const cache = tokens();
    const { accessToken } = await cache.get();
    cache.invalidate(accessToken);
    expect((await cache.get()).accessToken).toBe('token-2');
    cache.invalidate(accessToken);
    expect((await cache.get()).accessToken).toBe('token-2');
  });

  it.each([
    [
      'refused credentials',
      () => new Response('{"error":"invalid_client"}', { status: 401 }),
      'unauthorized',
      undefined,
    ],
    ['a bad request', () => new Response('{}', { status: 400 }), 'unauthorized', undefined],
    ['overload', () => new Response('', { status: 429, headers: { 'retry-after': '7' } }), 'rate_limited', 7000],
    ['an outage', () => new Response('<html>', { status: 502 }), 'server_error', undefined],
    ['an answer that is not JSON', () => new Response('<html>'), 'unreadable', undefined],
    ['an answer without a token', () => Response.json({ token_type: 'Bearer' }), 'unreadable', undefined],
    ['no network', () => new TypeError('fetch failed'), 'connection', undefined],
  ])('throws TransientError on %s', async (_case, answer, reason, retryAfterMs) => {
    server.queue.push(answer);
    const error = await tokens()
      .get()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ reason, retryAfterMs });
    expect(String(error)).not.toContain('ecret');
  });
});
