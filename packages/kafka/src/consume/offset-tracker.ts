/** An offset to commit: the next message to read, and the timestamp of the last one before it. */
export interface Committable {
  readonly next: bigint;
  /** Kafka's timestamp of the message before `next`, ms since the epoch, as text. */
  readonly timestamp: string;
}

/**
 * The progress of one partition. Messages finish in any order, but only offsets below the lowest unfinished one may be
 * committed, so that a crash loses nothing.
 */
export class OffsetTracker {
  readonly #open: { readonly offset: bigint; readonly timestamp: string; finished: boolean }[] = [];
  #unfinished = 0;
  #next: Committable | undefined;
  #committed: bigint | undefined;

  /** Received messages whose offsets cannot be committed yet. After a crash they would be handled again. */
  get size(): number {
    return this.#open.length;
  }

  /** Received and unfinished messages, which are in memory. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /**
   * Notes a received message, and returns the function that notes that it is finished. Offsets must be in rising order.
   */
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

  /** The offset to commit, if it changed since the last call. */
  get committable(): Committable | undefined {
    return this.#next?.next === this.#committed ? undefined : this.#next;
  }

  /** Notes that the broker has this committed offset. */
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
