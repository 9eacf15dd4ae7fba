/**
 * How far one partition is: messages finish in any order, and only what lies below the lowest unfinished one may be
 * committed, so that a crash forgets nothing.
 */
export class PartitionProgress {
  readonly #open: { offset: bigint; finished: boolean }[] = [];
  #unfinished = 0;
  #next: bigint | undefined;
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
  begin(offset: bigint): () => void {
    const entry = { offset, finished: false };
    this.#open.push(entry);
    this.#unfinished += 1;
    return () => {
      if (!entry.finished) this.#unfinished -= 1;
      entry.finished = true;
      this.#advance();
    };
  }

  /** The offset to commit (the next one to read), when it moved since `committed` was last told. */
  get committable(): bigint | undefined {
    return this.#next === this.#committed ? undefined : this.#next;
  }

  /** Notes that the broker has this offset. */
  committed(next: bigint): void {
    this.#committed = next;
  }

  #advance(): void {
    while (this.#open[0]?.finished) {
      const { offset } = this.#open.shift() as { offset: bigint };
      this.#next = offset + 1n;
    }
  }
}
