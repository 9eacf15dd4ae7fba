import { TransientError } from '@connector/errors';
import type { Fetch } from '@connector/http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { merchantCenterKeys } from './merchant-center-keys.ts';

interface Key {
  kid: string;
  privateKey: CryptoKey;
  jwk: JWK;
}

const generateKey = async (kid: string): Promise<Key> => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
};

describe('the Merchant Center’s keys', () => {
  let first: Key;
  let second: Key;
  let published: Key[] = [];
  let reads = 0;
  let respond: () => Response = () => new Response();

  beforeAll(async () => {
    [first, second] = await Promise.all([generateKey('k1'), generateKey('k2')]);
  });
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-23T12:00:00Z') });
    published = [first];
    reads = 0;
    respond = () => Response.json({ keys: published.map(({ jwk }) => jwk) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const reader = () => {
    const fetch: Fetch = async () => {
      reads += 1;
      return respond();
    };
    return merchantCenterKeys({
      jwksUrl: 'https://mc.example.com/.well-known/jwks.json',
      fetch,
      timeoutMs: 1_000,
      cooldownMs: 10_000,
      clockToleranceS: 5,
    });
  };
  const seconds = () => Math.floor(Date.now() / 1000);
  const sign = (key: Key, claims: Record<string, unknown> = { exp: seconds() + 60, sub: 'u1' }, kid = key.kid) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(key.privateKey);

  it('verify a token that is signed with one of them, and are read once', async () => {
    const jwts = reader();
    const jwt = await sign(first);
    await Promise.all(Array.from({ length: 20 }, () => jwts.read(jwt)));
    expect(await jwts.read(jwt)).toMatchObject({ kind: 'valid', claims: { sub: 'u1' } });
    expect(reads).toBe(1);
  });

  it('are read again for a new key id, so that they rotate without a restart', async () => {
    const jwts = reader();
    await jwts.read(await sign(first));
    vi.setSystemTime(Date.now() + 11_000);
    published = [second];
    expect(await jwts.read(await sign(second))).toMatchObject({ kind: 'valid' });
    expect(await jwts.read(await sign(first))).toMatchObject({ kind: 'invalid', reason: 'unknown_key' });
    expect(reads).toBe(2);
  });

  it('are not read for each made-up key id', async () => {
    const jwts = reader();
    await jwts.read(await sign(first));
    for (let n = 0; n < 50; n += 1) {
      const reading = await jwts.read(await sign(second, undefined, `made-up-${n}`));
      expect(reading).toMatchObject({ kind: 'invalid', reason: 'unknown_key', message: 'invalid signature' });
    }
    expect(reads).toBe(1);
  });

  it.each<[string, () => Promise<string> | string, string, string]>([
    ['an ended token', () => sign(first, { exp: seconds() - 6 }), 'expired', 'jwt expired'],
    [
      'a token of the future',
      () => sign(first, { exp: seconds() + 60, nbf: seconds() + 6 }),
      'not_yet_valid',
      'jwt not active',
    ],
    ['a token without an end', () => sign(first, {}), 'malformed', 'invalid exp value'],
    ['a token whose end is no number', () => sign(first, { exp: 'never' }), 'malformed', 'invalid exp value'],
    ['a token signed by someone else', () => sign(second, undefined, 'k1'), 'bad_signature', 'invalid signature'],
    ['no signature', () => new UnsecuredJWT({ exp: seconds() + 60 }).encode(), 'alg_not_allowed', 'invalid algorithm'],
    [
      'the public key used as a shared secret',
      () =>
        new SignJWT({ exp: seconds() + 60 })
          .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
          .sign(new TextEncoder().encode(JSON.stringify(first.jwk))),
      'alg_not_allowed',
      'invalid algorithm',
    ],
    ...['RS384', 'RS512', 'PS256'].map(
      (alg) =>
        [
          `a signature by ${alg}`,
          async () => {
            const { privateKey } = await generateKeyPair(alg);
            return new SignJWT({ exp: seconds() + 60 }).setProtectedHeader({ alg, kid: 'k1' }).sign(privateKey);
          },
          'alg_not_allowed',
          'invalid algorithm',
        ] as [string, () => Promise<string>, string, string],
    ),
    [
      'a token with a part that has to be understood',
      async () => {
        const [, payload, signature] = (await sign(first)).split('.');
        const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'k1', crit: ['x'], x: 1 }));
        return [header.toString('base64url'), payload, signature].join('.');
      },
      'malformed',
      'jwt malformed',
    ],
    ['a token of a megabyte', () => `${'a'.repeat(1_000_000)}.b.c`, 'malformed', 'jwt malformed'],
    ['something else', () => 'abc', 'malformed', 'jwt malformed'],
    ['three parts of nothing', () => 'a.b.c', 'malformed', 'jwt malformed'],
    ['dots', () => '..', 'malformed', 'jwt malformed'],
  ])('refuse %s', async (_case, make, reason, message) => {
    expect(await reader().read(await make())).toEqual({ kind: 'invalid', reason, message });
  });

  it('are used for ten minutes of an outage; after that, tokens cannot be checked', async () => {
    const jwts = reader();
    const lasting = await sign(first, { exp: seconds() + 3_600 });
    await jwts.read(lasting);
    respond = () => new Response('', { status: 503 });
    vi.setSystemTime(Date.now() + 9 * 60_000);
    expect(await jwts.read(lasting)).toMatchObject({ kind: 'valid' });
    vi.setSystemTime(Date.now() + 2 * 60_000);
    await expect(jwts.read(lasting)).rejects.toBeInstanceOf(TransientError);
    respond = () => Response.json({ keys: [first.jwk] });
    expect(await jwts.read(lasting)).toMatchObject({ kind: 'valid' });
  });

  it('that are removed from the set after a leak verify nothing any more, after at most ten minutes', async () => {
    const jwts = reader();
    const stolen = await sign(first, { exp: seconds() + 3_600 });
    await jwts.read(stolen);
    published = [second];
    vi.setSystemTime(Date.now() + 10 * 60_000 + 1_000);
    expect(await jwts.read(stolen)).toMatchObject({ kind: 'invalid', reason: 'unknown_key' });
  });

  it('tolerate small clock differences', async () => {
    const jwts = reader();
    expect(await jwts.read(await sign(first, { exp: seconds() - 4 }))).toMatchObject({ kind: 'valid' });
    expect(await jwts.read(await sign(first, { exp: seconds() + 9, nbf: seconds() + 4 }))).toMatchObject({
      kind: 'valid',
    });
  });

  it.each<[string, () => Response]>([
    ['an outage', () => new Response('', { status: 503 })],
    ['a page', () => new Response('<html>')],
    ['no key set', () => Response.json({ error: 'x' })],
    ['a redirect', () => new Response('', { status: 302, headers: { location: 'https://evil.example.com' } })],
  ])('count as unavailable, not as wrong, on %s', async (_case, answer) => {
    respond = answer;
    const jwts = reader();
    const jwt = await sign(first);
    await expect(jwts.read(jwt)).rejects.toBeInstanceOf(TransientError);
    respond = () => Response.json({ keys: [first.jwk] });
    expect(await jwts.read(jwt)).toMatchObject({ kind: 'valid' });
  });
});
