import type { Payment } from '@commercetools/platform-sdk';
import type { AuditDifference } from '../domain/audit.ts';
import { type AuditSummary, BALANCE_TYPES, emptyAudit } from '../domain/audit-summary.ts';
import { paymentIntentIdOf } from '../domain/payment-names.ts';
import { comparePayment, noteGone, type PaymentAuditDependencies, type RepairOptions } from './audit-payment.ts';
import { ownershipOfSnapshot, paymentOfSnapshot } from './payment-of-snapshot.ts';
import type { Movement, Snapshot } from './ports.ts';
import { inParallel, pages, withRetry } from './with-retry.ts';

/** A movement and the payment that it belongs to, for those who book by it. */
export interface AuditedMovement {
  readonly movement: Movement;
  readonly payment: Payment | undefined;
}

export interface AuditDependencies extends PaymentAuditDependencies {
  /** Called with each page of this project's movements. */
  onMovements?: (movements: readonly AuditedMovement[]) => Promise<void>;
  /**
   * Called after each slice of the window, with what differed in it; a run that begins at `comparedUntil` goes on from it.
   */
  onSlice?: (summary: AuditSummary, comparedUntil: Date, differences: readonly AuditDifference[]) => Promise<void>;
  onFailure?: (what: string, error: unknown) => void;
}

export interface AuditOptions extends RepairOptions {
  readonly since: Date;
  readonly until: Date;
  /** Payments compared at the same time. */
  readonly atOnce: number;
  /** What an earlier run of the same window compared already, until when, and what differed. */
  readonly resume?:
    | { readonly summary: AuditSummary; readonly from: Date; readonly differences: readonly AuditDifference[] }
    | undefined;
}

/** A window is compared an hour at a time: a run that was cut off loses at most one. Kept of what was compared are the ids alone, some 60 bytes each. */
const SLICE_MS = 60 * 60_000;

/**
 * Compares all money that moved at Stripe in a window with what the payments of commercetools show, and what these show with Stripe. Whoever
 * appears on either side is compared as a whole, by the ledger's own rules, so that a movement outside of the window is no difference.
 * Throws TransientError when commercetools or Stripe cannot be listed at all.
 */
export async function audit(given: AuditDependencies, options: AuditOptions): Promise<AuditSummary> {
  const { since, until, resume } = options;
  const summary = resume?.summary ?? emptyAudit(since, until);
  // A payment whose money moves several times in the window is compared, and summed, once.
  const compared = new Set<string>();
  for (const difference of resume?.differences ?? []) given.onDifference?.(difference);
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
  summary.complete = summary.failed === 0;
  return summary;
}

interface Slice {
  readonly from: Date;
  readonly to: Date;
  /** PaymentIntents that were compared by now. */
  readonly compared: Set<string>;
}

/** From Stripe's side: every movement, and the payment it belongs to. */
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
        await guarded(deps, summary, `PaymentIntent ${paymentIntent.id}`, async () => {
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

/** From commercetools' side: every payment that shows money as moved, where no movement led to it. */
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
      guarded(deps, summary, `payment ${payment.id}`, async () => {
        compared.add(paymentIntentId);
        const atStripe = await withRetry(deps, () => deps.money.ofPaymentIntent(paymentIntentId, payment));
        if (atStripe) await comparePayment(deps, options, summary, { payment, ...atStripe });
        else noteGone(deps, summary, payment, paymentIntentId);
      }),
    );
    if (deps.signal?.aborted) return;
  }
}

/** A payment that cannot be compared keeps no other from it; the run does not count as complete. */
async function guarded(
  deps: AuditDependencies,
  summary: AuditSummary,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    summary.failed += 1;
    deps.onFailure?.(what, error);
  }
}

const firstOfEach = (movements: readonly Movement[]): Movement[] => [
  ...new Map(movements.toReversed().map((movement) => [movement.paymentIntent?.id, movement])).values(),
];

/** Whether a PaymentIntent is of this project: it says so, or a payment of the project says so of it. */
const isOurs = ({ projectKey }: AuditDependencies, snapshot: Snapshot, known: ReadonlyMap<string, Payment>): boolean =>
  known.has(snapshot.id) || ownershipOfSnapshot(snapshot).projectKey === projectKey;

async function paymentsOf(deps: AuditDependencies, page: readonly Movement[]): Promise<Map<string, Payment>> {
  const ids = [...new Set(page.flatMap(({ paymentIntent }) => (paymentIntent ? [paymentIntent.id] : [])))];
  if (ids.length === 0) return new Map();
  const found = await withRetry(deps, () => deps.movedPayments.ofPaymentIntents(ids));
  return new Map(found.flatMap((payment) => (payment.interfaceId ? [[payment.interfaceId, payment] as const] : [])));
}
