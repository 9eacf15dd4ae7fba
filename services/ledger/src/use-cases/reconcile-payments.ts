import type { Payment } from '@commercetools/platform-sdk';
import {
  ageOf,
  type Counts,
  type Divergence,
  emptySummary,
  OPEN_STATES,
  type ReconciliationSummary,
} from '../domain/reconciliation.ts';
import type { PaymentIntentObject } from '../domain/stripe-objects.ts';
import { ownershipOfSnapshot } from './payment-of-snapshot.ts';
import type { OpenPayments, RequestedOperations, Snapshot } from './ports.ts';
import {
  type CheckDependencies,
  type Checked,
  checkOpenPayment,
  checkOperation,
  checkPaymentIntent,
  openTransactions,
} from './reconcile-checks.ts';
import { inParallel, pages, withRetry } from './with-retry.ts';

export interface ReconcilePaymentsDependencies extends CheckDependencies {
  openPayments: OpenPayments;
  operations: RequestedOperations;
  projectKey: string;
  onProgress?: (summary: ReconciliationSummary) => void;
  /** Called with each divergence as it is found. */
  onDivergence?: (divergence: Divergence) => void;
  onFailure?: (what: string, error: unknown) => void;
}

export interface ReconcilePaymentsOptions {
  /** Transactions younger than this are left to the webhooks, in ms. */
  readonly olderThanMs: number;
  /** PaymentIntents created since this time are compared too; undefined = none. */
  readonly since?: Date | undefined;
  /** Whether events are also published for differences that only the comparison of PaymentIntents found. */
  readonly repair: boolean;
  readonly dryRun: boolean;
}

/** Calls at the same time: fast enough, and far below the vendors' limits. */
const AT_ONCE = 8;

/** The state of one run: its dependencies, and what it has found so far. */
interface Run {
  readonly deps: ReconcilePaymentsDependencies;
  readonly options: ReconcilePaymentsOptions;
  /** Younger transactions are left to the webhooks. */
  readonly before: Date;
  readonly now: () => Date;
  readonly summary: ReconciliationSummary;
  /** PaymentIntents that were already compared because of an open transaction. */
  readonly compared: Set<string>;
}

/**
 * Finds differences between commercetools and Stripe with the ledger's own rules: it makes an event from the present
 * state of a Stripe object, and if `decide` would write something for it, the two differ. The event is published, so
 * that the ledger stays the only writer. It checks every payment with an open transaction, then (with `since`) every
 * PaymentIntent of the project except those abandoned unpaid, then every requested operation without a result. Throws
 * TransientError when commercetools or Stripe cannot be listed at all.
 */
export async function reconcilePayments(
  deps: ReconcilePaymentsDependencies,
  options: ReconcilePaymentsOptions,
): Promise<ReconciliationSummary> {
  const { signal, now = () => new Date() } = deps;
  const before = new Date(now().getTime() - options.olderThanMs);
  const summary = emptySummary(options.dryRun);
  const run: Run = { deps, options, before, now, summary, compared: new Set() };
  await reconcileOpenPayments(run);
  if (signal?.aborted) return summary;
  if (options.since) await reconcilePaymentIntents(run, options.since);
  if (signal?.aborted) return summary;
  await reconcileOperations(run);
  summary.complete = [summary.payments, summary.paymentIntents, summary.operations].every(({ failed }) => failed === 0);
  return summary;
}

/** Every payment with an open transaction. */
async function reconcileOpenPayments(run: Run): Promise<void> {
  const { deps, options, before, now, summary, compared } = run;
  for await (const page of pages((afterId) => withRetry(deps, () => deps.openPayments.page(before, afterId)))) {
    const open = page.filter((payment) => openTransactions(payment, before).length > 0);
    for (const payment of open) count(summary, payment, { before, now: now() });
    await checkEach(run, summary.payments, open, {
      nameOf: ({ id }) => `payment ${id}`,
      check: (payment) => checkOpenPayment(deps, options, payment, before, compared),
    });
    if (deps.signal?.aborted) return;
  }
}

/** Every PaymentIntent of the project since then, except those abandoned unpaid. */
async function reconcilePaymentIntents(run: Run, since: Date): Promise<void> {
  const { deps, options, before, summary, compared } = run;
  const read = (afterId?: string) => withRetry(deps, () => deps.snapshots.paymentIntents(since, before, afterId));
  for await (const page of pages(read)) {
    const ours = page.filter(
      (snapshot) =>
        projectOf(snapshot) === deps.projectKey &&
        (moneyWasAskedFor(snapshot) || waitsForShopper(snapshot)) &&
        !compared.has(snapshot.id),
    );
    const known = await paymentsOf(deps, ours);
    await checkEach(run, summary.paymentIntents, ours, {
      nameOf: ({ id }) => `PaymentIntent ${id}`,
      check: (snapshot) => checkPaymentIntent(deps, options, snapshot, known.get(snapshot.id)),
    });
    if (deps.signal?.aborted) return;
  }
}

/** Every requested operation without a result. */
async function reconcileOperations(run: Run): Promise<void> {
  const { deps, options, before, summary } = run;
  const unfinished = await withRetry(deps, () => deps.operations.withoutEnd(before));
  await checkEach(run, summary.operations, unfinished, {
    nameOf: ({ operationId, paymentId }) => `operation ${operationId} of payment ${paymentId}`,
    check: (operation) => checkOperation(deps, options, operation),
  });
}

async function checkEach<T>(
  { deps, summary }: Run,
  counts: Counts,
  items: readonly T[],
  { nameOf, check }: { nameOf: (item: T) => string; check: (item: T) => Promise<Checked> },
): Promise<void> {
  await inParallel(items, AT_ONCE, async (item) => {
    counts.checked += 1;
    try {
      const checked = await check(item);
      countChecked(counts, checked);
      if (checked !== 'pending') for (const divergence of checked) note(summary, divergence, deps);
    } catch (error) {
      // A payment that cannot be checked must not stop the others; the run then counts as incomplete.
      counts.failed += 1;
      deps.onFailure?.(nameOf(item), error);
    }
  });
  deps.onProgress?.(summary);
}

function countChecked(counts: Counts, checked: Checked): void {
  if (checked === 'pending') counts.pending += 1;
  else if (checked.length > 0) {
    counts.diverging += 1;
    if (checked.some(({ repaired }) => repaired)) counts.repaired += 1;
  }
}

/** The payments that have these PaymentIntents as their interfaceId, read with one call. */
async function paymentsOf(
  deps: ReconcilePaymentsDependencies,
  snapshots: readonly Snapshot[],
): Promise<Map<string, Payment>> {
  if (snapshots.length === 0) return new Map();
  const found = await withRetry(deps, () => deps.openPayments.ofPaymentIntents(snapshots.map(({ id }) => id)));
  return new Map(found.flatMap((payment) => (payment.interfaceId ? [[payment.interfaceId, payment] as const] : [])));
}

const projectOf = (snapshot: Snapshot) => ownershipOfSnapshot(snapshot).projectKey;

/** A PaymentIntent that was captured before its cancelation must have transactions. */
function moneyWasAskedFor(snapshot: Snapshot): boolean {
  const { status, latest_charge: charge } = snapshot as Partial<PaymentIntentObject>;
  return ['succeeded', 'requires_capture', 'processing'].includes(status ?? '') || (status === 'canceled' && !!charge);
}

/** An open or abandoned checkout: only the link to its payment can be checked. */
const waitsForShopper = (snapshot: Snapshot): boolean =>
  ['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(String(snapshot.status)) &&
  ownershipOfSnapshot(snapshot).paymentKey !== undefined;

function note(summary: ReconciliationSummary, divergence: Divergence, deps: ReconcilePaymentsDependencies): void {
  summary.kinds[divergence.kind] += 1;
  if (divergence.repaired && !summary.dryRun) summary.repairs[divergence.kind] += 1;
  deps.onDivergence?.(divergence);
}

function count(summary: ReconciliationSummary, payment: Payment, { before, now }: { before: Date; now: Date }): void {
  const open = openTransactions(payment, before);
  for (const state of OPEN_STATES) {
    const times = open
      .filter((transaction) => transaction.state === state)
      .map(({ timestamp }) => new Date(timestamp ?? payment.createdAt));
    if (times.length === 0) continue;
    const known = summary.open[state];
    const oldest = new Date(Math.min(...times.map(Number)));
    known.payments += 1;
    known.ages[ageOf(oldest, now)] += 1;
    if (!known.oldest || oldest < known.oldest) known.oldest = oldest;
  }
}
