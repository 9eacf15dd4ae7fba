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

/** The options of a run. */
export interface ReconcileOptions {
  /** Unix seconds; undefined = from the checkpoint on. */
  readonly since: number | undefined;
  /** Unix seconds, exclusive. */
  readonly until: number;
  readonly types: readonly StripeEventType[];
  readonly undeliveredOnly: boolean;
  readonly dryRun: boolean;
  /** Whether missed events that Stripe no longer lists are accepted. */
  readonly acceptGap: boolean;
}

export interface Reconciliation {
  readonly listEvents: ListEvents;
  readonly producer: { send(topic: string, record: EventRecord): Promise<void> };
  readonly checkpoints: Checkpoints;
  readonly requests: ReconcileRequests;
  readonly ours: Ours;
  readonly accountId: string | undefined;
  /** Called after each page. */
  readonly onProgress?: (summary: ReconcileSummary) => void;
  /** Ends the run after the page that is being handled. */
  readonly signal?: AbortSignal;
  /** How often a transiently failed send is tried. */
  readonly attempts?: number;
  readonly pause?: (ms: number) => Promise<unknown>;
  readonly now?: () => Date;
}

/** The result of a run. Times are Unix seconds. */
export interface ReconcileSummary {
  readonly since: number;
  readonly until: number;
  readonly dryRun: boolean;
  readonly undeliveredOnly: boolean;
  listed: number;
  /** Listed events for which Stripe still has a webhook to deliver. */
  undelivered: number;
  /** Events acknowledged by Kafka; in a dry run, events that would have been sent. */
  produced: number;
  /** Events of another project or mode. */
  ignored: number;
  /** Events that are unreadable, or larger than the topic accepts. */
  failed: number;
  byType: Record<string, number>;
  /** Requests of the ledger that this run has completed; in a dry run, would complete. */
  requests: number;
  checkpoint: 'stored' | 'unchanged' | 'failed';
  /** The period whose events Stripe no longer lists, because this run or an earlier one was too late. */
  readonly missed?: Missed;
  /** Whether everything since the last run was listed and produced, and the checkpoint stored. */
  complete: boolean;
}

/** Pages between two checkpoints stored during a run, so that an interrupted run keeps its progress. */
const PAGES_PER_CHECKPOINT = 20;

/**
 * Lists Stripe's events of a window and produces those of ours as the webhook does. It reads one page at a time, so
 * memory does not grow with the window. Throws TransientError when Stripe or Kafka stays down; events that were
 * produced by then can safely be produced again.
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

/** Counts the events of a page and, unless it is a dry run, produces ours. */
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

/** Stores how far the run came, unless an event of its window could not be produced. */
async function storeCheckpoint(
  key: string,
  { keptGap }: RunPlan,
  { until, failed, undelivered, produced }: ReconcileSummary,
  { checkpoints, now = () => new Date() }: Reconciliation,
): Promise<'stored' | 'failed'> {
  if (failed > 0) return 'failed';
  // A run with a gap is not a success: its end is not stored, so that the alert ReconciliationStale stays.
  const told = keptGap ? { missed: keptGap } : { finishedAt: now().toISOString(), undelivered, produced };
  await checkpoints.write(key, { until, ...told });
  return 'stored';
}

/** Stores the progress of requests, so that the next run continues from there if this one is interrupted. */
async function advance(
  serves: readonly ReconcileRequest[],
  reached: number,
  requests: ReconcileRequests,
): Promise<ReconcileRequest[]> {
  const moved = serves.map((request) => advanced(request, reached));
  for (const request of moved) await requests.replace(request);
  return moved;
}

/** Sends in order, waits for all, and retries transient failures. Returns how many events the topic does not accept. */
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
