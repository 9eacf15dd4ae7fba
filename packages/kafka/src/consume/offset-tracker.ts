/** An offset to commit: the next message to read, and the time of the last one below it. */
export interface Committable {
  readonly next: bigint;
  /** Kafka's timestamp of the message before `next`, ms since the epoch, as text. */
  readonly timestamp: string;
}

/**
 * How far one partition is: messages finish in any order, and only what lies below the lowest unfinished one may be
 * committed, so that a crash forgets nothing.
 */
export class OffsetTracker {
  readonly #open: { readonly offset: bigint; readonly timestamp: string; finished: boolean }[] = [];
  #unfinished = 0;
  #next: Committable | undefined;
  #committed: bigint | undefined;

  /** Messages received whose offsets are not committable yet: what would be handled again after a crash. */
  get size(): number {
    return this.#open.length;
  }

  /** Messages received and not finished: what is held in memory. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Takes note of a received message and answers how to say that it is finished. Offsets must come in rising order. */
  begin(offset: bigint, timestamp = ''): () => void {
    const entry = { offset, timestamp, finished: false };
    this.#open.push(entry);
    this.#unfinished += 1;
    return () => {
      if (!entry.finished) this.#unfinished -= 1;
      entry.finished = true;
      this.#advance();
    };
  }

  /** What to commit, when it moved since `committed` was last called. */
  get committable(): Committable | undefined {
    return this.#next?.next === this.#committed ? undefined : this.#next;
  }

  /** Notes that the broker has this offset. */
  committed(next: bigint): void {
    this.#committed = next;
  }

  #advance(): void {
    while (this.#open[0]?.finished) {
      const { offset, timestamp } = this.#open.shift() as { offset: bigint; timestamp: string };
      this.#next = { next: offset + 1n, timestamp };
    }
  }
}
