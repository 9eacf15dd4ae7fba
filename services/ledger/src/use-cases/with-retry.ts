import { backOffMs, StaleVersionError, TransientError } from '@connector/errors';

export interface Retrying {
  /** Ends the run: failures are not retried. */
  signal?: AbortSignal;
  pause?: (ms: number) => Promise<unknown>;
}

const ATTEMPTS = 5;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Retries `work` after transient failures and version conflicts; `work` must read and decide anew each time. Throws the
 * last of these errors, and any permanent failure at once.
 */
export async function withRetry<T>({ pause, signal }: Retrying, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof TransientError || error instanceof StaleVersionError;
      if (!isPassing || attempt >= ATTEMPTS || signal?.aborted) throw error;
      const asked = error instanceof TransientError ? (error.retryAfterMs ?? 0) : 0;
      const ms = Math.max(asked, backOffMs(attempt, { baseMs: 500, capMs: 10_000 }));
      await (pause ?? sleep)(ms);
    }
  }
}

/** Does `work` for each item, at most `atOnce` at the same time. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Reads page after page, each from the end of the previous one. */
export async function* pages<T extends { id: string }>(read: (afterId?: string) => Promise<readonly T[]>) {
  for (let page = await read(); page.length > 0; page = await read(page.at(-1)?.id)) yield page;
}
