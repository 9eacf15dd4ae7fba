/** A rebalance takes at most two session timeouts. */
const STUCK_AFTER_SESSIONS = 2.5;
/** Two clients in a row did not join the group although the brokers answer. */
const DEAD_AFTER_SESSIONS = 6;

/**
 * How long a consumer has been outside its group, and what follows from it. It begins absent. Times are those of
 * `performance.now()`, in ms.
 */
export class Absence {
  readonly #sessionTimeoutMs: number;
  #since = performance.now();
  /** When the client was last recreated for this reason, and how often. */
  #recreatedAt = performance.now();
  #recreations = 0;

  constructor(sessionTimeoutMs: number) {
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  get ms(): number {
    return performance.now() - this.#since;
  }

  /**
   * Whether the absence since the last recreation is longer than any rebalance takes: the client may not come back by
   * itself. Each next client has twice as long. Otherwise, where everything is slow, each client would be replaced just
   * before it joins.
   */
  get isStuck(): boolean {
    const patienceMs = STUCK_AFTER_SESSIONS * this.#sessionTimeoutMs * 2 ** this.#recreations;
    return performance.now() - Math.max(this.#since, this.#recreatedAt) >= patienceMs;
  }

  /** Whether recreating the client did not help. */
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
