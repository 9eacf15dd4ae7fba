import { commercetoolsConfig } from '@connector/commercetools';
import { kafkaConfig } from '@connector/kafka';
import { integer, serviceConfig } from '@connector/lifecycle';
import * as z from 'zod';

const { CTP_CHECKOUT_URL: _notCalled, ...commercetools } = commercetoolsConfig;

/** The service's variables. */
export const configSchema = z.object({
  ...serviceConfig,
  ...kafkaConfig,
  ...commercetools,
  SESSION_CACHE_TTL_MS: integer(0, 300_000)
    .default(30_000)
    .describe('How long a verified session is cached, in ms; never beyond its expiry, where that is known'),
  SESSION_CACHE_MAX: integer(1, 1_000_000)
    .default(10_000)
    .describe('Verified sessions in the cache; the least recently used one is removed first'),
  TOKEN_CACHE_TTL_MS: integer(0, 60_000)
    .default(10_000)
    .describe('How long an introspected OAuth2 token is cached, in ms; never beyond its expiry'),
  REFUSED_CACHE_TTL_MS: integer(0, 60_000)
    .default(5_000)
    .describe('How long a refused session or token stays refused without a new check, in ms'),
  REFUSED_CACHE_MAX: integer(1, 1_000_000)
    .default(2_000)
    .describe('Refused sessions or tokens in a cache of their own'),
  UPSTREAM_CONCURRENCY: integer(1, 1_000)
    .default(32)
    .describe('Calls at the same time to the Session API, and to introspection'),
  UPSTREAM_TIMEOUT_MS: integer(100, 60_000).default(5_000).describe('Time-out of a call to commercetools, in ms'),
  JWT_CLOCK_TOLERANCE_S: integer(0, 300).default(5).describe('Clock difference allowed for exp and nbf of a JWT, in s'),
  JWT_AUDIENCE: z
    .string()
    .min(1)
    .optional()
    .describe('Audience (aud) that a JWT must have; default: any, as in the original'),
  JWKS_COOLDOWN_MS: integer(0, 600_000)
    .default(10_000)
    .describe('Minimum time between two reads of the keys because of unknown key ids, in ms'),
  AUDIT_DENIALS_PER_SECOND: integer(1, 10_000)
    .default(5)
    .describe('Denials published per reason and second; further ones are only counted'),
  EXT_AUTH_PATH_PREFIX: z
    .string()
    .regex(/^(\/[\w.~-]+)*$/, 'must be empty or a path without trailing slash, e.g. /stripe')
    .default('')
    .describe('Path prefix under which the gateway serves the connector; it is removed before the route is looked up'),
});

export type Config = z.output<typeof configSchema>;
