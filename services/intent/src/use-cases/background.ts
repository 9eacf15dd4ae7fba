import { ServiceError } from '@connector/errors';
import type { Part } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';

/** Work that an answer does not wait for. Its failure changes nothing that a retry, the ledger or a webhook does not mend. */
export type InBackground = (name: string, work: () => Promise<unknown>) => void;

/** Runs such work; a stop waits for what is under way. */
export function createBackground(log: Logger): Part & { readonly run: InBackground } {
  const underWay = new Set<Promise<void>>();
  return {
    name: 'background work',
    run: (work, task) => {
      const running = task()
        .then(
          () => {},
          (error: unknown) => {
            log[error instanceof ServiceError ? 'warn' : 'error']({ error, work }, 'work after the answer failed');
          },
        )
        .finally(() => underWay.delete(running));
      underWay.add(running);
    },
    stop: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
