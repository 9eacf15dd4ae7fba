/**
 * Ids of the events the broker acknowledged lately, bounded in time (ms, of one clock that the caller passes in) and number.
 * It only spares Kafka and the ledger obvious repeats: what it forgets is simply produced again, and the ledger takes
 * duplicates.
 */
export class AcknowledgedEvents {
  readonly #windowMs: number;
  readonly #limit: number;
  readonly #acknowledgedAt = new Map<string, number>();

  constructor({ windowMs, limit = 20_000 }: { windowMs: number; limit?: number }) {
    this.#windowMs = windowMs;
    this.#limit = limit;
  }

  has(eventId: string, now: number): boolean {
    const at = this.#acknowledgedAt.get(eventId);
    return at !== undefined && now - at < this.#windowMs;
  }

  /** To be called only once the broker has acknowledged the event's record. */
  add(eventId: string, now: number): void {
    if (this.#windowMs === 0) return;
    // Map keeps the order of insertion, so the oldest come first.
    this.#acknowledgedAt.delete(eventId);
    this.#acknowledgedAt.set(eventId, now);
    for (const [id, at] of this.#acknowledgedAt) {
      if (this.#acknowledgedAt.size <= this.#limit && now - at < this.#windowMs) break;
      this.#acknowledgedAt.delete(id);
    }
  }
}
