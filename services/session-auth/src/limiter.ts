import { TransientError } from '@connector/errors';

/**
 * Runs at most `max` pieces of work at the same time; `maxWaiting` more wait their turn, and further ones get
 * TransientError.
 */
export function createLimiter(max: number, maxWaiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= max) {
      if (waiting.length >= maxWaiting) throw new TransientError('too many lookups wait', { reason: 'overloaded' });
      // Finished work passes its place on, so `running` does not change.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
