import { EVENTS } from '@connector/contracts';
import type { Logger } from '@connector/telemetry';
import type { SessionCache } from './verify-session.ts';

const RECORDED = 'checkout.transaction.recorded';
const recordedSchema = EVENTS[RECORDED].pick({ cartId: true });

interface Deps {
  cache: SessionCache;
  log: Logger;
}

/**
 * Drops a cart's sessions when the ledger has recorded a transaction of its payment: from then on the Session API is asked
 * again. Takes any message and never throws; what is missed ends with the time to live.
 */
export function createEvictCart({ cache, log }: Deps) {
  return ({ headers, value }: { headers: Readonly<Record<string, string>>; value: Buffer }): void => {
    if (headers.ce_type !== RECORDED) return;
    let cartId: string | undefined;
    try {
      cartId = recordedSchema.parse(JSON.parse(value.toString())).cartId;
    } catch (error) {
      log.warn({ error }, 'a recorded transaction cannot be read');
    }
    if (!cartId) return;
    const sessions = cache.evict(cartId);
    if (sessions > 0) log.debug({ cartId, sessions }, 'sessions of a cart were dropped from the cache');
  };
}
