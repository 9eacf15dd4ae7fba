import { ConfigError, parseConfig } from '@connector/lifecycle';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { commercetoolsConfig, regionOf } from './config.ts';

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
  it('strip trailing slashes from addresses', () => {
    expect(parseConfig(schema, good)).toMatchObject({
      CTP_API_URL: 'https://api.example.com',
      CTP_SESSION_URL: 'https://session.example.com',
    });
  });

  it("are all required, except the region, which has the original's default, and the scopes", () => {
    const required = ['PROJECT_KEY', 'CLIENT_ID', 'CLIENT_SECRET', 'CHECKOUT_URL', 'JWKS_URL', 'JWT_ISSUER'];
    expect(problemsOf({})).toEqual(required.map((name) => `CTP_${name}: is required`));
    const { CTP_AUTH_URL, CTP_API_URL, CTP_SESSION_URL, ...others } = good;
    expect(parseConfig(schema, others)).toMatchObject({
      CTP_AUTH_URL: 'https://auth.europe-west1.gcp.commercetools.com',
      CTP_API_URL: 'https://api.europe-west1.gcp.commercetools.com',
      CTP_SESSION_URL: 'https://session.europe-west1.gcp.commercetools.com',
    });
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    [' manage_payments:shop-1   view_sessions:shop-1 ', 'manage_payments:shop-1 view_sessions:shop-1'],
  ])('read CTP_SCOPE=%s as %s', (given, scope) => {
    expect(parseConfig(schema, { ...good, ...(given !== undefined && { CTP_SCOPE: given }) }).CTP_SCOPE).toBe(scope);
  });

  it.each([
    ['https://api.europe-west1.gcp.commercetools.com', 'europe-west1.gcp'],
    ['https://session.us-east-2.aws.commercetools.com/x', 'us-east-2.aws'],
    ['http://127.0.0.1:9000', '127.0.0.1:9000'],
    ['https://commercetools.com.example.org', 'commercetools.com.example.org'],
  ])('are in a region: %s is in %s', (url, region) => {
    expect(regionOf(url)).toBe(region);
  });

  it.each([
    ['CTP_PROJECT_KEY', 'payment-integration'],
    ['CTP_PROJECT_KEY', 'a/b'],
    ['CTP_CLIENT_ID', 'xxx'],
    ['CTP_CLIENT_SECRET', 'xxx'],
    ['CTP_CLIENT_SECRET', ''],
    ['CTP_API_URL', 'http://api.example.com'],
    ['CTP_AUTH_URL', 'auth.example.com'],
    ['CTP_SCOPE', 'manage payments!'],
    ['CTP_JWT_ISSUER', 'https://mc-api.example.com/'],
  ])('refuse %s=%s', (name, value) => {
    const problems = problemsOf({ ...good, [name]: value });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((problem) => problem.startsWith(`${name}:`))).toBe(true);
  });
});
