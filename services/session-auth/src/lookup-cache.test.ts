import { beforeEach, describe, expect, it } from 'vitest';
import { type Found, LookupCache, type LookupCacheOptions } from './lookup-cache.ts';

interface Value {
  cart: string;
}
interface Refusal {
  reason: string;
}

describe('the lookup cache', () => {
  let clock = 0;
  let lookups: string[] = [];
  beforeEach(() => {
    clock = 1_000;
    lookups = [];
  });

  const cacheWith = (options: Partial<LookupCacheOptions<Value>> = {}) =>
    new LookupCache<Value, Refusal>({
      ttlMs: 30_000,
      max: 100,
      refusedTtlMs: 5_000,
      refusedMax: 3,
      limit: (work) => work(),
      groupOf: ({ cart }) => cart,
      now: () => clock,
      ...options,
    });
  const good = (key: string, freshForMs?: number) => async (): Promise<Found<Value, Refusal>> => {
    lookups.push(key);
    return { kind: 'good', value: { cart: `cart of ${key}` }, freshForMs };
  };
  const refused = (key: string) => async (): Promise<Found<Value, Refusal>> => {
    lookups.push(key);
    return { kind: 'refused', refusal: { reason: 'unknown' } };
  };

  it('answers from memory until the time to live is over', async () => {
    const cache = cacheWith();
    expect(await cache.get('a', good('a'))).toMatchObject({ cache: 'miss' });
    clock += 29_999;
    expect(await cache.get('a', good('a'))).toMatchObject({ cache: 'hit', found: { value: { cart: 'cart of a' } } });
    clock += 2;
    expect(await cache.get('a', good('a'))).toMatchObject({ cache: 'miss' });
    expect(lookups).toEqual(['a', 'a']);
  });

  it('says how long an answer stays cached', async () => {
    const cache = cacheWith();
    expect(await cache.get('a', good('a'))).toMatchObject({ freshForMs: 30_000 });
    clock += 29_000;
    expect(await cache.get('a', good('a'))).toMatchObject({ freshForMs: 1_000 });
    expect(await cache.get('b', good('b', 4_000))).toMatchObject({ freshForMs: 4_000 });
    expect(await cache.get('c', refused('c'))).toMatchObject({ freshForMs: 0 });
    expect(await cacheWith({ ttlMs: 0 }).get('d', good('d'))).toMatchObject({ freshForMs: 0 });
  });

  it('never keeps a finding beyond its expiry', async () => {
    const cache = cacheWith();
    await cache.get('a', good('a', 2_000));
    clock += 2_001;
    expect(await cache.get('a', good('a', -1))).toMatchObject({ cache: 'miss' });
    expect(await cache.get('a', good('a'))).toMatchObject({ cache: 'miss' });
  });

  it('keeps nothing with a time to live of 0', async () => {
    const cache = cacheWith({ ttlMs: 0, refusedTtlMs: 0 });
    await cache.get('a', good('a'));
    await cache.get('b', refused('b'));
    expect(cache.size).toEqual({ good: 0, refused: 0 });
  });

  it('looks up a key once for many concurrent requests', async () => {
    const cache = cacheWith();
    const answers = await Promise.all(Array.from({ length: 100 }, () => cache.get('a', good('a'))));
    expect(lookups).toEqual(['a']);
    expect(answers.every(({ found }) => found.kind === 'good')).toBe(true);
  });

  it('remembers refusals for a shorter time', async () => {
    const cache = cacheWith();
    await cache.get('b', refused('b'));
    expect(await cache.get('b', good('b'))).toMatchObject({ cache: 'negative', found: { kind: 'refused' } });
    clock += 5_001;
    expect(await cache.get('b', good('b'))).toMatchObject({ cache: 'miss', found: { kind: 'good' } });
  });

  it('keeps good findings and its limits during a flood of unknown keys', async () => {
    const cache = cacheWith();
    await cache.get('a', good('a'));
    for (let n = 0; n < 1_000; n += 1) await cache.get(`random-${n}`, refused(`random-${n}`));
    expect(cache.size).toEqual({ good: 1, refused: 3 });
    expect(await cache.get('a', good('a'))).toMatchObject({ cache: 'hit' });
  });

  it('removes the least recently used good finding when it is full', async () => {
    const cache = cacheWith({ max: 2 });
    for (const key of ['a', 'b', 'c']) await cache.get(key, good(key));
    expect(cache.size.good).toBe(2);
    expect(await cache.get('a', good('a'))).toMatchObject({ cache: 'miss' });
  });

  it('keeps nothing from a failed lookup', async () => {
    const cache = cacheWith();
    await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await cache.get('a', good('a'))).toMatchObject({ cache: 'miss', found: { kind: 'good' } });
  });

  it('evicts all findings of a group, and no others', async () => {
    const cache = cacheWith({ groupOf: ({ cart }) => cart.slice(0, -1) });
    for (const key of ['a1', 'a2', 'b1']) await cache.get(key, good(key));
    expect(cache.evict('cart of a')).toBe(2);
    expect(await cache.get('b1', good('b1'))).toMatchObject({ cache: 'hit' });
    expect(await cache.get('a1', good('a1'))).toMatchObject({ cache: 'miss' });
    expect(cache.evict('cart of nobody')).toBe(0);
  });

  it('answers with evicted findings only to callers that accept them, until the time to live is over', async () => {
    const cache = cacheWith();
    await cache.get('a', good('a'));
    clock += 10_000;
    cache.evict('cart of a');
    expect(cache.evict('cart of a')).toBe(0);
    expect(await cache.get('a', good('a'), { evenEvicted: true })).toMatchObject({ cache: 'hit', freshForMs: 0 });
    clock += 20_001;
    expect(await cache.get('a', good('a'), { evenEvicted: true })).toMatchObject({ cache: 'miss' });
    expect(lookups).toEqual(['a', 'a']);
  });

  it.each([
    ['found', good('a'), 'hit'],
    ['refused', refused('a'), 'negative'],
  ] as const)('replaces an evicted finding with the next lookup: %s', async (_what, look, use) => {
    const cache = cacheWith();
    await cache.get('a', good('a'));
    cache.evict('cart of a');
    clock += 1;
    await cache.get('a', look);
    for (const evenEvicted of [true, false])
      expect(await cache.get('a', good('a'), { evenEvicted })).toMatchObject({ cache: use });
  });

  it('does not keep the finding of a lookup that began before the eviction', async () => {
    const cache = cacheWith();
    let answer: (found: Found<Value, Refusal>) => void = () => {};
    const slow = cache.get(
      'a',
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    clock += 10;
    cache.evict('cart of a');
    answer({ kind: 'good', value: { cart: 'cart of a' } });
    expect(await slow).toMatchObject({ found: { kind: 'good' } });
    expect(await cache.get('a', good('a'))).toMatchObject({ cache: 'miss' });
    clock += 10;
    expect(await cache.get('a', good('a'))).toMatchObject({ cache: 'miss' });
  });
});
