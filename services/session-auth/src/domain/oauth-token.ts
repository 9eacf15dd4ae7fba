import * as z from 'zod';
import { denied, granted, type Outcome, tokenDenial } from './denial.ts';

/** The part of the authorization server's introspection answer (RFC 7662) that is used. */
export const introspectionSchema = z.object({
  active: z.boolean(),
  scope: z.string().optional(),
  client_id: z.string().optional(),
  exp: z.number().optional(),
});

export type Introspection = z.output<typeof introspectionSchema>;

/** What an OAuth2 token grants in our project; the answer of `POST /verify/oauth2`. */
export const oauthPrincipalSchema = z.object({
  clientId: z.string(),
  /** Names of the scopes granted for exactly this project, e.g. `manage_project`. */
  permissions: z.array(z.string()),
  customerId: z.string().optional(),
  anonymousId: z.string().optional(),
  /** ISO 8601. */
  expiresAt: z.string().optional(),
});

export type OauthPrincipal = z.output<typeof oauthPrincipalSchema>;

/**
 * The expiry of a token in ms since the epoch: `exp` is in seconds by the standard, but some servers send milliseconds.
 */
export const endOf = ({ exp }: Introspection): number | undefined =>
  exp === undefined ? undefined : exp < 100_000_000_000 ? exp * 1000 : exp;

/** ISO 8601 of ms since the epoch; undefined for what no calendar has. */
export const isoOf = (ms: number | undefined): string | undefined =>
  ms !== undefined && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : undefined;

/**
 * Whether the token is active and has one of `anyOf` for exactly this project: `name:{projectKey}`. The same name for
 * another project, or only for one of its stores, does not count. The authorization server's word decides whether it is
 * active, its end only how long that word is kept: clocks differ, and the unit is not agreed on.
 */
export function checkToken(
  token: Introspection,
  { projectKey, anyOf }: { projectKey: string; anyOf: readonly string[] },
): Outcome<OauthPrincipal> {
  if (!token.active) return denied(tokenDenial('inactive_token', 'invalid_token'));
  const scopes = token.scope?.split(' ').filter(Boolean) ?? [];
  if (scopes.length === 0) return denied(tokenDenial('no_scope', 'Token has no scopes.'));
  const permissions = scopes
    .filter((scope) => scope.endsWith(`:${projectKey}`) && scope.split(':').length === 2)
    .map((scope) => scope.slice(0, -projectKey.length - 1));
  if (!anyOf.some((permission) => permissions.includes(permission))) {
    return denied(tokenDenial('no_permission', 'Not authorized', { validAuthorities: anyOf }));
  }
  const [customerId, anonymousId] = ['customer_id:', 'anonymous_id:'].map((prefix) =>
    scopes.find((scope) => scope.startsWith(prefix))?.slice(prefix.length),
  );
  const expiresAt = isoOf(endOf(token));
  return granted({
    clientId: token.client_id ?? '',
    permissions,
    ...(customerId && { customerId }),
    ...(anonymousId && { anonymousId }),
    ...(expiresAt && { expiresAt }),
  });
}
