import { AsyncLocalStorage } from 'node:async_hooks';

/** Who goes first when a dependency takes fewer calls than are wanted; the first of these is served first. */
export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What a caller asks of a dependency at its limit: its place in the queue, and how long it waits there altogether, in ms. */
export interface Claim {
  readonly priority: Priority;
  readonly patienceMs: number;
}

/** Of a job: it has time, and gives way to everybody who has not. */
export const JOB: Claim = { priority: 'low', patienceMs: 60_000 };

interface Claimed {
  readonly priority: Priority;
  /** Ms of `performance.now()`. */
  readonly giveUpAt: number;
}

const claims = new AsyncLocalStorage<Claimed>();

const from = ({ priority, patienceMs }: Claim): Claimed => ({ priority, giveUpAt: performance.now() + patienceMs });

/** Runs `work`, whose calls all together wait no longer for limits than the claim's patience. */
export const withClaim = <T>(claim: Claim, work: () => T): T => claims.run(from(claim), work);

/** The claim that runs, else the given one from now on. */
export const claimed = (otherwise: Claim): Claimed => claims.getStore() ?? from(otherwise);
