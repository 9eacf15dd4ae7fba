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
    .describe('How long a verified session is believed, in ms; never beyond its own end where that is known'),
  SESSION_CACHE_MAX: integer(1, 1_000_000)
    .default(10_000)
    .describe('Verified sessions kept; the least used one goes first'),
  TOKEN_CACHE_TTL_MS: integer(0, 60_000)
    .default(10_000)
    .describe("How long an introspected OAuth2 token is believed, in ms; never beyond the token's end"),
  REFUSED_CACHE_TTL_MS: integer(0, 60_000)
    .default(5_000)
    .describe('How long a refused session or token is refused without asking again, in ms'),
  REFUSED_CACHE_MAX: integer(1, 1_000_000)
    .default(2_000)
    .describe('Refused sessions or tokens remembered, apart from the good ones'),
  UPSTREAM_CONCURRENCY: integer(1, 1_000)
    .default(32)
    .describe('Calls at once to the Session API, and to introspection'),
  UPSTREAM_TIMEOUT_MS: integer(100, 60_000)
    .default(5_000)
    .describe('Gives up on a call to commercetools after this, in ms'),
  JWT_CLOCK_TOLERANCE_S: integer(0, 300).default(5).describe('Clock difference allowed for exp and nbf of a JWT, in s'),
  JWT_AUDIENCE: z
    .string()
    .min(1)
    .optional()
    .describe('What a JWT must name as its audience (aud); default: any, as in the original'),
  JWKS_COOLDOWN_MS: integer(0, 600_000)
    .default(10_000)
    .describe('Least time between two reads of the keys caused by unknown key ids, in ms'),
  AUDIT_DENIALS_PER_SECOND: integer(1, 10_000)
    .default(5)
    .describe('Denials published per reason and second; further ones are only counted'),
  EXT_AUTH_PATH_PREFIX: z
    .string()
    .regex(/^(\/[\w.~-]+)*$/, 'must be empty or a path without trailing slash, e.g. /stripe')
    .default('')
    .describe('Path below which the gateway serves the connector, cut off before the route is looked up'),
});

export type Config = z.output<typeof configSchema>;
