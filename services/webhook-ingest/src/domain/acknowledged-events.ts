/**
 * Ids of recently acknowledged events, bounded in time (ms of one clock that the caller passes in) and number. It only
 * saves Kafka and the ledger from obvious repeats: a forgotten event is produced again, which the ledger can handle.
 */
export class AcknowledgedEvents {
  readonly #windowMs: number;
  readonly #half: number;
  /**
   * Two generations; the older one is dropped as a whole. Removing the oldest entries one by one would be slow, because
   * a Map iterates over its deleted entries.
   */
  #younger = new Map<string, number>();
  #elder: ReadonlyMap<string, number> = new Map();
  #bornAt = Number.NEGATIVE_INFINITY;

  /** At least half of the last `limit` events are known. */
  constructor({ windowMs, limit = 20_000 }: { windowMs: number; limit?: number }) {
    this.#windowMs = windowMs;
    this.#half = Math.ceil(limit / 2);
  }

  has(eventId: string, now: number): boolean {
    const at = this.#younger.get(eventId) ?? this.#elder.get(eventId);
    return at !== undefined && now - at < this.#windowMs;
  }

  /** Must be called only after the broker has acknowledged the event's record. */
  add(eventId: string, now: number): void {
    if (this.#windowMs === 0) return;
    if (this.#younger.size >= this.#half || now - this.#bornAt >= this.#windowMs) {
      this.#elder = this.#younger;
      this.#younger = new Map();
      this.#bornAt = now;
    }
    this.#younger.set(eventId, now);
  }
}
