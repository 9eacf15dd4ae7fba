import { ConfigError, parseConfig } from '@connector/lifecycle';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { isLiveKey, stripeConfig } from './config.ts';

const parse = (env: Record<string, string>) => parseConfig(z.object(stripeConfig), env);

describe('the Stripe variables', () => {
  it('call the real Stripe by default', () => {
    expect(parse({ STRIPE_SECRET_KEY: 'rk_live_abc' }).STRIPE_API_BASE).toBe('https://api.stripe.com');
  });

  it.each([
    ['http://127.0.0.1:12111/', 'http://127.0.0.1:12111'],
    ['http://stripe-mock:12111', 'http://stripe-mock:12111'],
    ['https://stripe.example.com', 'https://stripe.example.com'],
  ])('accept the origin %s', (value, expected) => {
    expect(parse({ STRIPE_SECRET_KEY: 'sk_test_abc', STRIPE_API_BASE: value }).STRIPE_API_BASE).toBe(expected);
  });

  it.each([
    [{}, 'STRIPE_SECRET_KEY'],
    [{ STRIPE_SECRET_KEY: 'stripeSecretKey' }, 'STRIPE_SECRET_KEY'],
    [{ STRIPE_SECRET_KEY: 'pk_test_abc' }, 'STRIPE_SECRET_KEY'],
    [{ STRIPE_SECRET_KEY: 'sk_test_' }, 'STRIPE_SECRET_KEY'],
    [{ STRIPE_SECRET_KEY: 'sk_test_abc', STRIPE_API_BASE: 'https://stripe.example.com/v1' }, 'STRIPE_API_BASE'],
    [{ STRIPE_SECRET_KEY: 'sk_test_abc', STRIPE_API_BASE: 'http://stripe.example.com' }, 'STRIPE_API_BASE'],
    [{ STRIPE_SECRET_KEY: 'sk_test_abc', STRIPE_API_BASE: 'stripe' }, 'STRIPE_API_BASE'],
  ])('refuse %j', (env: Record<string, string>, name) => {
    const problems = ((): readonly string[] => {
      try {
        parse(env);
      } catch (error) {
        if (error instanceof ConfigError) return error.problems;
        throw error;
      }
      return [];
    })();
    expect(problems.map((problem) => problem.split(':')[0])).toContain(name);
    expect(problems.join()).not.toContain('sk_test_abc');
  });
});

it.each([
  ['sk_live_1', true],
  ['rk_live_1', true],
  ['pk_live_1', true],
  ['sk_test_1', false],
  ['pk_test_live_', false],
])('says the mode of %s', (key, live) => {
  expect(isLiveKey(key)).toBe(live);
});
