import { ConfigError, parseConfig } from '@connector/lifecycle';
import { describe, expect, it } from 'vitest';
import { configSchema, livemodeOf } from './config.ts';
import { endpointConfigSchema } from './endpoint-config.ts';

const VALID = {
  CTP_PROJECT_KEY: 'shop',
  KAFKA_BROKERS: 'kafka:9092',
  STRIPE_PUBLISHABLE_KEY: 'pk_test_1',
  STRIPE_WEBHOOK_SIGNING_SECRET: 'whsec_1',
};

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    parseConfig(configSchema, { ...VALID, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('of the endpoint treats an empty STRIPE_WEBHOOK_ID as unset, like the original', () => {
    const env = { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_ID: '' };
    expect(parseConfig(endpointConfigSchema, env).STRIPE_WEBHOOK_ID).toBeUndefined();
  });

  it('accepts several signing secrets, the current one first', () => {
    const env = { ...VALID, STRIPE_WEBHOOK_SIGNING_SECRET: 'whsec_new, whsec_old' };
    expect(parseConfig(configSchema, env).STRIPE_WEBHOOK_SIGNING_SECRET).toEqual(['whsec_new', 'whsec_old']);
  });

  it.each([
    [{ STRIPE_PUBLISHABLE_KEY: 'pk_live_1' }, true],
    [{ STRIPE_PUBLISHABLE_KEY: undefined, STRIPE_SECRET_KEY: 'rk_live_1' }, true],
    [{ STRIPE_SECRET_KEY: 'sk_test_1' }, false],
  ])('gets the mode from whichever key is set: %j', (env, livemode) => {
    expect(livemodeOf(parseConfig(configSchema, { ...VALID, ...env }))).toBe(livemode);
  });

  it.each([
    ['a blank signing secret', { STRIPE_WEBHOOK_SIGNING_SECRET: '' }],
    ['only commas', { STRIPE_WEBHOOK_SIGNING_SECRET: ' , ' }],
    ['a placeholder', { STRIPE_WEBHOOK_SIGNING_SECRET: 'whsec_...' }],
    ['one bad secret of two', { STRIPE_WEBHOOK_SIGNING_SECRET: 'whsec_1,sk_test_1' }],
    ['no key that tells the mode', { STRIPE_PUBLISHABLE_KEY: undefined }],
    ['keys of different modes', { STRIPE_SECRET_KEY: 'sk_live_1' }],
    ['no project', { CTP_PROJECT_KEY: undefined }],
    ['an address that is none', { STRIPE_WEBHOOK_ALLOWED_IPS: 'stripe.com' }],
  ])('is refused with %s', (_rule, env) => {
    expect(problemsOf(env)).toHaveLength(1);
  });

  it('names every problem at once, and no secret', () => {
    const problems = problemsOf({
      CTP_PROJECT_KEY: undefined,
      KAFKA_BROKERS: 'kafka',
      STRIPE_SECRET_KEY: 'sk_live_hidden',
      STRIPE_WEBHOOK_SIGNING_SECRET: 'hidden',
    });
    expect(problems).toHaveLength(4);
    expect(problems.join()).not.toMatch(/hidden/);
  });
});
