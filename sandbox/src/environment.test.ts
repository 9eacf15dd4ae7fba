import { describe, expect, it } from 'vitest';
import { ConfigProblem, planSandbox, serviceEnvironment, throwAwaySecrets } from './environment.ts';

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    planSandbox(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigProblem) return error.problems;
    throw error;
  }
};
const realCommercetools = { CTP_CLIENT_ID: 'id', CTP_CLIENT_SECRET: 'secret', CTP_PROJECT_KEY: 'shop' };
const realStripe = {
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_PUBLISHABLE_KEY: 'pk_test_1',
  STRIPE_WEBHOOK_SIGNING_SECRET: 'whsec_1',
};

describe('which sides are simulated', () => {
  it.each([
    ['both sides without credentials', {}, true, true],
    ['both sides with blank credentials', { CTP_CLIENT_ID: '', STRIPE_SECRET_KEY: ' ' }, true, true],
    ['only Stripe, with credentials of commercetools', realCommercetools, false, true],
    ['only commercetools, with credentials of Stripe', realStripe, true, false],
    ['no side, with both', { ...realCommercetools, ...realStripe }, false, false],
    [
      'only commercetools, when Stripe is another server',
      { ...realStripe, STRIPE_API_BASE: 'http://localhost:12111' },
      true,
      false,
    ],
  ])('%s', (_rule, env, isCommercetoolsSimulated, isStripeSimulated) => {
    expect(planSandbox(env)).toMatchObject({ isCommercetoolsSimulated, isStripeSimulated });
  });
});

describe('which variables are refused', () => {
  it.each([
    [
      'a port that is not a number',
      { PORT: 'http' },
      ['PORT must be a number from 0 (any free port) to 65535, not "http".'],
    ],
    ['a port out of range', { PORT: '70000' }, ['PORT must be a number from 0 (any free port) to 65535, not "70000".']],
    [
      'a number of brokers that is not a cluster',
      { KAFKA_SANDBOX_BROKERS: '2' },
      ['KAFKA_SANDBOX_BROKERS must be 1, 3 or 5, not "2".'],
    ],
    [
      'brokers of the sandbox beside a cluster of the user',
      { KAFKA_SANDBOX_BROKERS: '3', KAFKA_BROKERS: 'kafka:9092' },
      ['KAFKA_SANDBOX_BROKERS and KAFKA_BROKERS are both set: the first starts brokers, the second uses yours.'],
    ],
    [
      'half of the credentials of both sides, reported together',
      { CTP_CLIENT_ID: 'id', CTP_PROJECT_KEY: 'shop', STRIPE_SECRET_KEY: 'sk_test_1' },
      [
        'CTP_CLIENT_ID is set, so CTP_CLIENT_SECRET must be set too.',
        'STRIPE_SECRET_KEY is set, so STRIPE_PUBLISHABLE_KEY and STRIPE_WEBHOOK_SIGNING_SECRET must be set too.',
      ],
    ],
    [
      'another Stripe server without its key',
      { STRIPE_API_BASE: 'http://localhost:12111' },
      ['STRIPE_API_BASE set without STRIPE_SECRET_KEY: set it too to use that server, or none to simulate it.'],
    ],
    [
      'a Stripe server with a path',
      { ...realStripe, STRIPE_API_BASE: 'http://localhost:12111/v1' },
      ['STRIPE_API_BASE must be an origin without a path, such as http://localhost:12111.'],
    ],
  ])('%s', (_rule, env, problems) => {
    expect(problemsOf(env)).toEqual(problems);
  });
});

describe("a service's environment", () => {
  const secrets = throwAwaySecrets();
  const addresses = {
    publicUrl: 'http://localhost:8080',
    brokers: '127.0.0.1:21000',
    sessionAuth: 'http://127.0.0.1:21001',
    commercetools: 'http://127.0.0.1:21002',
    stripe: 'http://127.0.0.1:21003',
  };

  it('points a simulated side at its simulator, with credentials in the forms that the services check', () => {
    const env = serviceEnvironment(planSandbox({ STRIPE_CAPTURE_METHOD: 'manual', PORT: '8080' }), secrets, addresses);
    expect(env).toMatchObject({
      CTP_API_URL: addresses.commercetools,
      CTP_JWT_ISSUER: addresses.commercetools,
      CTP_JWKS_URL: 'http://127.0.0.1:21002/.well-known/jwks.json',
      STRIPE_API_BASE: addresses.stripe,
      STRIPE_CAPTURE_METHOD: 'manual',
      ALLOWED_ORIGINS: 'http://localhost:8080,http://127.0.0.1:8080',
    });
    expect(env.STRIPE_SECRET_KEY).toMatch(/^sk_test_[0-9a-f]{48}$/);
    expect(env.STRIPE_PUBLISHABLE_KEY).toMatch(/^pk_test_sandbox[0-9a-f]+$/);
    expect(env.STRIPE_WEBHOOK_SIGNING_SECRET).toMatch(/^whsec_[0-9a-f]+$/);
  });

  it("leaves a real side as the user set it, and keeps the gateway's port for the gateway", () => {
    const given = { ...realCommercetools, ...realStripe, ALLOWED_ORIGINS: 'https://shop.example', PORT: '9000' };
    const env = serviceEnvironment(planSandbox(given), secrets, {
      ...addresses,
      commercetools: undefined,
      stripe: undefined,
    });
    expect(env).toMatchObject({ ...realCommercetools, ...realStripe, ALLOWED_ORIGINS: 'https://shop.example' });
    expect(env).not.toHaveProperty('STRIPE_API_BASE');
    expect(env).not.toHaveProperty('CTP_API_URL');
    expect(env).not.toHaveProperty('PORT');
  });

  it('uses new secrets for each run', () => {
    expect(new Set([...Object.values(secrets), ...Object.values(throwAwaySecrets())]).size).toBe(11);
  });
});
