/** How far reconciliation came: every event created before `until` (Unix seconds) was produced or is known to be delivered. */
export interface Checkpoint {
  readonly until: number;
  /** When the run that stored it ended, ISO 8601; absent on a checkpoint stored on the way. */
  readonly finishedAt?: string;
  /** Of that run: events listed that Stripe had not delivered, and events produced. */
  readonly undelivered?: number;
  readonly produced?: number;
  /** Events that Stripe no longer listed when a run came to them, and nobody has accepted as missed yet. */
  readonly missed?: Missed;
}

/** Times between which events were not listed, Unix seconds. */
export interface Missed {
  readonly from: number;
  readonly to: number;
}

/** Stripe lists the events of the last 30 days (https://docs.stripe.com/api/events), in s. */
export const LISTED_SECONDS = 30 * 86_400;

/** Stripe lists an event a little after its creation, and clocks differ: a run begins this much before the checkpoint, in s. */
export const OVERLAP_SECONDS = 600;
/** Where the first run begins, in s before now: as long as Stripe repeats an undelivered webhook. */
export const FIRST_RUN_SECONDS = 3 * 86_400;

/** Key of the checkpoint: its own per Stripe account (or mode, when no account is configured) and kind of run. */
export const checkpointKey = (whose: { accountId: string | undefined; livemode: boolean }, undeliveredOnly: boolean) =>
  `reconcile:${whose.accountId ?? (whose.livemode ? 'live' : 'test')}${undeliveredOnly ? ':undelivered' : ''}`;

/** Whether after a complete run from `since` to `until` the checkpoint may be `until`: no event lies between it and the last one. */
export const leavesNoGap = (
  last: Checkpoint | undefined,
  { since, until }: { since: number; until: number },
): boolean => last === undefined || (since <= last.until && until >= last.until);

/** What a run from `since` on cannot list any more at `now` (both Unix seconds); undefined when Stripe has it all. */
export function missedBefore(since: number, now: number): Missed | undefined {
  const oldest = now - LISTED_SECONDS;
  return since + OVERLAP_SECONDS < oldest ? { from: since, to: oldest } : undefined;
}

/** Reads a stored checkpoint; undefined when it is none. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  try {
    const value = JSON.parse(text) as Checkpoint;
    return Number.isSafeInteger(value?.until) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
