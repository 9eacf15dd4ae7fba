import { bearerTokenOf } from '../domain/bearer.ts';
import { denied, type Outcome, tokenDenial } from '../domain/denial.ts';
import { checkClaims, type JwtPrincipal } from '../domain/merchant-center-token.ts';
import { auditedCheck, type Origin } from './audited-check.ts';
import type { Audit, JwtReader } from './ports.ts';

interface Deps {
  jwts: JwtReader;
  issuer: string;
  /** What a token must be for; undefined = anything. */
  audience?: string | undefined;
  projectKey: string;
  audit: Audit;
}

export type VerifyJwt = (authorization: string | null | undefined, origin: Origin) => Promise<Outcome<JwtPrincipal>>;

/** Whose Merchant Center JWT an `Authorization` header carries. Throws TransientError while the keys cannot be read. */
export function createVerifyJwt({ jwts, issuer, audience, projectKey, audit }: Deps): VerifyJwt {
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
