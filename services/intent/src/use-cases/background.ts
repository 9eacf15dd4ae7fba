import { ServiceError } from '@connector/errors';
import { type Claim, withClaim } from '@connector/http';
import type { Component } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';

/**
 * Work that an answer does not wait for. Its failure changes nothing that a retry, the ledger or a webhook does not fix. `afterMs` puts its
 * start off, in ms.
 */
export type InBackground = (name: string, work: () => Promise<unknown>, options?: { afterMs?: number }) => void;

/** Nobody waits for it: it may wait itself, in ms, while Stripe or commercetools take fewer calls than are wanted. */
const UNHURRIED: Claim = { priority: 'normal', patienceMs: 15_000 };

/** Runs work that is begun while a request runs and that its answer does not wait for, with a patience of its own. */
export const unhurried = <T>(work: () => T): T => withClaim(UNHURRIED, work);

/** Runs such work; a stop starts what was put off, and waits for what is under way. */
export function createBackground(log: Logger): Component & { readonly run: InBackground } {
  const underWay = new Set<Promise<void>>();
  const putOff = new Map<NodeJS.Timeout, () => void>();

  const start = (work: string, task: () => Promise<unknown>) => {
    const running = unhurried(task)
      .then(
        () => {},
        (error: unknown) => {
          log[error instanceof ServiceError ? 'warn' : 'error']({ error, work }, 'work after the answer failed');
        },
      )
      .finally(() => underWay.delete(running));
    underWay.add(running);
  };
  return {
    name: 'background work',
    run: (work, task, { afterMs = 0 } = {}) => {
      if (afterMs === 0) return start(work, task);
      const timer = setTimeout(() => {
        putOff.delete(timer);
        start(work, task);
      }, afterMs);
      putOff.set(timer, () => start(work, task));
    },
    stop: async () => {
      for (const [timer, begin] of putOff) {
        clearTimeout(timer);
        begin();
      }
      putOff.clear();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
