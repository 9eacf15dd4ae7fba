import type { Payment } from '@commercetools/platform-sdk';
import { PermanentError } from '@connector/errors';
import { defaultFractionDigits } from '@connector/payment-model';
import {
  type AuditDifference,
  MOVEMENT_TYPES,
  type MoneyDifference,
  moneyDifferences,
  type StripeMoneyFacts,
  sumsOf,
} from '../domain/audit.ts';
import { type AuditSummary, addSums } from '../domain/audit-summary.ts';
import { ownershipOfSnapshot, paymentOfSnapshot } from './payment-of-snapshot.ts';
import type { Payments, Snapshot, StripeSnapshots } from './ports.ts';
import type { MovedPayments, StripeMoney } from './ports-audit.ts';
import { type CompareDependencies, compare } from './reconcile-object.ts';
import { sleep, withRetry } from './with-retry.ts';

export interface PaymentAuditDependencies extends CompareDependencies {
  money: StripeMoney;
  movedPayments: MovedPayments;
  payments: Pick<Payments, 'byId' | 'byKey'>;
  snapshots: Pick<StripeSnapshots, 'refund' | 'dispute'>;
  projectKey: string;
  onDifference?: (difference: AuditDifference) => void;
}

export interface RepairOptions {
  /** Publish events for the differences that the ledger can fix. */
  readonly repair: boolean;
  /** With `repair`: publish nothing. */
  readonly dryRun: boolean;
}

/** A payment's money on both sides, as last read. */
interface Compared {
  readonly payment: Payment | undefined;
  readonly paymentIntent: Snapshot;
  readonly facts: StripeMoneyFacts;
}

/**
 * Compares a payment as a whole, counts it and reports the differences; with `repair`, publishes the events with which
 * the ledger fixes them.
 */
export async function comparePayment(
  deps: PaymentAuditDependencies,
  options: RepairOptions,
  summary: AuditSummary,
  compared: Compared,
): Promise<void> {
  const { payment, paymentIntent, facts, found } = await settled(deps, compared);
  const { id: paymentIntentId } = paymentIntent;
  summary.payments += 1;
  addSums(summary, facts.paymentIntent.currency.toUpperCase(), sumsOf(payment ?? nothingShown(facts), facts));
  if (found.length === 0) return;
  const repaired = options.repair ? await repair(deps, !options.dryRun, { payment, paymentIntent, facts }) : new Set();
  for (const difference of payment ? found : missing(found)) {
    const isRepaired = repaired.has(difference.type) && isMended(difference, paymentIntent);
    summary.kinds[difference.kind] += 1;
    if (isRepaired && !options.dryRun) summary.repairs[difference.kind] += 1;
    deps.onDifference?.({ ...difference, paymentIntentId, paymentId: payment?.id, repaired: isRepaired });
  }
}

/**
 * The differences after both sides have settled. The sides are not read at the same moment, and the ledger needs a
 * moment for a change at Stripe. So a difference is read again, with a pause in between if either side has just
 * changed.
 */
async function settled(
  deps: PaymentAuditDependencies,
  compared: Compared,
): Promise<Compared & { found: readonly MoneyDifference[] }> {
  let now = compared;
  for (let attempt = 0; ; attempt += 1) {
    const found = moneyDifferences(now.payment ?? nothingShown(now.facts), now.facts);
    const isLast = attempt > 0 && (attempt >= RE_READS || !hasJustChanged(now, deps.now?.() ?? new Date()));
    if (found.length === 0 || isLast || deps.signal?.aborted) return { ...now, found };
    if (attempt > 0) await (deps.pause ?? sleep)(JUST_MS / RE_READS);
    now = await readAgain(deps, now);
  }
}

/** How often, and at which interval, a difference is read again before it counts. */
const RE_READS = 5;
const JUST_MS = 30_000;

async function readAgain(deps: PaymentAuditDependencies, { payment, paymentIntent }: Compared): Promise<Compared> {
  const again = payment
    ? await withRetry(deps, () => deps.payments.byId(payment.id))
    : ((await withRetry(deps, () => deps.movedPayments.ofPaymentIntents([paymentIntent.id])))[0] ??
      (await paymentOfSnapshot(deps, paymentIntent)));
  const atStripe = await withRetry(deps, () => deps.money.ofPaymentIntent(paymentIntent.id, again));
  if (!atStripe) throw new PermanentError(`Stripe has no ${paymentIntent.id}`, { reason: 'gone_from_stripe' });
  return { payment: again, ...atStripe };
}

/** Whether either side changed within the last moments; Stripe's objects only have their creation time. */
function hasJustChanged({ payment, facts }: Compared, now: Date): boolean {
  const { charges, disputes } = facts;
  const made = [...charges.flatMap(({ charge, refunds }) => [charge, ...refunds]), ...disputes].map(
    ({ created }) => created * 1000,
  );
  const times = [...made, ...(payment ? [Date.parse(payment.lastModifiedAt)] : [])];
  return times.some((time) => now.getTime() - time < JUST_MS);
}

/**
 * Whether the ledger can fix a difference: not a wrong amount, a surplus transaction, a success that is still open at Stripe (no rule takes a
 * success back but for a failure), and a missing payment without a cart.
 */
function isMended({ kind, type, stripe, commercetools }: MoneyDifference, paymentIntent: Snapshot): boolean {
  switch (kind) {
    case 'payment_missing':
      return ownershipOfSnapshot(paymentIntent).cartId !== undefined;
    case 'missing_here':
      return true;
    case 'other_state':
      return commercetools?.state !== 'Success' || stripe?.state === 'Failure';
    case 'other_amount':
      // A Charge that is too small is completed by another Charge.
      return type === 'Charge' && (stripe?.centAmount ?? 0) > (commercetools?.centAmount ?? 0);
    default:
      return false;
  }
}

/**
 * Publishes the present state of each Stripe object for which the ledger would write something; returns the types of
 * the transactions that it will write.
 */
async function repair(
  deps: PaymentAuditDependencies,
  publishes: boolean,
  { payment, paymentIntent, facts }: Compared,
): Promise<Set<string>> {
  const { refund, dispute } = deps.snapshots;
  // An event of one refund makes the ledger read all refunds of its charge.
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

/** The money of a payment whose PaymentIntent Stripe does not have. */
export function noteGone(
  deps: PaymentAuditDependencies,
  summary: AuditSummary,
  payment: Payment,
  paymentIntentId: string,
): void {
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

/** If everything is missing, one difference over the charged amount. */
const missing = (found: readonly MoneyDifference[]): MoneyDifference[] =>
  found.slice(0, 1).map((difference) => ({ ...difference, kind: 'payment_missing' }));

/** An empty payment in the PaymentIntent's currency. */
function nothingShown({ paymentIntent }: StripeMoneyFacts): Parameters<typeof moneyDifferences>[0] {
  const currencyCode = paymentIntent.currency.toUpperCase();
  const fractionDigits = defaultFractionDigits(currencyCode);
  const amountPlanned = { type: 'centPrecision' as const, centAmount: 0, currencyCode, fractionDigits };
  return { transactions: [], amountPlanned, paymentMethodInfo: {} };
}
