import type { Payment } from '@commercetools/platform-sdk';
import { PAYMENT_EVENTS } from '@connector/contracts';
import { paymentIntentIdOf } from '../domain/payment-names.ts';
import { type Divergence, OPEN_STATES } from '../domain/reconciliation.ts';
import { notDone, standingOfOperation } from './find-unfinished-operations.ts';
import { paymentOfSnapshot } from './payment-of-snapshot.ts';
import type { Payments, RequestedOperation, Snapshot, StripeSnapshots } from './ports.ts';
import { type CompareDependencies, compare } from './reconcile-object.ts';
import { withRetry } from './with-retry.ts';

export interface CheckDependencies extends CompareDependencies {
  payments: Pick<Payments, 'byId' | 'byKey'>;
  snapshots: StripeSnapshots;
}

export interface CheckOptions {
  /** Whether events are also published for differences that only the comparison of PaymentIntents found. */
  readonly repair: boolean;
  readonly dryRun: boolean;
}

/** How commercetools and Stripe differ, or that both show the transaction as open. */
export type Checked = 'pending' | readonly Divergence[];

/**
 * The open transactions of a payment that are older than `before`; a transaction without a timestamp is as old as its
 * payment.
 */
export const openTransactions = (payment: Payment, before: Date): Payment['transactions'] =>
  payment.transactions.filter(
    ({ state, timestamp }) =>
      OPEN_STATES.some((open) => open === state) && new Date(timestamp ?? payment.createdAt) < before,
  );

/** Reads from Stripe each object that an open transaction refers to. */
export async function checkOpenPayment(
  deps: CheckDependencies,
  options: CheckOptions,
  payment: Payment,
  before: Date,
  compared: Set<string>,
): Promise<Checked> {
  const paymentIntentId = paymentIntentIdOf(payment);
  const objects = objectsOf(openTransactions(payment, before), paymentIntentId, deps.snapshots);
  if (paymentIntentId && objects.has(paymentIntentId)) compared.add(paymentIntentId);
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

/**
 * The Stripe objects that these transactions refer to, by id, with how to read them; the PaymentIntent if a transaction
 * names no object of its own.
 */
function objectsOf(
  transactions: Payment['transactions'],
  paymentIntentId: string | undefined,
  snapshots: StripeSnapshots,
): ReadonlyMap<string, () => Promise<Snapshot | undefined>> {
  const objects = new Map<string, () => Promise<Snapshot | undefined>>();
  for (const { type, interactionId: id } of transactions) {
    if (type === 'Refund' && id && /^(re|pyr)_/.test(id)) objects.set(id, () => snapshots.refund(id));
    else if (type === 'Chargeback' && id && /^d[pu]_/.test(id)) objects.set(id, () => snapshots.dispute(id));
    else if (paymentIntentId) objects.set(paymentIntentId, () => snapshots.paymentIntent(paymentIntentId));
  }
  return objects;
}

/**
 * Reads from Stripe what happened to an operation without a result; an operation that Stripe did not do is booked as a
 * Failure.
 */
export async function checkOperation(
  deps: CheckDependencies,
  options: CheckOptions,
  operation: RequestedOperation,
): Promise<Checked> {
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

/** Compares a PaymentIntent with the payment that refers to it, else with the payment that its metadata names. */
export async function checkPaymentIntent(
  deps: CheckDependencies,
  { repair, dryRun }: CheckOptions,
  snapshot: Snapshot,
  known: Payment | undefined,
): Promise<Checked> {
  const payment = known ?? (await paymentOfSnapshot(deps, snapshot));
  const found = await compare(deps, repair && !dryRun, snapshot, { paymentIntentId: snapshot.id, payment });
  return found ? [{ ...found, repaired: repair }] : [];
}
