import type { Payment } from '@commercetools/platform-sdk';
import { defaultFractionDigits } from '@connector/payment-model';
import {
  type AuditSummary,
  addSums,
  BALANCE_TYPES,
  emptyAudit,
  MOVEMENT_TYPES,
  type MoneyDifference,
  moneyDifferences,
  type StripeMoneyFacts,
  sumsOf,
} from '../domain/audit.ts';
import { ownershipOfSnapshot, paymentOfSnapshot } from './payment-of-snapshot.ts';
import type { MovedPayments, Movement, Payments, Snapshot, StripeMoney, StripeSnapshots } from './ports.ts';
import { type CompareDependencies, compare } from './reconcile-object.ts';
import { inParallel, pages, withRetry } from './with-retry.ts';

/** A difference, the payment it is of, and what was done about it. */
export interface AuditDifference extends MoneyDifference {
  readonly paymentIntentId: string;
  readonly paymentId?: string | undefined;
  /** An event was published, or would have been in a dry run, by which the ledger mends it. */
  readonly repaired: boolean;
}

/** A movement and the payment that it belongs to, for those who book by it. */
export interface AuditedMovement {
  readonly movement: Movement;
  readonly payment: Payment | undefined;
}

export interface AuditDependencies extends CompareDependencies {
  money: StripeMoney;
  movedPayments: MovedPayments;
  payments: Pick<Payments, 'byId' | 'byKey'>;
  snapshots: Pick<StripeSnapshots, 'refund' | 'dispute'>;
  projectKey: string;
  onDifference?: (difference: AuditDifference) => void;
  /** Told of each page of this project's movements. */
  onMovements?: (movements: readonly AuditedMovement[]) => Promise<void>;
  /** Told after each slice of the window, up to which time all is compared; a run that begins there goes on from it. */
  onSlice?: (summary: AuditSummary, comparedUntil: Date) => Promise<void>;
  onFailure?: (what: string, error: unknown) => void;
}

export interface AuditOptions {
  readonly since: Date;
  readonly until: Date;
  /** Publish events for what the ledger can mend. */
  readonly repair: boolean;
  /** With `repair`: publish nothing. */
  readonly dryRun: boolean;
  /** Payments compared at the same time. */
  readonly atOnce: number;
  /** What an earlier run of the same window compared already, and until when. */
  readonly resume?: { readonly summary: AuditSummary; readonly from: Date } | undefined;
}

/** A window is compared an hour at a time: a run that was cut off loses at most one. Kept of what was compared are the ids alone, some 60 bytes each. */
const SLICE_MS = 60 * 60_000;

/**
 * Compares all money that moved at Stripe in a window with what the payments of commercetools show, and what these show with Stripe. Whoever
 * appears on either side is compared as a whole, by the ledger's own rules, so that a movement outside of the window is no difference.
 * Throws TransientError when commercetools or Stripe cannot be listed at all.
 */
export async function audit(deps: AuditDependencies, options: AuditOptions): Promise<AuditSummary> {
  const { since, until, resume } = options;
  const summary = resume?.summary ?? emptyAudit(since, until);
  // A payment whose money moves several times in the window is compared, and summed, once.
  const compared = new Set<string>();
  for (let from = resume?.from ?? since; from < until; ) {
    const to = new Date(Math.min(from.getTime() + SLICE_MS, until.getTime()));
    await compareMovements(deps, options, summary, { from, to, compared });
    await comparePayments(deps, options, summary, { from, to, compared });
    if (deps.signal?.aborted) return summary;
    await deps.onSlice?.(summary, to);
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
          await compareOne(deps, options, summary, {
            payment,
            paymentIntent,
            facts: await withRetry(deps, facts),
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
        const atStripe = await withRetry(deps, () => deps.money.ofPaymentIntent(paymentIntentId));
        if (atStripe) await compareOne(deps, options, summary, { payment, ...atStripe });
        else noteGone(deps, summary, payment, paymentIntentId);
      }),
    );
    if (deps.signal?.aborted) return;
  }
}

interface Compared {
  readonly payment: Payment | undefined;
  readonly paymentIntent: Snapshot;
  readonly facts: StripeMoneyFacts;
}

async function compareOne(
  deps: AuditDependencies,
  options: AuditOptions,
  summary: AuditSummary,
  { payment, paymentIntent, facts }: Compared,
): Promise<void> {
  const { id: paymentIntentId } = paymentIntent;
  const currencyCode = facts.paymentIntent.currency.toUpperCase();
  const shown = payment ?? nothingShown(facts);
  const found = moneyDifferences(shown, facts);
  summary.payments += 1;
  addSums(summary, currencyCode, sumsOf(shown, facts));
  if (found.length === 0) return;
  const repaired = options.repair ? await repair(deps, !options.dryRun, { payment, paymentIntent, facts }) : new Set();
  for (const difference of payment ? found : missing(found)) {
    const isRepaired = repaired.has(difference.type) && isMended(difference);
    summary.kinds[difference.kind] += 1;
    if (isRepaired && !options.dryRun) summary.repairs[difference.kind] += 1;
    deps.onDifference?.({ ...difference, paymentIntentId, paymentId: payment?.id, repaired: isRepaired });
  }
}

/** What the ledger never takes back: a transaction's amount, and one that is too many. */
const isMended = ({ kind, stripe, commercetools }: MoneyDifference): boolean =>
  kind === 'payment_missing' ||
  kind === 'missing_here' ||
  kind === 'other_state' ||
  // A Charge over too little is followed by one over the rest.
  (kind === 'other_amount' && (stripe?.centAmount ?? 0) > (commercetools?.centAmount ?? 0));

/**
 * Publishes what Stripe says now about each object for which the ledger would write something; answers the types of transactions that
 * these write.
 */
async function repair(
  deps: AuditDependencies,
  publishes: boolean,
  { payment, paymentIntent, facts }: Compared,
): Promise<Set<string>> {
  const { refund, dispute } = deps.snapshots;
  // One event of a refund makes the ledger look at all refunds of its charge.
  const firstRefunds = facts.charges.flatMap(({ refunds: [first] }) => (first ? [first.id] : []));
  const reads: { type: string; read: () => Promise<Snapshot | undefined> }[] = [
    { type: 'Charge', read: async () => paymentIntent },
    ...firstRefunds.map((id) => ({ type: 'Refund', read: () => refund(id) })),
    ...facts.disputes.map(({ id }) => ({ type: 'Chargeback', read: () => dispute(id) })),
  ];
  const repaired = new Set<string>();
  for (const { type, read } of reads) {
    const snapshot = await withRetry(deps, read);
    const divergence =
      snapshot && (await compare(deps, publishes, snapshot, { paymentIntentId: paymentIntent.id, payment }));
    if (divergence) repaired.add(type);
  }
  return repaired;
}

/** Money of a payment that Stripe does not know at all. */
function noteGone(deps: AuditDependencies, summary: AuditSummary, payment: Payment, paymentIntentId: string): void {
  summary.payments += 1;
  for (const { id, type, state, amount, interactionId = paymentIntentId } of payment.transactions) {
    const moved = MOVEMENT_TYPES.find((each) => each === type);
    if (!moved || state !== 'Success') continue;
    const { centAmount, currencyCode } = amount;
    summary.kinds.missing_there += 1;
    deps.onDifference?.({
      kind: 'missing_there',
      type: moved,
      interactionId,
      transactionId: id,
      currencyCode,
      commercetools: { centAmount, state },
      paymentIntentId,
      paymentId: payment.id,
      repaired: false,
    });
  }
}

/** Everything is missing: told once, over what was charged. */
const missing = (found: readonly MoneyDifference[]): MoneyDifference[] =>
  found.slice(0, 1).map((difference) => ({ ...difference, kind: 'payment_missing' }));

/** A payment that shows no money, in the PaymentIntent's currency. */
function nothingShown({ paymentIntent }: StripeMoneyFacts): Parameters<typeof moneyDifferences>[0] {
  const currencyCode = paymentIntent.currency.toUpperCase();
  const fractionDigits = defaultFractionDigits(currencyCode);
  const amountPlanned = { type: 'centPrecision' as const, centAmount: 0, currencyCode, fractionDigits };
  return { transactions: [], amountPlanned, paymentMethodInfo: {} };
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

const paymentIntentIdOf = ({ interfaceId, transactions }: Payment): string | undefined =>
  [interfaceId, ...transactions.map(({ interactionId }) => interactionId)].find((id) => id?.startsWith('pi_'));
