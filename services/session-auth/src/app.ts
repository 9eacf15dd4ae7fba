import type { Commercetools } from '@connector/commercetools';
import type { EventRecord } from '@connector/contracts';
import type { Logger } from '@connector/telemetry';
import type { RequestHandler } from 'express';
import { createAudit } from './adapters/audit.ts';
import { oauthIntrospection } from './adapters/introspection.ts';
import { merchantCenterKeys } from './adapters/merchant-center-keys.ts';
import { sessionApi } from './adapters/session-api.ts';
import type { Config } from './config.ts';
import { createLimiter } from './limiter.ts';
import { LookupCache } from './lookup-cache.ts';
import { extAuthRoutes } from './routes/ext-auth.ts';
import { verifyRoutes } from './routes/verify.ts';
import { createCheckAccess } from './use-cases/check-access.ts';
import { createEvictCart } from './use-cases/evict-cart.ts';
import { createVerifyJwt, createVerifyOauth2 } from './use-cases/verify-bearer.ts';
import { createVerifySession, type SessionCache } from './use-cases/verify-session.ts';

interface Deps {
  config: Config;
  commercetools: Commercetools;
  /** Publishes one audit event. */
  send: (topic: string, record: EventRecord) => Promise<void>;
  log: Logger;
}

/** The service without Kafka and the network port: the routes, and the handler for recorded transactions. */
export function createApp({ config, commercetools, send, log }: Deps) {
  const projectKey = config.CTP_PROJECT_KEY;
  const audit = createAudit({ send, log, denialsPerSecond: config.AUDIT_DENIALS_PER_SECOND });
  const bounds = {
    max: config.SESSION_CACHE_MAX,
    refusedTtlMs: config.REFUSED_CACHE_TTL_MS,
    refusedMax: config.REFUSED_CACHE_MAX,
  };
  const limiter = () => createLimiter(config.UPSTREAM_CONCURRENCY, config.UPSTREAM_CONCURRENCY * 20);

  const sessionCache: SessionCache = new LookupCache({
    ...bounds,
    ttlMs: config.SESSION_CACHE_TTL_MS,
    limit: limiter(),
    groupOf: ({ cartId }) => cartId,
  });
  const verifySession = createVerifySession({
    sessions: sessionApi({ url: config.CTP_SESSION_URL, projectKey, fetch: commercetools.fetch }),
    cache: sessionCache,
    projectKey,
    audit,
  });
  const verifyJwt = createVerifyJwt({
    jwts: jwtsOf(config, commercetools),
    issuer: config.CTP_JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    projectKey,
    audit,
  });
  const verifyOauth2 = createVerifyOauth2({
    introspection: introspectionOf(config, commercetools, log),
    cache: new LookupCache({ ...bounds, ttlMs: config.TOKEN_CACHE_TTL_MS, limit: limiter() }),
    projectKey,
    audit,
  });
  const pathPrefix = config.EXT_AUTH_PATH_PREFIX;
  const checkAccess = createCheckAccess({ verifySession, verifyJwt, verifyOauth2, audit, pathPrefix });

  const routes: RequestHandler[] = [
    verifyRoutes({ verifySession, verifyJwt, verifyOauth2 }),
    extAuthRoutes({ checkAccess }),
  ];
  return { routes, evictCart: createEvictCart({ cache: sessionCache, log }) };
}

const jwtsOf = (config: Config, { plainFetch }: Commercetools) =>
  merchantCenterKeys({
    jwksUrl: config.CTP_JWKS_URL,
    fetch: plainFetch,
    timeoutMs: config.UPSTREAM_TIMEOUT_MS,
    cooldownMs: config.JWKS_COOLDOWN_MS,
    clockToleranceS: config.JWT_CLOCK_TOLERANCE_S,
  });

const introspectionOf = (config: Config, { clientCredentials, plainFetch }: Commercetools, log: Logger) =>
  oauthIntrospection({ authUrl: config.CTP_AUTH_URL, credentials: clientCredentials, fetch: plainFetch, log });
