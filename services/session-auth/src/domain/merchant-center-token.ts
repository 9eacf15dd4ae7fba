import * as z from 'zod';
import { denied, granted, type Outcome, tokenDenial } from './denial.ts';
import { isoOf } from './oauth-token.ts';

/** What a Merchant Center JWT grants; the answer of `POST /verify/jwt`. */
export const jwtPrincipalSchema = z.object({
  /** The Merchant Center user. */
  subject: z.string(),
  projectKey: z.string(),
  permissions: z.array(z.string()),
  /** ISO 8601. */
  expiresAt: z.string(),
});

export type JwtPrincipal = z.output<typeof jwtPrincipalSchema>;

/** Claims of a JWT whose signature and times are right. */
export interface VerifiedClaims {
  readonly iss?: string | undefined;
  readonly sub?: string | undefined;
  readonly aud?: string | readonly string[] | undefined;
  readonly exp?: number | undefined;
  readonly [claim: string]: unknown;
}

/** The last moment that a calendar has. */
const NEVER = new Date(8.64e15).toISOString();

/** The permissions of every Merchant Center user, as in the original. */
const PERMISSIONS = ['manage_project', 'manage_checkout_application'];

/**
 * Checks that the issuer is exactly ours, the claim `{iss}/claims/project_key` is our project, and the audience is the
 * expected one, if one is configured.
 */
export function checkClaims(
  claims: VerifiedClaims,
  expected: { issuer: string; projectKey: string; audience?: string | undefined },
): Outcome<JwtPrincipal> {
  const { issuer, projectKey, audience } = expected;
  if (claims.iss !== issuer) {
    return denied(tokenDenial('wrong_issuer', 'Issuer in the token does not match the expected issuer.'));
  }
  if (claims[`${issuer}/claims/project_key`] !== projectKey) {
    return denied(tokenDenial('wrong_project', 'Project key does not match.'));
  }
  if (audience !== undefined && ![claims.aud].flat().includes(audience)) {
    return denied(tokenDenial('wrong_audience', 'Audience in the token does not match the expected audience.'));
  }
  const expiresAt = isoOf((claims.exp ?? 0) * 1000) ?? NEVER;
  return granted({ subject: claims.sub ?? '', projectKey, permissions: PERMISSIONS, expiresAt });
}
