import { EVENTS } from '@connector/contracts';
import type { Logger } from '@connector/telemetry';
import type { SessionCache } from './verify-session.ts';

const RECORDED = 'checkout.transaction.recorded';
const recordedSchema = EVENTS[RECORDED].pick({ cartId: true, transactions: true });

interface Deps {
  cache: SessionCache;
  log: Logger;
}

/**
 * Evicts a cart's sessions when its payment shows a transaction: after that the Session API is called again, except for
 * the confirmation (ADR 21). A payment that was only opened or declined evicts nothing. Accepts any message and never
 * throws; a missed eviction is limited by the time to live.
 */
export function createEvictCart({ cache, log }: Deps) {
  return ({ headers, value }: { headers: Readonly<Record<string, string>>; value: Buffer }): void => {
    if (headers.ce_type !== RECORDED) return;
    let cartId: string | undefined;
    try {
      const recorded = recordedSchema.parse(JSON.parse(value.toString()));
      if (recorded.transactions.length > 0) cartId = recorded.cartId;
    } catch (error) {
      log.warn({ error }, 'a recorded transaction cannot be read');
    }
    if (!cartId) return;
    const sessions = cache.evict(cartId);
    if (sessions > 0) log.debug({ cartId, sessions }, 'sessions of a cart were evicted');
  };
}
