import { CHECKOUT_SESSIONS } from '@connector/contracts';
import { startSentMessages } from '@connector/kafka';
import { metrics } from '@connector/telemetry';
import type { DenialReason } from './domain/denial.ts';
import type { CacheUse } from './lookup-cache.ts';

/** The outcome of a check, as coarse as alerts need it; the audit trail has the exact reason. */
const OUTCOMES = {
  granted: 'allowed',
  unavailable: 'upstream_error',
  missing: 'missing',
  expired: 'expired',
  no_scope: 'forbidden',
  no_permission: 'forbidden',
  wrong_project: 'forbidden',
  wrong_audience: 'forbidden',
  unknown_route: 'forbidden',
  malformed: 'invalid',
  unknown_session: 'invalid',
  no_cart: 'invalid',
  bad_signature: 'invalid',
  unknown_key: 'invalid',
  alg_not_allowed: 'invalid',
  not_yet_valid: 'invalid',
  wrong_issuer: 'invalid',
  // commercetools refuses our own credentials, so no caller can be checked.
  client_refused: 'upstream_error',
  inactive_token: 'invalid',
} as const satisfies Record<DenialReason | 'granted' | 'unavailable', string>;

/** Counts one check of a session or token. */
export function countCheck(result: keyof typeof OUTCOMES, cache: CacheUse | 'none'): void {
  const answered = cache === 'hit' || cache === 'negative';
  metrics.sessionChecks.inc({ outcome: OUTCOMES[result], cache: answered ? 'hit' : 'miss' });
}

/** Sets every counter of this service to 0, so that Prometheus sees the first check as an increase. */
export function startSessionMetrics(): void {
  for (const outcome of new Set(Object.values(OUTCOMES))) {
    for (const cache of ['hit', 'miss']) metrics.sessionChecks.inc({ outcome, cache }, 0);
  }
  startSentMessages(CHECKOUT_SESSIONS);
}
