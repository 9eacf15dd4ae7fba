import { setTimeout as sleep } from 'node:timers/promises';
import { type EventRecord, PAYMENT_EVENTS, STRIPE_EVENT_TYPES, type StripeEventType } from '@connector/contracts';
import { backOffMs, PermanentError, TransientError } from '@connector/errors';
import {
  checkpointKey,
  FIRST_RUN_SECONDS,
  leavesNoGap,
  type Missed,
  missedBefore,
  OVERLAP_SECONDS,
} from '../domain/checkpoint.ts';
import { classify, type Ours } from '../domain/classify.ts';
import { advanced, isServedBy, type ReconcileRequest, requestedSince } from '../domain/reconcile-request.ts';
import { toPaymentRecord } from '../domain/to-payment-record.ts';
import type { Checkpoints, ListEvents, ReconcileRequests } from './ports.ts';

/** Which events a run lists, and what it does with them. */
export interface ReconcileOptions {
  /** Unix seconds; undefined = from the checkpoint on. */
  readonly since: number | undefined;
  /** Unix seconds, exclusive. */
  readonly until: number;
  readonly types: readonly StripeEventType[];
  readonly undeliveredOnly: boolean;
  readonly dryRun: boolean;
  /** Events that are past listing are known to be missed. */
  readonly acceptGap: boolean;
}

export interface Reconciliation {
  readonly listEvents: ListEvents;
  readonly producer: { send(topic: string, record: EventRecord): Promise<void> };
  readonly checkpoints: Checkpoints;
  readonly requests: ReconcileRequests;
  readonly ours: Ours;
  readonly accountId: string | undefined;
  /** Told after each page. */
  readonly onProgress?: (summary: ReconcileSummary) => void;
  /** Ends the run after the page that is being handled. */
  readonly signal?: AbortSignal;
  /** How often a send that failed in passing is tried. */
  readonly attempts?: number;
  readonly pause?: (ms: number) => Promise<unknown>;
  readonly now?: () => Date;
}

/** What a run did. Times are Unix seconds. */
export interface ReconcileSummary {
  readonly since: number;
  readonly until: number;
  readonly dryRun: boolean;
  readonly undeliveredOnly: boolean;
  listed: number;
  /** Listed, and Stripe still has a webhook of it to deliver. */
  undelivered: number;
  /** Acknowledged by Kafka; in a dry run, what would have been sent. */
  produced: number;
  /** Of another project or mode. */
  ignored: number;
  /** Unreadable, or larger than the topic takes. */
  failed: number;
  byType: Record<string, number>;
  /** Requests of the ledger that this run has completed; in a dry run, would complete. */
  requests: number;
  checkpoint: 'stored' | 'unchanged' | 'failed';
  /** Events that Stripe lists no more, since this run or an earlier one came too late. */
  readonly missed?: Missed;
  /** Everything since the last run was listed and produced, and the checkpoint is where it should be. */
  complete: boolean;
}

/** Pages between two checkpoints stored on the way, so that a run that is cut off was not for nothing. */
const PAGES_PER_CHECKPOINT = 20;

/**
 * Lists Stripe's events of a window and produces those of ours as the webhook does. A page at a time: memory does not grow with
 * the window. Throws TransientError when Stripe or Kafka stay away; what was produced by then is harmless to produce again.
 */
export async function reconcile(deps: Reconciliation, options: ReconcileOptions): Promise<ReconcileSummary> {
  const {
    listEvents,
    checkpoints,
    requests,
    ours,
    accountId,
    onProgress = () => {},
    signal,
    now = () => new Date(),
  } = deps;
  const { until, types, undeliveredOnly, dryRun, acceptGap } = options;
  const key = checkpointKey({ accountId, livemode: ours.livemode }, undeliveredOnly);
  const last = await checkpoints.read(key);
  const scheduled = Math.min(last ? last.until - OVERLAP_SECONDS : until - FIRST_RUN_SECONDS, until - 1);
  const allTypes = STRIPE_EVENT_TYPES.every((type) => types.includes(type));
  const asked = allTypes && !undeliveredOnly ? await requests.open() : [];
  const since = options.since ?? Math.min(scheduled, ...asked.map((request) => requestedSince(request, until)));
  let serves = asked.filter((request) => isServedBy(request, { since, until }));
  const movesCheckpoint = !dryRun && allTypes && leavesNoGap(last, { since, until });
  const tooOld = (from: number) => missedBefore(from, now().getTime() / 1000);
  const missed = acceptGap ? undefined : mergeMissed(last?.missed, tooOld(since));
  // The checkpoint keeps a gap that the schedule left; one that was asked for, by --since or a request, is told each time.
  const kept = acceptGap
    ? undefined
    : mergeMissed(last?.missed, options.since === undefined ? tooOld(scheduled) : undefined);
  const summary: ReconcileSummary = {
    since,
    until,
    dryRun,
    undeliveredOnly,
    listed: 0,
    undelivered: 0,
    produced: 0,
    ignored: 0,
    failed: 0,
    byType: {},
    requests: 0,
    ...(missed && { missed }),
    checkpoint: 'unchanged',
    complete: false,
  };

  let pages = 0;
  for await (const page of listEvents({ since, until, types, undeliveredOnly })) {
    const records: EventRecord[] = [];
    for (const event of page) {
      summary.listed += 1;
      if (event.pending_webhooks > 0) summary.undelivered += 1;
      const classified = classify(event, ours);
      if (classified.kind === 'malformed' || classified.kind === 'thin') summary.failed += 1;
      if (classified.kind === 'ignored') summary.ignored += 1;
      if (classified.kind !== 'record') continue;
      records.push(toPaymentRecord(classified.event, Buffer.from(JSON.stringify(event)), accountId));
      summary.byType[event.type] = (summary.byType[event.type] ?? 0) + 1;
    }
    const tooLarge = dryRun ? 0 : await produce(records, deps);
    summary.produced += records.length - tooLarge;
    summary.failed += tooLarge;
    onProgress(summary);
    if (signal?.aborted) return summary;
    pages += 1;
    const reached = page.at(-1)?.created;
    if (dryRun || summary.failed > 0 || reached === undefined || pages % PAGES_PER_CHECKPOINT !== 0) continue;
    serves = await advance(serves, reached, requests);
    if (movesCheckpoint && (!last || reached > last.until)) {
      await checkpoints.write(key, { until: reached, ...(kept && { missed: kept }) });
    }
  }

  if (movesCheckpoint && summary.failed === 0) {
    const { undelivered, produced } = summary;
    // A run that left a gap is no success: its end is not noted, so that the alert of stale reconciliation stays.
    const told = kept ? { missed: kept } : { finishedAt: now().toISOString(), undelivered, produced };
    await checkpoints.write(key, { until, ...told });
    summary.checkpoint = 'stored';
  } else if (movesCheckpoint) {
    summary.checkpoint = 'failed';
  }
  summary.complete = summary.failed === 0 && !missed;
  if (summary.complete) {
    if (!dryRun) for (const request of serves) await requests.complete(request, { since, until });
    summary.requests = serves.length;
  }
  return summary;
}

/** What was reached need not be listed again when this run is cut off: the next one goes on from there. */
async function advance(
  serves: readonly ReconcileRequest[],
  reached: number,
  requests: ReconcileRequests,
): Promise<ReconcileRequest[]> {
  const moved = serves.map((request) => advanced(request, reached));
  for (const request of moved) await requests.replace(request);
  return moved;
}

/** One gap from the earlier one's beginning to the later one's end. */
const mergeMissed = (one: Missed | undefined, other: Missed | undefined): Missed | undefined =>
  one && other ? { from: Math.min(one.from, other.from), to: Math.max(one.to, other.to) } : (one ?? other);

/** Sends in order, waits for all, and tries again those that failed in passing. Answers how many the topic does not take. */
async function produce(records: readonly EventRecord[], deps: Reconciliation): Promise<number> {
  const { producer, attempts = 6, pause = sleep } = deps;
  let open = records;
  let tooLarge = 0;
  for (let attempt = 1; open.length > 0; attempt += 1) {
    const results = await Promise.allSettled(open.map((record) => producer.send(PAYMENT_EVENTS, record)));
    const failed: EventRecord[] = [];
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      const error: unknown = result.reason;
      if (error instanceof PermanentError && error.reason === 'too_large') tooLarge += 1;
      else if (error instanceof TransientError && attempt < attempts) failed.push(open[index] as EventRecord);
      else throw error;
    }
    open = failed;
    if (open.length > 0) await pause(backOffMs(attempt, { baseMs: 500, capMs: 10_000 }));
  }
  return tooLarge;
}
