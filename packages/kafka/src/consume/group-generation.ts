/**
 * One agreement of a group's members about their partitions. Everything received under it is discarded after a
 * rebalance.
 */
export class GroupGeneration {
  readonly id: number;
  readonly partitions: readonly number[];
  readonly #ended = new AbortController();

  constructor(id: number, partitions: readonly number[]) {
    this.id = id;
    this.partitions = partitions;
  }

  /** Whether the partitions are still assigned to this member. */
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
