import { createHash } from 'node:crypto';
import { isConfirmation } from '@connector/contracts';
import { UnauthorizedError } from '@connector/errors';
import { LRUCache } from 'lru-cache';
import type { Session } from '../domain/session.ts';
import type { AskingRoute, Callers } from './callers.ts';

/** How long an answer is used, in ms: a page sends its requests within seconds. */
const TTL_MS = 10_000;
/** How long after a transaction of a cart its sessions are not cached, in ms. */
const SETTLE_MS = 5_000;

export interface RememberedCallersOptions {
  max: number;
  /** Whether the ledger's records are received; while they are not, nothing is cached. */
  isHearing: () => boolean;
  /** Monotonic clock in ms. */
  now?: () => number;
}

/**
 * Asks session-auth once for the few requests that a page sends within seconds. An answer is used no longer than
 * session-auth itself would give it. Only granted sessions are cached, by a hash of their id. After `forget`, the
 * sessions of a cart are used only for its confirmation, as in session-auth (docs/adr/0021); a check that is under way
 * is not cached.
 */
export function rememberingCallers(
  callers: Callers,
  { max, isHearing, now = () => performance.now() }: RememberedCallersOptions,
): Callers & { forget(cartId: string): void } {
  const memory = new SessionMemory(max, now);
  return {
    ...callers,
    session: async (sessionId, asking) => {
      if (!sessionId || !isHearing()) return callers.session(sessionId, asking);
      const key = createHash('sha256').update(sessionId).digest('base64');
      const known = memory.recall(key, asking);
      if (known) return known;
      const askedAt = now();
      const session = await callers.session(sessionId, asking).catch((error: unknown) => {
        if (error instanceof UnauthorizedError) memory.drop(key);
        throw error;
      });
      memory.remember(key, session, askedAt);
      return session;
    },
    forget: (cartId) => memory.forget(cartId),
  };
}

/** Granted sessions by the hash of their id. Times are in ms of the monotonic clock `now`. */
class SessionMemory {
  readonly #now: () => number;
  readonly #sessions: LRUCache<string, Session>;
  /** Keys of the cached sessions of a cart. */
  readonly #keysOf = new Map<string, Set<string>>();
  /** Sessions whose cart has a transaction. */
  readonly #spent = new WeakSet<Session>();
  /** The time at which a cart was forgotten. */
  readonly #forgotten: LRUCache<string, number>;

  constructor(max: number, now: () => number) {
    const clock = { perf: { now }, ttlResolution: 0 };
    this.#now = now;
    this.#forgotten = new LRUCache({ ...clock, max, ttl: 60_000 });
    this.#sessions = new LRUCache({
      ...clock,
      max,
      dispose: ({ cartId }, key) => {
        const keys = this.#keysOf.get(cartId);
        keys?.delete(key);
        if (keys?.size === 0) this.#keysOf.delete(cartId);
      },
    });
  }

  recall(key: string, asking: AskingRoute): Session | undefined {
    const known = this.#sessions.get(key);
    return known && (isConfirmation(asking) || !this.#spent.has(known)) ? known : undefined;
  }

  /** `askedAt` is the time at which session-auth was asked about the session. */
  remember(key: string, session: Session, askedAt: number): void {
    const { cartId, freshForMs = 0 } = session;
    const ttl = Math.min(TTL_MS, freshForMs);
    // session-auth may receive the same record a moment later, and answers from its cache until then.
    const isForgotten = askedAt - (this.#forgotten.get(cartId) ?? Number.NEGATIVE_INFINITY) < SETTLE_MS;
    if (ttl <= 0 || isForgotten) return;
    this.#sessions.set(key, session, { ttl });
    this.#keysOf.set(cartId, (this.#keysOf.get(cartId) ?? new Set()).add(key));
  }

  drop(key: string): void {
    this.#sessions.delete(key);
  }

  forget(cartId: string): void {
    for (const key of this.#keysOf.get(cartId) ?? []) {
      const session = this.#sessions.peek(key);
      if (session) this.#spent.add(session);
    }
    this.#forgotten.set(cartId, this.#now());
  }
}
