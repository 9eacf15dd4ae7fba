import { AsyncLocalStorage } from 'node:async_hooks';

/** Who goes first when a dependency takes fewer calls than are wanted; the first of these is served first. */
export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What a caller asks of a dependency at its limit: its place in the queue, and how long it waits there altogether, in ms. */
export interface Claim {
  readonly priority: Priority;
  readonly patienceMs: number;
}

/** Somebody waits, and should be told within three seconds. */
export const SOMEBODY_WAITS: Claim = { priority: 'high', patienceMs: 2_000 };

/** Of a job: it has time, and gives way to everybody who has not. */
export const JOB: Claim = { priority: 'low', patienceMs: 60_000 };

/** A claim from now on; times are ms of `performance.now()`. */
export interface Claimed {
  readonly priority: Priority;
  /** Until when its first call to a host may wait: what has not begun has cost nothing, and what has begun needs time for the rest. */
  readonly beginBy: number;
  readonly giveUpAt: number;
  /** Hosts that have taken a call of it. */
  readonly begun: Set<string>;
}

const FIRST_CALL = 0.5;

const claims = new AsyncLocalStorage<Claimed>();

function from({ priority, patienceMs }: Claim, firstCall: number): Claimed {
  const now = performance.now();
  return { priority, beginBy: now + firstCall * patienceMs, giveUpAt: now + patienceMs, begun: new Set() };
}

/** Runs `work`, whose calls all together wait no longer for limits than the claim's patience, and the first of them for half of it. */
export const withClaim = <T>(claim: Claim, work: () => T): T => claims.run(from(claim, FIRST_CALL), work);

/** The claim that runs, else the given one for a single call. */
export const claimed = (otherwise: Claim): Claimed => claims.getStore() ?? from(otherwise, 1);
