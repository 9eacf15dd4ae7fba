import { ConfigError, parseConfig } from '@connector/lifecycle';
import { expect, it } from 'vitest';
import { configSchema } from './config.ts';

const good = {
  KAFKA_BROKERS: 'kafka:9092',
  CTP_PROJECT_KEY: 'shop',
  CTP_CLIENT_ID: 'client',
  CTP_CLIENT_SECRET: 'secret',
  CTP_AUTH_URL: 'https://auth.example.com',
  CTP_API_URL: 'https://api.example.com',
  CTP_SESSION_URL: 'https://session.example.com/',
  CTP_JWKS_URL: 'https://mc.example.com/.well-known/jwks.json',
  CTP_JWT_ISSUER: 'https://mc.example.com',
};

it('needs only where commercetools and Kafka are', () => {
  expect(parseConfig(configSchema, good)).toMatchObject({
    SESSION_CACHE_TTL_MS: 30_000,
    TOKEN_CACHE_TTL_MS: 10_000,
    CTP_SESSION_URL: 'https://session.example.com',
    EXT_AUTH_PATH_PREFIX: '',
  });
});

it.each([
  ['SESSION_CACHE_TTL_MS', '-1'],
  ['SESSION_CACHE_MAX', '0'],
  ['JWT_CLOCK_TOLERANCE_S', '1e3'],
  ['EXT_AUTH_PATH_PREFIX', '/stripe/'],
  ['EXT_AUTH_PATH_PREFIX', 'stripe'],
  ['CTP_CLIENT_SECRET', 'xxx'],
])('refuses %s=%s', (name, value) => {
  expect(() => parseConfig(configSchema, { ...good, [name]: value })).toThrow(ConfigError);
});
