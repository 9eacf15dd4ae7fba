import { backOffMs, StaleVersionError, TransientError } from '@connector/errors';

export interface Retrying {
  /** Ends the run: what fails is not tried again. */
  signal?: AbortSignal;
  pause?: (ms: number) => Promise<unknown>;
}

const ATTEMPTS = 5;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Tries again what fails in passing, and what another writer was faster at: `work` reads and decides again each time. Throws the last of these
 * errors, and at once what will not pass.
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

/** Page after page, each from where the last one ended. */
export async function* pages<T extends { id: string }>(read: (afterId?: string) => Promise<readonly T[]>) {
  for (let page = await read(); page.length > 0; page = await read(page.at(-1)?.id)) yield page;
}
