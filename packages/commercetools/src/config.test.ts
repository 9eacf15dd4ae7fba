import { ConfigError, parseConfig } from '@connector/lifecycle';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { commercetoolsConfig } from './config.ts';

const schema = z.object(commercetoolsConfig);
const good = {
  CTP_PROJECT_KEY: 'shop-1',
  CTP_CLIENT_ID: 'id',
  CTP_CLIENT_SECRET: 'very-secret',
  CTP_AUTH_URL: 'https://auth.example.com',
  CTP_API_URL: 'https://api.example.com/',
  CTP_SESSION_URL: 'https://session.example.com//',
  CTP_CHECKOUT_URL: 'http://checkout.shop.svc:8080',
  CTP_JWKS_URL: 'http://127.0.0.1:9000/jwt/.well-known/jwks.json',
  CTP_JWT_ISSUER: 'https://mc-api.example.com',
};

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    parseConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('the commercetools variables', () => {
  it('strips trailing slashes of addresses', () => {
    expect(parseConfig(schema, good)).toMatchObject({
      CTP_API_URL: 'https://api.example.com',
      CTP_SESSION_URL: 'https://session.example.com',
    });
  });

  it('are all required', () => {
    expect(problemsOf({})).toEqual(Object.keys(commercetoolsConfig).map((name) => `${name}: is required`));
  });

  it.each([
    ['CTP_PROJECT_KEY', 'payment-integration'],
    ['CTP_PROJECT_KEY', 'a/b'],
    ['CTP_CLIENT_ID', 'xxx'],
    ['CTP_CLIENT_SECRET', 'xxx'],
    ['CTP_CLIENT_SECRET', ''],
    ['CTP_API_URL', 'http://api.example.com'],
    ['CTP_AUTH_URL', 'auth.example.com'],
    ['CTP_JWT_ISSUER', 'https://mc-api.example.com/'],
  ])('refuse %s=%s', (name, value) => {
    const problems = problemsOf({ ...good, [name]: value });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((problem) => problem.startsWith(`${name}:`))).toBe(true);
  });
});
