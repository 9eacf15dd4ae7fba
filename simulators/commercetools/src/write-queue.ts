/**
 * Runs the writes of one name one after another, because other writes could come between a check and the write that it
 * allows.
 */
export class WriteQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(name: string, write: () => Promise<T>): Promise<T> {
    const result = (this.#last.get(name) ?? Promise.resolve()).then(write, write);
    const done = result
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(name) === done) this.#last.delete(name);
      });
    this.#last.set(name, done);
    return result;
  }
}
