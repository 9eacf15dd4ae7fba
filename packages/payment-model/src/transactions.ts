import type { Money } from './money.ts';

export type TransactionType = 'Authorization' | 'CancelAuthorization' | 'Charge' | 'Chargeback' | 'Refund';
export type TransactionState = 'Initial' | 'Pending' | 'Success' | 'Failure';

/** The fields of a payment's transaction that decisions need. */
export interface TransactionView {
  readonly type: TransactionType;
  readonly state: TransactionState;
  readonly amount: Money;
}

/** Sum of a payment's transactions of `type` in one of `states`, in centAmount. */
export const sumOf = (
  transactions: readonly TransactionView[],
  type: TransactionType,
  states: readonly TransactionState[] = ['Success'],
): number =>
  transactions
    .filter((transaction) => transaction.type === type && states.includes(transaction.state))
    .reduce((sum, { amount }) => sum + amount.centAmount, 0);

/** States of a transaction that has succeeded, or probably will. */
const UNDER_WAY: readonly TransactionState[] = ['Success', 'Pending'];

const has = (transactions: readonly TransactionView[], types: readonly TransactionType[]) =>
  transactions.some(({ type, state }) => types.includes(type) && UNDER_WAY.includes(state));

/**
 * Whether a payment counts as paid: authorised or charged (or about to be), with some of the money not returned. After
 * a partial refund the whole payment still counts as paid, because the goods were bought (rulings 31).
 */
export const countsAsPaid = (transactions: readonly TransactionView[]): boolean =>
  has(transactions, ['Authorization', 'Charge']) && !isReturned(transactions);

/**
 * Whether all of the payment's money was returned (or is about to be): charges by refunds and lost disputes, for each
 * currency separately; an authorisation without a charge by its release.
 */
export function isReturned(transactions: readonly TransactionView[]): boolean {
  const isTaken = has(transactions, ['Charge']);
  if (!isTaken && has(transactions, ['CancelAuthorization'])) return true;
  const held = totals(transactions, isTaken ? 'Charge' : 'Authorization', UNDER_WAY);
  const refunded = totals(transactions, 'Refund', UNDER_WAY);
  const disputed = totals(transactions, 'Chargeback', ['Success']);
  const givenBack = (currency: string) => (refunded.get(currency) ?? 0) + (disputed.get(currency) ?? 0);
  return held.size > 0 && [...held].every(([currency, amount]) => givenBack(currency) >= amount && amount > 0);
}

/** Sums in centAmount by currency. */
function totals(
  transactions: readonly TransactionView[],
  type: TransactionType,
  states: readonly TransactionState[],
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { type: ofType, state, amount } of transactions) {
    if (ofType !== type || !states.includes(state)) continue;
    sums.set(amount.currencyCode, (sums.get(amount.currencyCode) ?? 0) + amount.centAmount);
  }
  return sums;
}
