import type { Payment, PaymentUpdateAction, Transaction } from '@commercetools/platform-sdk';
import type { TransactionState } from '@connector/payment-model';
import type { TransactionFact } from './facts.ts';

/** Where a transaction's state may go. Anything else is a late or repeated fact and changes nothing. */
const MAY_BECOME: Record<TransactionState, readonly TransactionState[]> = {
  Initial: ['Pending', 'Success', 'Failure'],
  Pending: ['Success', 'Failure'],
  Success: ['Failure'],
  Failure: ['Success'],
};

/** A declined Authorization may become Pending again: the shopper tried once more, with a method that takes days. */
const mayBecome = ({ type, state: from }: Transaction, to: TransactionState): boolean =>
  MAY_BECOME[from as TransactionState].includes(to) ||
  (type === 'Authorization' && from === 'Failure' && to === 'Pending');

/**
 * Update actions that make `payment` show `fact`; none when it already does, so replays and late facts are harmless.
 * The amount of an existing transaction is never changed: commercetools cannot do it, and the first fact had the right
 * amount.
 */
export function record(payment: Pick<Payment, 'transactions'>, fact: TransactionFact): PaymentUpdateAction[] {
  const { type, state, interactionId, occurredAt: timestamp } = fact;
  const { centAmount, currencyCode } = fact.amount;
  const known = find(payment, fact);
  if (!known) {
    return [
      {
        action: 'addTransaction',
        transaction: { type, state, amount: { centAmount, currencyCode }, interactionId, timestamp },
      },
    ];
  }
  const actions: PaymentUpdateAction[] = [];
  if (mayBecome(known, state)) actions.push({ action: 'changeTransactionState', transactionId: known.id, state });
  if (!known.interactionId) {
    actions.push({ action: 'changeTransactionInteractionId', transactionId: known.id, interactionId });
  }
  return actions;
}

/**
 * Whether `payment` shows something newer than `fact`: its transaction has another state and may not change to the
 * fact's.
 */
export function isPast(payment: Pick<Payment, 'transactions'>, fact: TransactionFact): boolean {
  const known = find(payment, fact);
  return known !== undefined && known.state !== fact.state && !mayBecome(known, fact.state);
}

/** The transaction of the same Stripe object; else an Initial one without an id and with exactly this amount. */
function find({ transactions }: Pick<Payment, 'transactions'>, fact: TransactionFact): Transaction | undefined {
  const sameType = transactions.filter(({ type }) => type === fact.type);
  return (
    sameType.find(({ interactionId }) => interactionId === fact.interactionId) ??
    sameType.find(
      ({ state, interactionId, amount }) =>
        state === 'Initial' &&
        !interactionId &&
        amount.centAmount === fact.amount.centAmount &&
        amount.currencyCode === fact.amount.currencyCode,
    )
  );
}
