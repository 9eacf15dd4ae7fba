/** What the members of a group agreed on: everything received under it is discarded after a rebalance. */
export class GroupGeneration {
  readonly id: number;
  readonly partitions: readonly number[];
  readonly #ended = new AbortController();

  constructor(id: number, partitions: readonly number[]) {
    this.id = id;
    this.partitions = partitions;
  }

  /** Whether its partitions are still ours. */
  get isAssigned(): boolean {
    return !this.#ended.signal.aborted;
  }

  /** Aborted when it ends. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  end(): void {
    this.#ended.abort();
  }
}
