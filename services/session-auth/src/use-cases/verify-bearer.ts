import { bearerTokenOf } from '../domain/bearer.ts';
import { type Denial, denied, type Outcome, tokenDenial } from '../domain/denial.ts';
import { checkClaims, type JwtPrincipal } from '../domain/merchant-center-token.ts';
import { checkToken, endOf, type Introspection, type OauthPrincipal } from '../domain/oauth-token.ts';
import type { LookupCache } from '../lookup-cache.ts';
import { auditedCheck, credentialHashOf, type Origin } from './audited-check.ts';
import type { Audit, JwtReader, TokenIntrospection } from './ports.ts';

export type TokenCache = LookupCache<Introspection, Denial>;

interface Oauth2Deps {
  introspection: TokenIntrospection;
  cache: TokenCache;
  projectKey: string;
  audit: Audit;
  now?: () => number;
}

export type VerifyOauth2 = (
  authorization: string | null | undefined,
  anyOf: readonly string[],
  origin: Origin,
) => Promise<Outcome<OauthPrincipal>>;

/** The authorization server does not have the token, or calls it inactive. */
const INACTIVE = tokenDenial('inactive_token', 'invalid_token');

/**
 * Verifies the OAuth2 token in an `Authorization` header: it must have one of `anyOf` for our project. Throws
 * TransientError while the authorization server does not answer, AuthorizationFailedError for an unusable answer.
 */
export function createVerifyOauth2({
  introspection,
  cache,
  projectKey,
  audit,
  now = Date.now,
}: Oauth2Deps): VerifyOauth2 {
  return (authorization, anyOf, origin) => {
    const bearer = bearerTokenOf(authorization);
    const credential = bearer.kind === 'token' ? bearer.token : (authorization ?? undefined);
    return auditedCheck({ audit, scheme: 'oauth2', credential, origin }, async () => {
      if (bearer.kind === 'denied') return { outcome: bearer, cache: 'none' };
      const { found, cache: use } = await cache.get(`${projectKey}:${credentialHashOf(bearer.token)}`, async () => {
        const answer = await introspection.introspect(bearer.token);
        if (answer.kind === 'client_refused') {
          const { code, message } = answer;
          return { kind: 'refused', refusal: { reason: 'client_refused', code, message } };
        }
        if (!answer.token.active) return { kind: 'refused', refusal: INACTIVE };
        const end = endOf(answer.token);
        return { kind: 'good', value: answer.token, freshForMs: end === undefined ? undefined : end - now() };
      });
      const outcome = found.kind === 'good' ? checkToken(found.value, { projectKey, anyOf }) : denied(found.refusal);
      return { outcome, cache: use };
    });
  };
}

interface JwtDeps {
  jwts: JwtReader;
  issuer: string;
  /** The expected audience; undefined = any. */
  audience?: string | undefined;
  projectKey: string;
  audit: Audit;
}

export type VerifyJwt = (authorization: string | null | undefined, origin: Origin) => Promise<Outcome<JwtPrincipal>>;

/**
 * Verifies the Merchant Center JWT in an `Authorization` header. Throws TransientError while the keys cannot be read.
 */
export function createVerifyJwt({ jwts, issuer, audience, projectKey, audit }: JwtDeps): VerifyJwt {
  return (authorization, origin) => {
    const bearer = bearerTokenOf(authorization);
    const credential = bearer.kind === 'token' ? bearer.token : (authorization ?? undefined);
    return auditedCheck({ audit, scheme: 'jwt', credential, origin }, async () => {
      if (bearer.kind === 'denied') return { outcome: bearer, cache: 'none' };
      const reading = await jwts.read(bearer.token);
      const outcome =
        reading.kind === 'valid'
          ? checkClaims(reading.claims, { issuer, audience, projectKey })
          : denied(tokenDenial(reading.reason, reading.message));
      return { outcome, cache: 'none' };
    });
  };
}
