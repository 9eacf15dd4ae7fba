import type { Payment } from '@commercetools/platform-sdk';
import { PAYMENT_EVENTS } from '@connector/contracts';
import {
  ageOf,
  type Counts,
  type Divergence,
  emptySummary,
  OPEN_STATES,
  type ReconciliationSummary,
} from '../domain/reconciliation.ts';
import type { PaymentIntentObject } from '../domain/stripe-objects.ts';
import { notDone, standingOfOperation } from './find-unfinished-operations.ts';
import { ownershipOfSnapshot, paymentOfSnapshot } from './payment-of-snapshot.ts';
import type {
  OpenPayments,
  Payments,
  RequestedOperation,
  RequestedOperations,
  Snapshot,
  StripeSnapshots,
} from './ports.ts';
import { type CompareDependencies, compare } from './reconcile-object.ts';
import { inParallel, pages, withRetry } from './with-retry.ts';

export interface ReconcilePaymentsDependencies extends CompareDependencies {
  openPayments: OpenPayments;
  payments: Pick<Payments, 'byId' | 'byKey'>;
  snapshots: StripeSnapshots;
  operations: RequestedOperations;
  projectKey: string;
  onProgress?: (summary: ReconciliationSummary) => void;
  /** Told of each divergence as it is found. */
  onDivergence?: (divergence: Divergence) => void;
  onFailure?: (what: string, error: unknown) => void;
}

export interface ReconcilePaymentsOptions {
  /** Transactions younger than this are left to the webhooks, in ms. */
  readonly olderThanMs: number;
  /** PaymentIntents created since then are compared too; undefined = none. */
  readonly since?: Date | undefined;
  /** Whether an event is published for what only the comparison of PaymentIntents found. */
  readonly repair: boolean;
  readonly dryRun: boolean;
}

/** Calls under way at once: enough to get on, far below what the vendors limit. */
const AT_ONCE = 8;

/**
 * Finds what commercetools shows otherwise than Stripe, by the ledger's own rules: an event is made of Stripe's object as it is now, and where
 * `decide` would write something for it, the two differ. The ledger stays the one who writes: the event is published to it.
 * First every payment with an open transaction, then (with `since`) every PaymentIntent of the project but those that were given up unpaid,
 * then every operation that was asked for and whose result nobody told.
 * Throws TransientError when commercetools or Stripe cannot be listed at all.
 */
export async function reconcilePayments(
  deps: ReconcilePaymentsDependencies,
  options: ReconcilePaymentsOptions,
): Promise<ReconciliationSummary> {
  const { openPayments, snapshots, projectKey, signal, onProgress = () => {}, now = () => new Date() } = deps;
  const before = new Date(now().getTime() - options.olderThanMs);
  const summary = emptySummary(options.dryRun);
  const done = new Set<string>();

  const each = async <T>(counts: Counts, items: readonly T[], nameOf: (item: T) => string, work: Check<T>) => {
    await inParallel(items, AT_ONCE, async (item) => {
      counts.checked += 1;
      try {
        const divergences = await work(item);
        if (divergences === 'pending') counts.pending += 1;
        else if (divergences.length > 0) {
          counts.diverging += 1;
          if (divergences.some(({ repaired }) => repaired)) counts.repaired += 1;
          for (const divergence of divergences) note(summary, divergence, deps);
        }
      } catch (error) {
        // One payment that cannot be checked must not keep the others from it; the run does not count as complete.
        counts.failed += 1;
        deps.onFailure?.(nameOf(item), error);
      }
    });
    onProgress(summary);
  };

  for await (const page of pages((afterId) => withRetry(deps, () => openPayments.page(before, afterId)))) {
    const open = page.filter((payment) => openTransactions(payment, before).length > 0);
    for (const payment of open) count(summary, payment, { before, now: now() });
    await each(
      summary.payments,
      open,
      ({ id }) => `payment ${id}`,
      (payment) => checkPayment(deps, options, payment, before, done),
    );
    if (signal?.aborted) return summary;
  }

  const { since } = options;
  if (since) {
    const read = (afterId?: string) => withRetry(deps, () => snapshots.paymentIntents(since, before, afterId));
    for await (const page of pages(read)) {
      const ours = page.filter(
        (snapshot) =>
          projectOf(snapshot) === projectKey &&
          (moneyWasAskedFor(snapshot) || waitsForShopper(snapshot)) &&
          !done.has(snapshot.id),
      );
      const known = await paymentsOf(deps, ours);
      await each(
        summary.paymentIntents,
        ours,
        ({ id }) => `PaymentIntent ${id}`,
        async (snapshot) => {
          const payment = known.get(snapshot.id) ?? (await paymentOfSnapshot(deps, snapshot));
          const publishes = options.repair && !options.dryRun;
          const found = await compare(deps, publishes, snapshot, { paymentIntentId: snapshot.id, payment });
          return found ? [{ ...found, repaired: options.repair }] : [];
        },
      );
      if (signal?.aborted) return summary;
    }
  }
  await each(
    summary.operations,
    await withRetry(deps, () => deps.operations.withoutEnd(before)),
    ({ operationId, paymentId }) => `operation ${operationId} of payment ${paymentId}`,
    (operation) => checkOperation(deps, options, operation),
  );
  summary.complete = [summary.payments, summary.paymentIntents, summary.operations].every(({ failed }) => failed === 0);
  return summary;
}

type Check<T> = (item: T) => Promise<'pending' | Divergence[]>;

/** The open transactions of a payment that are older than `before`; one without a time is as old as its payment. */
const openTransactions = (payment: Payment, before: Date): Payment['transactions'] =>
  payment.transactions.filter(
    ({ state, timestamp }) =>
      OPEN_STATES.some((open) => open === state) && new Date(timestamp ?? payment.createdAt) < before,
  );

/** Asks Stripe for each object that an open transaction is about. */
async function checkPayment(
  deps: ReconcilePaymentsDependencies,
  options: ReconcilePaymentsOptions,
  payment: Payment,
  before: Date,
  done: Set<string>,
): Promise<'pending' | Divergence[]> {
  const { snapshots } = deps;
  const transactions = openTransactions(payment, before);
  const paymentIntentId = [payment.interfaceId, ...payment.transactions.map(({ interactionId }) => interactionId)].find(
    (id) => id?.startsWith('pi_'),
  );
  const objects = new Map<string, () => Promise<Snapshot | undefined>>();
  for (const { type, interactionId: id } of transactions) {
    if (type === 'Refund' && id && /^(re|pyr)_/.test(id)) objects.set(id, () => snapshots.refund(id));
    else if (type === 'Chargeback' && id && /^d[pu]_/.test(id)) objects.set(id, () => snapshots.dispute(id));
    else if (paymentIntentId) objects.set(paymentIntentId, () => snapshots.paymentIntent(paymentIntentId));
  }
  if (paymentIntentId && objects.has(paymentIntentId)) done.add(paymentIntentId);
  const gone = (what: string): Divergence => ({
    kind: 'gone_from_stripe',
    paymentIntentId,
    paymentId: payment.id,
    change: what,
    repaired: false,
  });
  if (!paymentIntentId || objects.size === 0) return [gone('it names no PaymentIntent')];
  const divergences: Divergence[] = [];
  for (const [id, read] of objects) {
    const snapshot = await withRetry(deps, read);
    if (!snapshot) divergences.push(gone(`Stripe has no ${id}`));
    else {
      const found = await compare(deps, !options.dryRun, snapshot, { paymentIntentId, payment });
      if (found) divergences.push({ ...found, repaired: true });
    }
  }
  return divergences.length > 0 ? divergences : 'pending';
}

/** Asks Stripe what became of an operation without an end; one that it did not do ends as a Failure. */
async function checkOperation(
  deps: ReconcilePaymentsDependencies,
  options: ReconcilePaymentsOptions,
  operation: RequestedOperation,
): Promise<'pending' | Divergence[]> {
  const { paymentIntentId, operationId, transactionType, amount } = operation;
  const [payment, paymentIntent, refunds] = await Promise.all([
    withRetry(deps, () => deps.payments.byId(operation.paymentId)),
    withRetry(deps, () => deps.snapshots.paymentIntent(paymentIntentId)),
    withRetry(deps, () => deps.snapshots.refundsOf(paymentIntentId)),
  ]);
  const standing = standingOfOperation(operation, payment, paymentIntent, refunds);
  switch (standing.kind) {
    case 'settled':
      return [];
    case 'done': {
      const found = await compare(deps, !options.dryRun, standing.object, { paymentIntentId, payment });
      return found ? [{ ...found, repaired: true }] : [];
    }
    case 'not-done': {
      const record = notDone(operation);
      if (!options.dryRun) await withRetry(deps, () => deps.producer.send(PAYMENT_EVENTS, record));
      const change = `+ ${transactionType} Failure ${amount?.centAmount} ${amount?.currencyCode} (${operationId})`;
      const { id: paymentId } = payment ?? { id: operation.paymentId };
      return [{ kind: 'operation_unfinished', paymentIntentId, paymentId, change, repaired: true }];
    }
  }
}

/** The payments that have these PaymentIntents as their interfaceId, asked for together. */
async function paymentsOf(
  deps: ReconcilePaymentsDependencies,
  snapshots: readonly Snapshot[],
): Promise<Map<string, Payment>> {
  if (snapshots.length === 0) return new Map();
  const found = await withRetry(deps, () => deps.openPayments.ofPaymentIntents(snapshots.map(({ id }) => id)));
  return new Map(found.flatMap((payment) => (payment.interfaceId ? [[payment.interfaceId, payment] as const] : [])));
}

const projectOf = (snapshot: Snapshot) => ownershipOfSnapshot(snapshot).projectKey;

/** What was captured and then canceled has something to show. */
function moneyWasAskedFor(snapshot: Snapshot): boolean {
  const { status, latest_charge: charge } = snapshot as Partial<PaymentIntentObject>;
  return ['succeeded', 'requires_capture', 'processing'].includes(status ?? '') || (status === 'canceled' && !!charge);
}

/** A checkout that is open, or was left: it has nothing to show but which payment it belongs to. */
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
