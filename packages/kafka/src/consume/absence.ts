/** A rebalance takes two session timeouts at most. */
const STUCK_AFTER_SESSIONS = 2.5;
/** Two clients in turn did not come into the group although the brokers answer. */
const DEAD_AFTER_SESSIONS = 6;

/** How long a consumer has been in no group, and what follows from it. Begins absent; times as `performance.now()` has them. */
export class Absence {
  readonly #sessionTimeoutMs: number;
  #since = performance.now();
  /** When the client was last recreated because of it, and how often. */
  #recreatedAt = performance.now();
  #recreations = 0;

  constructor(sessionTimeoutMs: number) {
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  get ms(): number {
    return performance.now() - this.#since;
  }

  /**
   * Longer than any rebalance takes, since the client was last recreated: it may not come back by itself. Each next client has twice as long: where all
   * is slow, one that is replaced just before it joins would be replaced for ever.
   */
  get isStuck(): boolean {
    const patienceMs = STUCK_AFTER_SESSIONS * this.#sessionTimeoutMs * 2 ** this.#recreations;
    return performance.now() - Math.max(this.#since, this.#recreatedAt) >= patienceMs;
  }

  /** Recreating the client did not help. */
  get isForGood(): boolean {
    return this.ms > DEAD_AFTER_SESSIONS * this.#sessionTimeoutMs;
  }

  beginNow(): void {
    this.#since = performance.now();
    this.#recreations = 0;
  }

  recreatedNow(): void {
    this.#recreatedAt = performance.now();
    this.#recreations += 1;
  }
}
