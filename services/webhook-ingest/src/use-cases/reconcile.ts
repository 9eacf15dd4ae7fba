import { setTimeout as sleep } from 'node:timers/promises';
import { type EventRecord, PAYMENT_EVENTS, STRIPE_EVENT_TYPES, type StripeEventType } from '@connector/contracts';
import { backOffMs, PermanentError, TransientError } from '@connector/errors';
import type Stripe from 'stripe';
import { checkpointKey, type Missed } from '../domain/checkpoint.ts';
import { classify, type Ours } from '../domain/classify.ts';
import { planRun, type RunPlan } from '../domain/reconcile-plan.ts';
import { advanced, type ReconcileRequest } from '../domain/reconcile-request.ts';
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
  const { listEvents, checkpoints, requests, ours, accountId, onProgress = () => {}, now = () => new Date() } = deps;
  const { until, types, undeliveredOnly, dryRun } = options;
  const key = checkpointKey({ accountId, livemode: ours.livemode }, undeliveredOnly);
  const last = await checkpoints.read(key);
  const allTypes = STRIPE_EVENT_TYPES.every((type) => types.includes(type));
  const open = allTypes && !undeliveredOnly ? await requests.open() : [];
  const plan = planRun({ last, requests: open, now: now().getTime() / 1000 }, { ...options, allTypes });
  const summary = emptySummary(plan, options);

  let { serves } = plan;
  let pages = 0;
  for await (const page of listEvents({ since: plan.since, until, types, undeliveredOnly })) {
    await producePage(page, summary, deps);
    onProgress(summary);
    if (deps.signal?.aborted) return summary;
    pages += 1;
    const reached = page.at(-1)?.created;
    if (dryRun || summary.failed > 0 || reached === undefined || pages % PAGES_PER_CHECKPOINT !== 0) continue;
    serves = await advance(serves, reached, requests);
    if (plan.movesCheckpoint && (!last || reached > last.until)) {
      await checkpoints.write(key, { until: reached, ...(plan.keptGap && { missed: plan.keptGap }) });
    }
  }

  if (plan.movesCheckpoint) summary.checkpoint = await storeCheckpoint(key, plan, summary, deps);
  summary.complete = summary.failed === 0 && !plan.missed;
  if (summary.complete) {
    if (!dryRun) for (const request of serves) await requests.complete(request, { since: plan.since, until });
    summary.requests = serves.length;
  }
  return summary;
}

const emptySummary = (
  { since, missed }: RunPlan,
  { until, dryRun, undeliveredOnly }: ReconcileOptions,
): ReconcileSummary => ({
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
});

/** Counts the events of a page and, but for a dry run, produces those of ours. */
async function producePage(
  page: readonly Stripe.Event[],
  summary: ReconcileSummary,
  deps: Reconciliation,
): Promise<void> {
  const records: EventRecord[] = [];
  for (const event of page) {
    summary.listed += 1;
    if (event.pending_webhooks > 0) summary.undelivered += 1;
    const classified = classify(event, deps.ours);
    if (classified.kind === 'malformed' || classified.kind === 'thin') summary.failed += 1;
    if (classified.kind === 'ignored') summary.ignored += 1;
    if (classified.kind !== 'record') continue;
    records.push(toPaymentRecord(classified.event, Buffer.from(JSON.stringify(event)), deps.accountId));
    summary.byType[event.type] = (summary.byType[event.type] ?? 0) + 1;
  }
  const tooLarge = summary.dryRun ? 0 : await produce(records, deps);
  summary.produced += records.length - tooLarge;
  summary.failed += tooLarge;
}

/** Stores where the run came, unless something of its window could not be produced. */
async function storeCheckpoint(
  key: string,
  { keptGap }: RunPlan,
  { until, failed, undelivered, produced }: ReconcileSummary,
  { checkpoints, now = () => new Date() }: Reconciliation,
): Promise<'stored' | 'failed'> {
  if (failed > 0) return 'failed';
  // A run that left a gap is no success: its end is not noted, so that the alert of stale reconciliation stays.
  const told = keptGap ? { missed: keptGap } : { finishedAt: now().toISOString(), undelivered, produced };
  await checkpoints.write(key, { until, ...told });
  return 'stored';
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
