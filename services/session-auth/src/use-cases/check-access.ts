import { ruleFor } from '../domain/access-rules.ts';
import type { Denial } from '../domain/denial.ts';
import { auditedCheck, type Checked, type Origin } from './audited-check.ts';
import type { Audit } from './ports.ts';
import type { VerifyJwt, VerifyOauth2 } from './verify-bearer.ts';
import type { VerifySession } from './verify-session.ts';

/** The request about which a gateway asks. */
export interface AccessQuestion {
  method: string;
  /** With or without query. */
  target: string;
  sessionId: string | undefined;
  authorization: string | undefined;
}

export type AccessOutcome =
  | { readonly kind: 'granted'; readonly identity: Readonly<Record<string, string>> }
  | { readonly kind: 'denied'; readonly denial: Denial }
  | { readonly kind: 'forbidden' };

interface Deps {
  verifySession: VerifySession;
  verifyJwt: VerifyJwt;
  verifyOauth2: VerifyOauth2;
  audit: Audit;
  pathPrefix: string;
}

export type CheckAccess = (question: AccessQuestion) => Promise<AccessOutcome>;

/**
 * Whether a gateway may let a request through: the route decides by which scheme the caller is checked. Preflights
 * pass, because browsers send them without credentials; a request without a known route is forbidden.
 */
export function createCheckAccess({ verifySession, verifyJwt, verifyOauth2, audit, pathPrefix }: Deps): CheckAccess {
  return async ({ method, target, sessionId, authorization }): Promise<AccessOutcome> => {
    if (method === 'OPTIONS') return { kind: 'granted', identity: { scheme: 'none' } };
    const path = withoutPrefix(target.split('?')[0] ?? '', pathPrefix);
    const rule = path === undefined ? undefined : ruleFor(method, path);
    if (!rule) {
      const scheme = authorization ? 'oauth2' : 'session';
      await auditedCheck({ audit, scheme, credential: undefined, origin: {} }, async () => UNKNOWN_ROUTE);
      return { kind: 'forbidden' };
    }
    const origin: Origin = { method: rule.method, route: rule.path };
    switch (rule.requires.scheme) {
      case 'open':
        return { kind: 'granted', identity: { scheme: 'none' } };
      case 'session': {
        const outcome = await verifySession(sessionId, origin);
        if (outcome.kind === 'denied') return outcome;
        const { cartId, projectKey } = outcome.principal;
        return { kind: 'granted', identity: { scheme: 'session', 'cart-id': cartId, 'project-key': projectKey } };
      }
      case 'jwt': {
        const outcome = await verifyJwt(authorization, origin);
        if (outcome.kind === 'denied') return outcome;
        const { subject, projectKey } = outcome.principal;
        return { kind: 'granted', identity: { scheme: 'jwt', subject, 'project-key': projectKey } };
      }
      case 'oauth2': {
        const outcome = await verifyOauth2(authorization, rule.requires.anyOf, origin);
        if (outcome.kind === 'denied') return outcome;
        const { clientId, permissions } = outcome.principal;
        return {
          kind: 'granted',
          identity: { scheme: 'oauth2', 'client-id': clientId, permissions: permissions.join(' ') },
        };
      }
    }
  };
}

const UNKNOWN_ROUTE: Checked<never> = {
  outcome: { kind: 'denied', denial: { reason: 'unknown_route', code: 'access_denied', message: 'Not allowed.' } },
  cache: 'none',
};

const withoutPrefix = (path: string, prefix: string): string | undefined =>
  path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
