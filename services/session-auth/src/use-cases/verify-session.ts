import { isConfirmation } from '@connector/contracts';
import { type DenialReason, denied, granted, type Outcome, sessionDenial } from '../domain/denial.ts';
import { checkSession, isSessionId, type SessionPrincipal } from '../domain/session.ts';
import type { Found, LookupCache } from '../lookup-cache.ts';
import { auditedCheck, type Checked, credentialHashOf, type Origin } from './audited-check.ts';
import type { Audit, Sessions } from './ports.ts';

export type SessionCache = LookupCache<SessionPrincipal, { reason: DenialReason }>;

interface Deps {
  sessions: Sessions;
  cache: SessionCache;
  projectKey: string;
  audit: Audit;
  now?: () => number;
}

export type VerifySession = (
  sessionId: string | null | undefined,
  origin: Origin,
) => Promise<Outcome<SessionPrincipal>>;

/**
 * Verifies a session and returns its grant. It makes one call of the Session API per session and time to live, cached
 * by project and hash. After the cart has a transaction, a cached session is good only for its confirmation
 * (docs/adr/0021). Throws TransientError while the Session API does not answer.
 */
export function createVerifySession({ sessions, cache, projectKey, audit, now = Date.now }: Deps): VerifySession {
  const refuse = (reason: DenialReason): Checked<SessionPrincipal> => ({
    outcome: denied(sessionDenial(reason)),
    cache: 'none',
  });

  return (given, origin) => {
    const sessionId = given?.trim();
    return auditedCheck({ audit, scheme: 'session', credential: sessionId, origin }, async () => {
      if (!sessionId) return refuse('missing');
      if (!isSessionId(sessionId)) return refuse('malformed');
      const credentialHash = credentialHashOf(sessionId);
      const look = async (): Promise<Found<SessionPrincipal, { reason: DenialReason }>> => {
        const session = await sessions.find(sessionId);
        if (!session) return { kind: 'refused', refusal: { reason: 'unknown_session' } };
        const verdict = checkSession(session, projectKey, now());
        if (verdict.kind === 'refused') return { kind: 'refused', refusal: { reason: verdict.reason } };
        const { principal } = verdict;
        audit.verified({ credentialHash, cartId: principal.cartId });
        const freshForMs = principal.expiresAt ? Date.parse(principal.expiresAt) - now() : undefined;
        return { kind: 'good', value: principal, freshForMs };
      };
      const {
        found,
        cache: use,
        freshForMs,
      } = await cache.get(`${projectKey}:${credentialHash}`, look, { evenEvicted: isConfirmation(origin) });
      const outcome =
        found.kind === 'good' ? granted({ ...found.value, freshForMs }) : denied(sessionDenial(found.refusal.reason));
      return { outcome, cache: use };
    });
  };
}
