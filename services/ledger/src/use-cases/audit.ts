import type { Payment } from '@commercetools/platform-sdk';
import type { AuditDifference } from '../domain/audit.ts';
import { type AuditSummary, BALANCE_TYPES, emptyAudit } from '../domain/audit-summary.ts';
import { paymentIntentIdOf } from '../domain/payment-names.ts';
import { comparePayment, noteGone, type PaymentAuditDependencies, type RepairOptions } from './audit-payment.ts';
import { ownershipOfSnapshot, paymentOfSnapshot } from './payment-of-snapshot.ts';
import type { Snapshot } from './ports.ts';
import type { Movement } from './ports-audit.ts';
import { inParallel, pages, withRetry } from './with-retry.ts';

/** A movement with the payment that it belongs to, for the table for finance. */
export interface AuditedMovement {
  readonly movement: Movement;
  readonly payment: Payment | undefined;
}

export interface AuditDependencies extends PaymentAuditDependencies {
  /** Called with each page of this project's movements. */
  onMovements?: (movements: readonly AuditedMovement[]) => Promise<void>;
  /**
   * Called after each slice of the window with its differences; a later run can continue at `comparedUntil`.
   */
  onSlice?: (summary: AuditSummary, comparedUntil: Date, differences: readonly AuditDifference[]) => Promise<void>;
  onFailure?: (paymentIntentId: string, error: unknown) => void;
}

export interface AuditOptions extends RepairOptions {
  readonly since: Date;
  readonly until: Date;
  /** Payments compared at the same time. */
  readonly atOnce: number;
  /** PaymentIntents that differed in an earlier window: they are compared again, so that a difference is not forgotten with its day. */
  readonly again?: readonly string[];
  /** What an earlier run of the same window has compared, until when, and what differed. */
  readonly resume?:
    | { readonly summary: AuditSummary; readonly from: Date; readonly differences: readonly AuditDifference[] }
    | undefined;
}

/**
 * The window is compared an hour at a time, so that an interrupted run loses at most one hour. Of compared payments
 * only the ids are kept, some 60 bytes each.
 */
const SLICE_MS = 60 * 60_000;

/**
 * Compares all money that moved at Stripe in a window with the payments in commercetools, and these payments with
 * Stripe. Each payment that appears on either side is compared as a whole, with the ledger's own rules, so that a
 * movement outside of the window causes no difference. Throws TransientError when commercetools or Stripe cannot be
 * listed at all.
 */
export async function audit(given: AuditDependencies, options: AuditOptions): Promise<AuditSummary> {
  const { since, until, resume } = options;
  const summary = resume?.summary ?? emptyAudit(since, until);
  // A payment whose money moves several times in the window is compared and summed once.
  const compared = new Set<string>();
  for (const difference of resume?.differences ?? []) {
    compared.add(difference.paymentIntentId);
    given.onDifference?.(difference);
  }
  let differences: AuditDifference[] = [];
  const onDifference = (difference: AuditDifference) => {
    differences.push(difference);
    given.onDifference?.(difference);
  };
  const deps = { ...given, onDifference };
  for (let from = resume?.from ?? since; from < until; ) {
    const to = new Date(Math.min(from.getTime() + SLICE_MS, until.getTime()));
    await compareMovements(deps, options, summary, { from, to, compared });
    await comparePayments(deps, options, summary, { from, to, compared });
    if (deps.signal?.aborted) return summary;
    await deps.onSlice?.(summary, to, differences);
    differences = [];
    from = to;
  }
  await compareAgain(deps, options, summary, compared);
  if (deps.signal?.aborted) return summary;
  summary.complete = summary.failed === 0;
  return summary;
}

interface Slice {
  readonly from: Date;
  readonly to: Date;
  /** PaymentIntents that are compared already. */
  readonly compared: Set<string>;
}

/** From Stripe's side: every movement with the payment it belongs to. */
async function compareMovements(
  deps: AuditDependencies,
  options: AuditOptions,
  summary: AuditSummary,
  { from, to, compared }: Slice,
): Promise<void> {
  for (const type of BALANCE_TYPES) {
    const read = (afterId?: string) => withRetry(deps, () => deps.money.movements(type, from, to, afterId));
    for await (const page of pages(read)) {
      const known = await paymentsOf(deps, page);
      const ours = page.filter(({ paymentIntent }) => paymentIntent && isOurs(deps, paymentIntent, known));
      summary.foreign += page.length - ours.length;
      summary.movements[type] += ours.length;
      const fresh = firstOfEach(ours).filter(({ paymentIntent }) => !compared.has(paymentIntent?.id ?? ''));
      await inParallel(fresh, options.atOnce, async ({ paymentIntent, facts }) => {
        if (!paymentIntent) return;
        compared.add(paymentIntent.id);
        await guarded(deps, summary, paymentIntent.id, async () => {
          const payment = known.get(paymentIntent.id) ?? (await paymentOfSnapshot(deps, paymentIntent));
          if (payment) known.set(paymentIntent.id, payment);
          await comparePayment(deps, options, summary, {
            payment,
            paymentIntent,
            facts: await withRetry(deps, () => facts(payment)),
          });
        });
      });
      const audited = ours.map((movement) => ({ movement, payment: known.get(movement.paymentIntent?.id ?? '') }));
      await deps.onMovements?.(audited);
      if (deps.signal?.aborted) return;
    }
  }
}

/** From commercetools' side: every payment that shows moved money and that no movement led to. */
async function comparePayments(
  deps: AuditDependencies,
  options: AuditOptions,
  summary: AuditSummary,
  { from, to, compared }: Slice,
): Promise<void> {
  const read = (afterId?: string) => withRetry(deps, () => deps.movedPayments.page(from, to, afterId));
  for await (const page of pages(read)) {
    const rest = page.flatMap((payment) => {
      const paymentIntentId = paymentIntentIdOf(payment);
      return paymentIntentId && !compared.has(paymentIntentId) ? [{ payment, paymentIntentId }] : [];
    });
    await inParallel(rest, options.atOnce, ({ payment, paymentIntentId }) =>
      guarded(deps, summary, paymentIntentId, async () => {
        compared.add(paymentIntentId);
        const atStripe = await withRetry(deps, () => deps.money.ofPaymentIntent(paymentIntentId, payment));
        if (atStripe) await comparePayment(deps, options, summary, { payment, ...atStripe });
        else noteGone(deps, summary, payment, paymentIntentId);
      }),
    );
    if (deps.signal?.aborted) return;
  }
}

/** What differed before, whichever side still has it. */
async function compareAgain(
  deps: AuditDependencies,
  options: AuditOptions,
  summary: AuditSummary,
  compared: ReadonlySet<string>,
): Promise<void> {
  const rest = (options.again ?? []).filter((id) => !compared.has(id));
  await inParallel(rest, options.atOnce, (id) =>
    guarded(deps, summary, id, async () => {
      const [tied] = await withRetry(deps, () => deps.movedPayments.ofPaymentIntents([id]));
      const atStripe = await withRetry(deps, () => deps.money.ofPaymentIntent(id, tied));
      const payment = tied ?? (atStripe && (await paymentOfSnapshot(deps, atStripe.paymentIntent)));
      if (atStripe) await comparePayment(deps, options, summary, { payment, ...atStripe });
      else if (payment) noteGone(deps, summary, payment, id);
    }),
  );
}

/** A payment that cannot be compared does not stop the others; the run then counts as incomplete. */
async function guarded(
  deps: AuditDependencies,
  summary: AuditSummary,
  paymentIntentId: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    summary.failed += 1;
    deps.onFailure?.(paymentIntentId, error);
  }
}

const firstOfEach = (movements: readonly Movement[]): Movement[] => [
  ...new Map(movements.toReversed().map((movement) => [movement.paymentIntent?.id, movement])).values(),
];

/** Whether a PaymentIntent belongs to this project: its metadata says so, or a payment of the project names it. */
const isOurs = ({ projectKey }: AuditDependencies, snapshot: Snapshot, known: ReadonlyMap<string, Payment>): boolean =>
  known.has(snapshot.id) || ownershipOfSnapshot(snapshot).projectKey === projectKey;

async function paymentsOf(deps: AuditDependencies, page: readonly Movement[]): Promise<Map<string, Payment>> {
  const ids = [...new Set(page.flatMap(({ paymentIntent }) => (paymentIntent ? [paymentIntent.id] : [])))];
  if (ids.length === 0) return new Map();
  const found = await withRetry(deps, () => deps.movedPayments.ofPaymentIntents(ids));
  return new Map(found.flatMap((payment) => (payment.interfaceId ? [[payment.interfaceId, payment] as const] : [])));
}
