import { Session } from 'node:inspector';

/** What of this project's own code has run, by V8's precise coverage; branches count, not only functions. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  get branches(): number {
    return this.#seen.size;
  }

  /** Whether anything ran since the last question that is not noted yet; `note` keeps it. Takes some ms, however little ran. */
  grew({ note }: { note: boolean }): boolean {
    let grew = false;
    // Answered before post() returns: the session is with this very thread.
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error) throw error;
      for (const { scriptId, url, functions } of taken.result) {
        if (!isOwn(url)) continue;
        for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
          const branch = `${scriptId}:${startOffset}-${endOffset}`;
          if (count === 0 || this.#seen.has(branch)) continue;
          grew = true;
          if (note) this.#seen.add(branch);
        }
      }
    });
    return grew;
  }

  stop(): void {
    this.#session.disconnect();
  }
}

const isOwn = (url: string): boolean => /\/(services|packages)\//.test(url) && !url.includes('/node_modules/');
