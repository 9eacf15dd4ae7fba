import { createHash } from 'node:crypto';
import { isConfirmation } from '@connector/contracts';
import { UnauthorizedError } from '@connector/errors';
import { LRUCache } from 'lru-cache';
import type { Session } from '../domain/session.ts';
import type { Callers } from './callers.ts';

/** A page makes its requests within seconds. */
const TTL_MS = 10_000;
/** For how long after a transaction of a cart its sessions are not remembered again, in ms. */
const SETTLE_MS = 5_000;

export interface RememberedCallersOptions {
  max: number;
  /** Whether what the ledger records is heard; while it is not, nothing is remembered. */
  isHearing: () => boolean;
  /** Monotonic clock in ms. */
  now?: () => number;
}

/**
 * session-auth is asked once for the handful of requests that a page makes within seconds, and its answer is believed no longer than session-auth
 * itself would have given it. Only granted sessions are remembered, by a hash.
 * `forget` leaves those of a cart to its confirmation alone, as session-auth does itself (docs/adr/0021); one whose check is under way is dropped.
 */
export function rememberingCallers(
  callers: Callers,
  { max, isHearing, now = () => performance.now() }: RememberedCallersOptions,
): Callers & { forget(cartId: string): void } {
  const clock = { perf: { now }, ttlResolution: 0 };
  const keysOf = new Map<string, Set<string>>();
  const sessions = new LRUCache<string, Session>({
    ...clock,
    max,
    dispose: ({ cartId }, key) => {
      const keys = keysOf.get(cartId);
      keys?.delete(key);
      if (keys?.size === 0) keysOf.delete(cartId);
    },
  });
  /** Sessions whose cart has a transaction. */
  const spent = new WeakSet<Session>();
  const forgotten = new LRUCache<string, number>({ ...clock, max, ttl: 60_000 });
  return {
    ...callers,
    session: async (sessionId, asking) => {
      if (!sessionId || !isHearing()) return callers.session(sessionId, asking);
      const key = createHash('sha256').update(sessionId).digest('base64');
      const known = sessions.get(key);
      if (known && (isConfirmation(asking) || !spent.has(known))) return known;
      const began = now();
      const session = await callers.session(sessionId, asking).catch((error: unknown) => {
        if (error instanceof UnauthorizedError) sessions.delete(key);
        throw error;
      });
      const ttl = Math.min(TTL_MS, session.freshForMs ?? 0);
      // session-auth may hear of the same record a moment later, and answer from its memory until then.
      const isForgotten = began - (forgotten.get(session.cartId) ?? Number.NEGATIVE_INFINITY) < SETTLE_MS;
      if (ttl > 0 && !isForgotten) {
        sessions.set(key, session, { ttl });
        keysOf.set(session.cartId, (keysOf.get(session.cartId) ?? new Set()).add(key));
      }
      return session;
    },
    forget: (cartId) => {
      for (const key of keysOf.get(cartId) ?? []) {
        const session = sessions.peek(key);
        if (session) spent.add(session);
      }
      forgotten.set(cartId, now());
    },
  };
}
