import type { Money } from './money.ts';

export type TransactionType = 'Authorization' | 'CancelAuthorization' | 'Charge' | 'Chargeback' | 'Refund';
export type TransactionState = 'Initial' | 'Pending' | 'Success' | 'Failure';

/** The part of a payment's transaction that decisions look at. */
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

const has = (transactions: readonly TransactionView[], types: readonly TransactionType[]) =>
  transactions.some(({ type, state }) => types.includes(type) && (state === 'Success' || state === 'Pending'));

/** Whether commercetools counts a payment as paid: authorised or charged (or about to be), and nothing of it returned. */
export const countsAsPaid = (transactions: readonly TransactionView[]): boolean =>
  has(transactions, ['Authorization', 'Charge']) && !isReturned(transactions);

/** Whether any of the payment's money was refunded or its authorisation released (or is about to be). */
export const isReturned = (transactions: readonly TransactionView[]): boolean =>
  has(transactions, ['Refund', 'CancelAuthorization']);
