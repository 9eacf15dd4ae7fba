import { describe, expect, it } from 'vitest';
import { depthOf } from './json-body.ts';
import { createRateLimiter, RateLimitedError } from './rate-limit.ts';

describe('nesting of JSON', () => {
  it.each([
    ['1', 0],
    ['{}', 1],
    ['{"a":[{"b":1}]}', 3],
    ['[[],[],[[]]]', 3],
    ['"[[[["', 0],
    ['{"a":"\\"[[["}', 1],
    ['{"a\\\\":[1]}', 2],
  ])('of %s is %i', (json, expected) => {
    expect(depthOf(Buffer.from(json))).toBe(expected);
  });
});

describe('a rate limit', () => {
  function taking(perMinute: number) {
    let now = 0;
    const limiter = createRateLimiter(perMinute, () => now);
    const attempt = (key: string): number => {
      try {
        limiter.take(key);
        return 0;
      } catch (error) {
        if (error instanceof RateLimitedError) return error.retryAfterS;
        throw error;
      }
    };
    return {
      attempt,
      pass: (ms: number) => {
        now += ms;
      },
    };
  }

  it('allows a burst, then one request each time its share of a minute has passed', () => {
    const { attempt, pass } = taking(2);
    expect([attempt('a'), attempt('a'), attempt('a')]).toEqual([0, 0, 30]);
    pass(29_000);
    expect(attempt('a')).toBe(1);
    pass(1_000);
    expect([attempt('a'), attempt('a')]).toEqual([0, 30]);
  });

  it('counts each key separately', () => {
    const { attempt } = taking(1);
    expect([attempt('a'), attempt('b'), attempt('a')]).toEqual([0, 0, 60]);
  });

  it('saves nothing up beyond its burst', () => {
    const { attempt, pass } = taking(1);
    pass(600_000);
    expect([attempt('a'), attempt('a')]).toEqual([0, 60]);
  });

  it('of 0 is none', () => {
    const { attempt } = taking(0);
    expect([attempt('a'), attempt('a')]).toEqual([0, 0]);
  });
});
