import {
  type Checkpoint,
  FIRST_RUN_SECONDS,
  leavesNoGap,
  type Missed,
  missedBefore,
  OVERLAP_SECONDS,
} from './checkpoint.ts';
import { isServedBy, type ReconcileRequest, requestedSince } from './reconcile-request.ts';

/** The state before a run. Times are Unix seconds. */
export interface RunContext {
  /** How far earlier runs have read. */
  readonly last: Checkpoint | undefined;
  /** Open requests that a run of this kind can complete. */
  readonly requests: readonly ReconcileRequest[];
  readonly now: number;
}

/** The options of a run. Times are Unix seconds. */
export interface RunRequest {
  /** Undefined = from the checkpoint on. */
  readonly since: number | undefined;
  /** Exclusive. */
  readonly until: number;
  /** Whether it lists every handled event type. */
  readonly allTypes: boolean;
  readonly dryRun: boolean;
  /** Whether missed events that Stripe no longer lists are accepted. */
  readonly acceptGap: boolean;
}

/** What a run lists, and what it may change when it is complete. */
export interface RunPlan {
  /** Where it begins, Unix seconds. */
  readonly since: number;
  /** The requests that it completes. */
  readonly serves: readonly ReconcileRequest[];
  readonly movesCheckpoint: boolean;
  /** The period whose events Stripe no longer lists, because this run or an earlier one was too late. */
  readonly missed: Missed | undefined;
  /** The gap that stays in the checkpoint until somebody accepts it. */
  readonly keptGap: Missed | undefined;
}

/**
 * Decides what a run lists. It begins a little before the checkpoint, or where the earliest request begins; without a
 * checkpoint, as far back as Stripe repeats an undelivered webhook.
 */
export function planRun({ last, requests, now }: RunContext, request: RunRequest): RunPlan {
  const { until, allTypes, dryRun, acceptGap } = request;
  const scheduled = Math.min(last ? last.until - OVERLAP_SECONDS : until - FIRST_RUN_SECONDS, until - 1);
  const since = request.since ?? Math.min(scheduled, ...requests.map((each) => requestedSince(each, until)));
  // Only a gap that the schedule left is stored in the checkpoint; a gap of --since or a request is reported by each
  // run.
  const scheduledGap = request.since === undefined ? missedBefore(scheduled, now) : undefined;
  return {
    since,
    serves: requests.filter((each) => isServedBy(each, { since, until })),
    movesCheckpoint: !dryRun && allTypes && leavesNoGap(last, { since, until }),
    missed: acceptGap ? undefined : mergeMissed(last?.missed, missedBefore(since, now)),
    keptGap: acceptGap ? undefined : mergeMissed(last?.missed, scheduledGap),
  };
}

/** Joins two gaps: from the earlier one's beginning to the later one's end. */
const mergeMissed = (one: Missed | undefined, other: Missed | undefined): Missed | undefined =>
  one && other ? { from: Math.min(one.from, other.from), to: Math.max(one.to, other.to) } : (one ?? other);
