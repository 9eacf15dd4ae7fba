import { UnreadableEventError } from '@connector/contracts';
import {
  backOffMs,
  type DeadLetterReason,
  PermanentError,
  type PermanentReason,
  RATE_LIMITED,
  type RetryReason,
  TransientError,
  type TransientReason,
} from '@connector/errors';
import type { Dependencies } from './dependencies.ts';

export interface RetryLimits {
  /** Tries of an error that is neither transient nor permanent. */
  readonly unknownErrorAttempts: number;
  /** How long one key may fail while others succeed before its message becomes a dead letter, in ms. */
  readonly parkLimitMs: number;
  readonly retry?: { baseMs?: number; capMs?: number } | undefined;
}

export type Verdict =
  | { readonly kind: 'retry'; readonly waitMs: number; readonly reason: RetryReason }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason };

/**
 * Reasons that never blame the message, even if other messages succeed. A wrong or expired key, or one without a right,
 * is fixed by a person at some time; a reached limit affects everybody.
 */
const NEVER_ITS_OWN: ReadonlySet<TransientReason> = new Set(['unauthorized', RATE_LIMITED]);

/** How long a message has been failing; its key waits meanwhile. Times are ms since the epoch. */
export class Parking {
  #firstFailedAt: number | undefined;
  #lastFailedAt = 0;
  /** The time in which the failing dependency worked for others, in ms. */
  #failedForMs = 0;

  get firstFailedAt(): Date | undefined {
    return this.#firstFailedAt === undefined ? undefined : new Date(this.#firstFailedAt);
  }

  /** Notes a failure; true for the first one. */
  failed(now: number): boolean {
    if (this.#firstFailedAt !== undefined) return false;
    this.#firstFailedAt = now;
    this.#lastFailedAt = now;
    return true;
  }

  /**
   * How long the message failed on its own, in ms. The time since its last failure is included if that failure was its
   * own.
   */
  ownFailureMs(now: number, isOnItsOwn: boolean): number {
    if (isOnItsOwn) this.#failedForMs += now - this.#lastFailedAt;
    this.#lastFailedAt = now;
    return this.#failedForMs;
  }
}

/** Whether a retry can ever help: undefined if so, else the dead letter's reason. */
export function reasonForGood(error: unknown): PermanentReason | undefined {
  if (error instanceof UnreadableEventError) return 'unreadable';
  if (error instanceof PermanentError) return error.reason;
  return undefined;
}

/** Whether a failed message is tried again and when, or is a dead letter and why. `now` is ms since the epoch. */
export async function classifyFailure(
  error: unknown,
  failure: { readonly attempt: number; readonly key: string; readonly now: number },
  parking: Parking,
  dependencies: Dependencies,
  limits: RetryLimits,
): Promise<Verdict> {
  const { attempt, key, now } = failure;
  const forGood = reasonForGood(error);
  if (forGood !== undefined) return { kind: 'dead-letter', reason: forGood };
  const waitMs = backOffMs(attempt, limits.retry);
  if (!(error instanceof TransientError)) {
    if (attempt >= limits.unknownErrorAttempts) return { kind: 'dead-letter', reason: 'unknown_error' };
    return { kind: 'retry', waitMs, reason: 'unknown' };
  }
  const { reason, dependency } = error;
  dependencies.failed(dependency, key);
  // The time of a parked key counts only while the failing dependency works for others, so that no outage makes dead
  // letters, however long it is.
  const isOnItsOwn = !NEVER_ITS_OWN.has(reason) && (await dependencies.worksForOthers(dependency));
  if (parking.ownFailureMs(now, isOnItsOwn) >= limits.parkLimitMs)
    return { kind: 'dead-letter', reason: 'transient_exhausted' };
  return { kind: 'retry', waitMs: Math.max(error.retryAfterMs ?? 0, waitMs), reason };
}
