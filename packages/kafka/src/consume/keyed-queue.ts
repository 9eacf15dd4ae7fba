interface Lane<T> {
  /** Resolves when all work of the key is done. */
  end: Promise<void>;
  /** The items of its work, the running one first. */
  readonly items: T[];
}

/**
 * Runs work in order within a key, and in parallel across keys, at most `concurrency` at once. Work that waits between
 * two tries occupies no slot.
 */
export class KeyedQueue<T> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #queue: (() => void)[] = [];
  #free: number;

  constructor(concurrency: number) {
    this.#free = concurrency;
  }

  /** Keys with running or waiting work. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Appends `work` on `item` to its key's queue. `work` must not reject. */
  append(key: string, item: T, work: () => Promise<void>): void {
    const lane = this.#lanes.get(key) ?? { end: Promise.resolve(), items: [] };
    this.#lanes.set(key, lane);
    lane.items.push(item);
    lane.end = lane.end.then(work).finally(() => {
      lane.items.shift();
      if (lane.items.length === 0) this.#lanes.delete(key);
    });
  }

  /** The items that wait behind a key's running work, in order. */
  behind(key: string): readonly T[] {
    return this.#lanes.get(key)?.items.slice(1) ?? [];
  }

  /** Runs `work` in one of the slots. */
  async inSlot<R>(work: () => Promise<R>): Promise<R> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  /** Resolves when all work is done. */
  async idle(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all([...this.#lanes.values()].map(({ end }) => end));
  }
}
