import { ServiceError } from '@connector/errors';
import { type Claim, withClaim } from '@connector/http';
import type { Component } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';

/**
 * Work that an answer does not wait for. If it fails, a retry, the ledger or a webhook fixes the result. `afterMs`
 * delays its start, in ms.
 */
export type InBackground = (name: string, work: () => Promise<unknown>, options?: { afterMs?: number }) => void;

/** How long such work may wait for a limit of Stripe or commercetools, in ms: nobody waits for it. */
const UNHURRIED: Claim = { priority: 'normal', patienceMs: 15_000 };

/** Starts work during a request that the answer does not wait for, with its own patience for limits. */
export const unhurried = <T>(work: () => T): T => withClaim(UNHURRIED, work);

/** Runs background work; on stop, it starts delayed work and waits for all of it. */
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
