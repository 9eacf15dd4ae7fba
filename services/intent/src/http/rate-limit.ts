import { ServiceError } from '@connector/errors';
import { LRUCache } from 'lru-cache';

/** Too many requests; the next one is accepted in `retryAfterS` seconds. */
export class RateLimitedError extends ServiceError {
  readonly statusCode = 429;
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super('TooManyRequests', 'Too many requests. Please try again later.');
    this.retryAfterS = retryAfterS;
  }
}

export interface RateLimiter {
  /** Takes one token of `key`. Throws RateLimitedError when none is left. */
  take(key: string): void;
  /** Throws RateLimitedError when no token is left, without taking one. */
  check(key: string): void;
}

/** The most keys in memory; the least recently used one is removed, so that strangers cannot fill the memory. */
const MAX_KEYS = 50_000;

/**
 * Token buckets: `perMinute` requests a minute for each key, with bursts of the same size. Counts only in this process,
 * so the limit of the whole service grows with its pods. 0 = no limit.
 */
export function createRateLimiter(perMinute: number, now: () => number = () => performance.now()): RateLimiter {
  if (perMinute === 0) return { take: () => {}, check: () => {} };
  const perMs = perMinute / 60_000;
  const buckets = new LRUCache<string, { tokens: number; at: number }>({ max: MAX_KEYS });

  const bucketOf = (key: string) => {
    const at = now();
    const bucket = buckets.get(key) ?? { tokens: perMinute, at };
    bucket.tokens = Math.min(perMinute, bucket.tokens + (at - bucket.at) * perMs);
    bucket.at = at;
    buckets.set(key, bucket);
    return bucket;
  };
  const check = (key: string) => {
    const bucket = bucketOf(key);
    if (bucket.tokens < 1) throw new RateLimitedError(Math.ceil((1 - bucket.tokens) / perMs / 1000));
    return bucket;
  };
  return {
    check,
    take: (key) => {
      check(key).tokens -= 1;
    },
  };
}
