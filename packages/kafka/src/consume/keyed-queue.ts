/**
 * Work in order within a key and side by side across keys, at most `concurrency` at once. What waits between two tries of a
 * key holds no slot.
 */
export class KeyedQueue {
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #queue: (() => void)[] = [];
  #free: number;

  constructor(concurrency: number) {
    this.#free = concurrency;
  }

  /** Keys with work under way or waiting. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Appends `work` to its key's lane; it must not reject. */
  append(key: string, work: () => Promise<void>): void {
    const before = this.#lanes.get(key) ?? Promise.resolve();
    const lane = before.then(work).finally(() => {
      if (this.#lanes.get(key) === lane) this.#lanes.delete(key);
    });
    this.#lanes.set(key, lane);
  }

  /** Runs `work` in one of the slots. */
  async inSlot<T>(work: () => Promise<T>): Promise<T> {
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

  /** Resolves when no work is left. */
  async idle(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all(this.#lanes.values());
  }
}
