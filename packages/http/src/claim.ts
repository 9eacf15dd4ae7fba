import { AsyncLocalStorage } from 'node:async_hooks';

/** Priorities when a dependency accepts fewer calls than are wanted, most urgent first. */
export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/**
 * The claim of a caller on a dependency at its limit: its priority, and how long all its calls together may wait, in
 * ms.
 */
export interface Claim {
  readonly priority: Priority;
  readonly patienceMs: number;
}

/** Somebody waits for the answer, and should get one within three seconds. */
export const SOMEBODY_WAITS: Claim = { priority: 'high', patienceMs: 2_000 };

/** For jobs, which have time and let all others go first. */
export const JOB: Claim = { priority: 'low', patienceMs: 60_000 };

/** A claim that begins now; times are ms of `performance.now()`. */
export interface Claimed {
  readonly priority: Priority;
  /**
   * Until when the first call to a host may wait. A request that has not begun has cost nothing; one that has begun
   * needs time for its other calls.
   */
  readonly beginBy: number;
  readonly giveUpAt: number;
  /** Hosts that have accepted a call of this claim. */
  readonly begun: Set<string>;
}

const FIRST_CALL = 0.5;

const claims = new AsyncLocalStorage<Claimed>();

function from({ priority, patienceMs }: Claim, firstCall: number): Claimed {
  const now = performance.now();
  return { priority, beginBy: now + firstCall * patienceMs, giveUpAt: now + patienceMs, begun: new Set() };
}

/**
 * Runs `work`. All its calls together wait for limits no longer than the claim's patience, and the first of them no
 * longer than half of it.
 */
export const withClaim = <T>(claim: Claim, work: () => T): T => claims.run(from(claim, FIRST_CALL), work);

/** The claim of the running work; outside such work, the given claim for a single call. */
export const claimed = (otherwise: Claim): Claimed => claims.getStore() ?? from(otherwise, 1);
