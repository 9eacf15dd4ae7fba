import { iso, money, type PaymentView } from './amounts.ts';
import type { Fact, TransactionFact } from './facts.ts';
import type { DisputeObject } from './stripe-objects.ts';

/** A Chargeback for a dispute; inquiries that moved no money leave none. */
export function chargeback(
  { dispute, told }: Extract<Fact, { kind: 'dispute' }>,
  payment: PaymentView,
): TransactionFact[] {
  const { id, amount, currency, created } = dispute;
  const known = payment.transactions.some(({ type, interactionId }) => type === 'Chargeback' && interactionId === id);
  const before = told && chargebackState(told);
  const state = chargebackState(dispute, known || before !== undefined, before === 'Failure');
  if (!state) return [];
  return [
    {
      type: 'Chargeback',
      state,
      amount: money(amount, currency, payment),
      interactionId: id,
      occurredAt: iso(created),
    },
  ];
}

/**
 * Where the disputed money is, according to the dispute as it was read. `wasFormal` and `wasReturned` describe its
 * earlier states, so that the result does not depend on which states were seen.
 */
function chargebackState(
  { status, balance_transactions }: DisputeObject,
  wasFormal = false,
  wasReturned = false,
): TransactionFact['state'] | undefined {
  const movements = movementsOf({ balance_transactions });
  const isReturned = isBack(movements);
  switch (status) {
    case 'won':
      return 'Failure';
    case 'lost':
      return isReturned ? 'Failure' : 'Success';
    case 'warning_needs_response':
    case 'warning_under_review':
      return undefined;
    case 'warning_closed':
    case 'prevented':
      return wasFormal ? 'Failure' : undefined;
    default:
      if (isReturned) return 'Failure';
      if (withdrawnIn(movements) > 0) return 'Success';
      return wasReturned ? 'Failure' : 'Pending';
  }
}

/**
 * Whether the money is back: more than half of what was withdrawn since the last return was reinstated (rulings 35).
 * Movements are in minor units of the settlement currency; its exchange rate changes between them, so the two never
 * match exactly.
 */
function isBack(movements: readonly number[]): boolean {
  let withdrawn = 0;
  let reinstated = 0;
  const isMostBack = () => withdrawn > 0 && 2 * reinstated > withdrawn;
  for (const amount of movements) {
    if (amount < 0 && isMostBack()) {
      withdrawn = 0;
      reinstated = 0;
    }
    if (amount < 0) withdrawn -= amount;
    else reinstated += amount;
  }
  return isMostBack();
}

/** Whether only a small part of the money came back; no transaction state can show that. */
export function isPartlyReinstated({ balance_transactions }: DisputeObject): boolean {
  const movements = movementsOf({ balance_transactions });
  const isPart = (amount: number) => amount > 0 && 2 * amount <= largestWithdrawal(movements);
  return movements.some(isPart) && !isBack(movements);
}

/**
 * The withdrawn (negative) and reinstated amounts, in minor units of the settlement currency, in chronological order.
 */
const movementsOf = ({ balance_transactions }: Pick<DisputeObject, 'balance_transactions'>): number[] =>
  (balance_transactions ?? [])
    .toSorted((one, other) => (one.created ?? 0) - (other.created ?? 0))
    .map(({ amount }) => amount);
const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);
const withdrawnIn = (movements: readonly number[]): number => -sumOf(movements.filter((amount) => amount < 0));
const largestWithdrawal = (movements: readonly number[]): number => -Math.min(0, ...movements);
