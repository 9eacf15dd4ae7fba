/**
 * How far reconciliation has read: every event created before `until` (Unix seconds) was produced or is known to be
 * delivered.
 */
export interface Checkpoint {
  readonly until: number;
  /** End time of the run that stored it, ISO 8601; absent on a checkpoint stored during a run. */
  readonly finishedAt?: string;
  /** The counts of that run: listed events that Stripe had not delivered, and produced events. */
  readonly undelivered?: number;
  readonly produced?: number;
  /** The gap of events that Stripe no longer listed, and that nobody has accepted as missed yet. */
  readonly missed?: Missed;
}

/** The period whose events were not listed, in Unix seconds. */
export interface Missed {
  readonly from: number;
  readonly to: number;
}

/** Stripe lists the events of the last 30 days (https://docs.stripe.com/api/events), in s. */
export const LISTED_SECONDS = 30 * 86_400;

/**
 * How long before the checkpoint a run begins, in s: Stripe lists an event a little after its creation, and clocks
 * differ.
 */
export const OVERLAP_SECONDS = 600;
/** How far back the first run begins, in s: as long as Stripe repeats an undelivered webhook. */
export const FIRST_RUN_SECONDS = 3 * 86_400;

/** Key of the checkpoint: one for each Stripe account (or mode, if no account is configured) and kind of run. */
export const checkpointKey = (whose: { accountId: string | undefined; livemode: boolean }, undeliveredOnly: boolean) =>
  `reconcile:${whose.accountId ?? (whose.livemode ? 'live' : 'test')}${undeliveredOnly ? ':undelivered' : ''}`;

/**
 * Whether a complete run from `since` to `until` may move the checkpoint to `until`: only if it leaves no gap after the
 * last one.
 */
export const leavesNoGap = (
  last: Checkpoint | undefined,
  { since, until }: { since: number; until: number },
): boolean => last === undefined || (since <= last.until && until >= last.until);

/**
 * The period that a run from `since` can no longer list at `now` (both Unix seconds); undefined when Stripe lists
 * everything.
 */
export function missedBefore(since: number, now: number): Missed | undefined {
  const oldest = now - LISTED_SECONDS;
  return since + OVERLAP_SECONDS < oldest ? { from: since, to: oldest } : undefined;
}

/** Reads a stored checkpoint; undefined when the record is not a checkpoint. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  try {
    const value = JSON.parse(text) as Checkpoint;
    return Number.isSafeInteger(value?.until) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
