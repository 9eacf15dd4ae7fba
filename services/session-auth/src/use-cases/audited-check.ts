import { createHash } from 'node:crypto';
import type { Outcome, Scheme } from '../domain/denial.ts';
import type { CacheUse } from '../lookup-cache.ts';
import { countCheck } from '../metrics.ts';
import type { Audit } from './ports.ts';

/** The request for which a service asks, for the audit trail. */
export interface Origin {
  method?: string | undefined;
  route?: string | undefined;
}

/** The result of a check, and whether it came from a cache. */
export interface Checked<T> {
  outcome: Outcome<T>;
  cache: CacheUse | 'none';
}

/** Hash of a credential, in hex, which is stored and published in its place. */
export const credentialHashOf = (credential: string): string => createHash('sha256').update(credential).digest('hex');

/** Runs a check, counts it, and publishes a refusal to the audit trail. */
export async function auditedCheck<T>(
  {
    audit,
    scheme,
    credential,
    origin,
  }: { audit: Audit; scheme: Scheme; credential: string | undefined; origin: Origin },
  check: () => Promise<Checked<T>>,
): Promise<Outcome<T>> {
  let checked: Checked<T>;
  try {
    checked = await check();
  } catch (error) {
    countCheck('unavailable', 'miss');
    throw error;
  }
  const { outcome, cache } = checked;
  countCheck(outcome.kind === 'granted' ? 'granted' : outcome.denial.reason, cache);
  if (outcome.kind === 'denied') {
    const { reason } = outcome.denial;
    audit.denied({ scheme, reason, ...origin, ...(credential && { credentialHash: credentialHashOf(credential) }) });
  }
  return outcome;
}
