/**
 * Ids of the events the broker acknowledged lately, bounded in time (ms, of one clock that the caller passes in) and number.
 * It only spares Kafka and the ledger obvious repeats: what it forgets is simply produced again, and the ledger takes
 * duplicates.
 */
export class AcknowledgedEvents {
  readonly #windowMs: number;
  readonly #half: number;
  /**
   * Two generations, of which the elder is forgotten as a whole. To take the oldest out one by one, a Map would have to be
   * read past all that was taken out before.
   */
  #younger = new Map<string, number>();
  #elder: ReadonlyMap<string, number> = new Map();
  #bornAt = Number.NEGATIVE_INFINITY;

  /** Of the last `limit` events it knows half at least. */
  constructor({ windowMs, limit = 20_000 }: { windowMs: number; limit?: number }) {
    this.#windowMs = windowMs;
    this.#half = Math.ceil(limit / 2);
  }

  has(eventId: string, now: number): boolean {
    const at = this.#younger.get(eventId) ?? this.#elder.get(eventId);
    return at !== undefined && now - at < this.#windowMs;
  }

  /** To be called only once the broker has acknowledged the event's record. */
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
