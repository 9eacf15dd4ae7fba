import { ConfigError, parseConfig } from '@connector/lifecycle';
import { describe, expect, it } from 'vitest';
import { configSchema, configWarnings } from './config.ts';
import { EXAMPLE_ENVIRONMENT } from './documentation.ts';

const parse = (env: Record<string, string | undefined> = {}) =>
  parseConfig(configSchema, { ...EXAMPLE_ENVIRONMENT, ...env });

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    parse(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it("starts with the original's defaults", () => {
    expect(parse()).toMatchObject({
      STRIPE_CAPTURE_METHOD: 'automatic',
      STRIPE_PAYMENT_FLOW: 'deferred',
      STRIPE_COLLECT_BILLING_ADDRESS: 'auto',
      STRIPE_LAYOUT: '{"type":"tabs","defaultCollapsed":false}',
      STRIPE_SAVED_PAYMENT_METHODS_CONFIG: {},
      PAYMENT_INTERFACE: 'checkout-stripe',
      MOCK_ENVIRONMENT: 'TEST',
      HEALTH_CHECK_TIMEOUT: 5000,
      CONFIRM_WAIT_MS: 5000,
    });
  });

  it.each([
    [{ ALLOWED_ORIGINS: '' }, 'ALLOWED_ORIGINS: must name at least one origin'],
    [{ ALLOWED_ORIGINS: undefined }, 'ALLOWED_ORIGINS: is required'],
    [{ ALLOWED_ORIGINS: 'https://shop.example/' }, 'ALLOWED_ORIGINS: must be origins'],
    [{ ALLOWED_ORIGINS: '*' }, 'ALLOWED_ORIGINS: must be origins'],
    [{ ALLOWED_ORIGINS: 'https://a.example,https://b.example/path' }, 'ALLOWED_ORIGINS: must be origins'],
    [{ ALLOWED_ORIGINS: 'http://shop.example' }, 'ALLOWED_ORIGINS: must be https'],
    [{ STRIPE_PUBLISHABLE_KEY: 'pk_live_x' }, 'STRIPE_PUBLISHABLE_KEY: must be of the same mode'],
    [{ STRIPE_PUBLISHABLE_KEY: 'sk_test_x' }, 'STRIPE_PUBLISHABLE_KEY: must be a publishable key'],
    [{ STRIPE_SECRET_KEY: 'stripeSecretKey' }, 'STRIPE_SECRET_KEY: must be a secret'],
    [{ CTP_CLIENT_SECRET: 'xxx' }, 'CTP_CLIENT_SECRET: still has its placeholder value'],
    [{ MERCHANT_RETURN_URL: '/return' }, 'MERCHANT_RETURN_URL: must be an absolute URL'],
    [{ MERCHANT_RETURN_URL: 'http://shop.example/return' }, 'MERCHANT_RETURN_URL: must be https'],
    [{ STRIPE_CAPTURE_METHOD: 'later' }, 'STRIPE_CAPTURE_METHOD: '],
    [{ STRIPE_ENABLE_MULTI_OPERATIONS: 'yes' }, 'STRIPE_ENABLE_MULTI_OPERATIONS: must be true or false'],
    [{ STRIPE_SAVED_PAYMENT_METHODS_CONFIG: '{' }, 'STRIPE_SAVED_PAYMENT_METHODS_CONFIG: must be JSON'],
    [
      { STRIPE_SAVED_PAYMENT_METHODS_CONFIG: '{"payment_method_redisplay_limit":11}' },
      'STRIPE_SAVED_PAYMENT_METHODS_CONFIG, at payment_method_redisplay_limit: ',
    ],
    [
      { STRIPE_PAYMENT_BEHAVIOR_RULES: '{"PL":{"flowType":"later"}}' },
      'STRIPE_PAYMENT_BEHAVIOR_RULES, at PL.flowType: ',
    ],
    [{ STRIPE_PAYMENT_BEHAVIOR_RULES: '{"PL":"manual"}' }, 'STRIPE_PAYMENT_BEHAVIOR_RULES, at PL: '],
    [{ STRIPE_APPEARANCE_PAYMENT_ELEMENT: '[]' }, 'STRIPE_APPEARANCE_PAYMENT_ELEMENT: '],
    [{ STRIPE_APPEARANCE_EXPRESS_CHECKOUT: '{"theme"' }, 'STRIPE_APPEARANCE_EXPRESS_CHECKOUT: '],
    [{ STRIPE_EXPRESS_ELEMENT_OPTIONS: '{"buttonHeight":"48"}' }, 'STRIPE_EXPRESS_ELEMENT_OPTIONS, at buttonHeight: '],
    [{ SESSION_AUTH_URL: 'http://auth.example.com' }, 'SESSION_AUTH_URL: must be an https URL'],
  ])('refuses to start and names the mistake: %j', (env, problem) => {
    expect(problemsOf(env).map((line) => line.startsWith(problem))).toContain(true);
  });

  it('names every problem at once, including keys of different modes', () => {
    const problems = problemsOf({ ALLOWED_ORIGINS: '', CTP_CLIENT_ID: 'xxx', STRIPE_PUBLISHABLE_KEY: 'pk_live_x' });
    expect(problems.map((line) => line.split(':')[0]).sort()).toEqual([
      'ALLOWED_ORIGINS',
      'CTP_CLIENT_ID',
      'STRIPE_PUBLISHABLE_KEY',
    ]);
  });

  it('distinguishes unset from empty for setup_future_usage', () => {
    const usage = (value?: string) =>
      parse({ STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE: value }).STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE;
    expect([usage(), usage(''), usage('Off_Session'), usage('often')]).toEqual([
      undefined,
      '',
      'off_session',
      undefined,
    ]);
  });

  it.each([
    'CTP_AUTH_URL',
    'CTP_API_URL',
    'STRIPE_API_VERSION',
    'STRIPE_CAPTURE_METHOD',
    'STRIPE_PAYMENT_FLOW',
    'STRIPE_COLLECT_BILLING_ADDRESS',
    'STRIPE_ENABLE_MULTI_OPERATIONS',
    'STRIPE_SAVED_PAYMENT_METHODS_CONFIG',
    'STRIPE_LAYOUT',
    'STRIPE_APPEARANCE_PAYMENT_ELEMENT',
    'STRIPE_APPEARANCE_EXPRESS_CHECKOUT',
    'STRIPE_BEHAVIOR_PAYMENT_ELEMENT',
    'STRIPE_EXPRESS_ELEMENT_OPTIONS',
    'STRIPE_PAYMENT_BEHAVIOR_RULES',
    'PAYMENT_INTERFACE',
    'HEALTH_CHECK_TIMEOUT',
    'LOGGER_LEVEL',
    'MOCK_ENVIRONMENT',
    'CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY',
    'STORED_PAYMENT_METHODS_ENABLED',
    'STORED_PAYMENT_METHODS_PAYMENT_INTERFACE',
    'STORED_PAYMENT_METHODS_INTERFACE_ACCOUNT',
  ])('takes an empty %s as none, without a warning, as the original does', (name) => {
    const { [name]: _, ...without } = EXAMPLE_ENVIRONMENT as Record<string, string>;
    const empty = parseConfig(configSchema, { ...without, [name]: '' });
    expect(empty).toEqual(parseConfig(configSchema, without));
    expect(configWarnings(empty, { ...without, [name]: '' })).toEqual([]);
  });

  it.each([
    'STRIPE_SECRET_KEY',
    'STRIPE_PUBLISHABLE_KEY',
    'MERCHANT_RETURN_URL',
    'ALLOWED_ORIGINS',
    'CTP_CLIENT_SECRET',
  ])('refuses an empty %s, which nothing stands in for', (name) => {
    expect(problemsOf({ [name]: '' }).some((problem) => problem.startsWith(name))).toBe(true);
  });

  it.each([
    [{ STRIPE_PAYMENT_FLOW: 'later' }, 'STRIPE_PAYMENT_FLOW: unknown value, deferred is used'],
    [{ STRIPE_LAYOUT: '{"type":"grid"}' }, 'STRIPE_LAYOUT: cannot be read, the default layout is used'],
    [
      { STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE: 'often' },
      'STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE: unknown value, treated as unset',
    ],
    [{ STRIPE_BEHAVIOR_PAYMENT_ELEMENT: '{"x":1}' }, 'STRIPE_BEHAVIOR_PAYMENT_ELEMENT: x is not known and left out'],
    [{ MOCK_CLIENT_KEY: 'stripe' }, 'MOCK_CLIENT_KEY: has no effect'],
    [{}, undefined],
  ])('starts with a warning: %j', (env: Record<string, string>, warning) => {
    const all = { ...EXAMPLE_ENVIRONMENT, ...env };
    expect(configWarnings(parse(env), all)).toEqual(warning ? [warning] : []);
  });
});
