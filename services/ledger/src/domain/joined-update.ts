import type { _Money, CentPrecisionMoney, PaymentUpdateAction, Transaction } from '@commercetools/platform-sdk';
import { defaultFractionDigits, InexpressibleAmountError } from '@connector/payment-model';
import {
  type DecidablePayment,
  decide,
  type Interaction,
  isLasting,
  isPlannedOtherwise,
  type StripeMoney,
  showsForGood,
} from './decide.ts';
import type { Fact } from './facts.ts';

/** What an event reports by itself, without a call to Stripe. */
export interface Told {
  readonly facts: readonly Fact[];
  /** The PaymentIntent's amount, as the event has it. */
  readonly money?: StripeMoney;
  readonly interaction?: Interaction | undefined;
}

/** A transaction that an update adds has no id yet, so the same update cannot change it. */
const NOT_GIVEN = '';

/**
 * The update actions of events that wait behind one whose own actions are `own`, for the same update. For each event these are the actions that would be
 * decided for it if all events before it had been written. The list ends before the first event that cannot join: its facts are not final, or a call to
 * Stripe is needed, or it would change a transaction that this update adds. That event and those behind it are written in their own turn.
 */
export function joinedActions(
  payment: DecidablePayment,
  own: readonly PaymentUpdateAction[],
  paymentIntentId: string,
  waiting: readonly Told[],
): PaymentUpdateAction[][] {
  const joined: PaymentUpdateAction[][] = [];
  let shown = afterUpdate(payment, own);
  for (const told of waiting) {
    const actions = actionsOf(shown, paymentIntentId, told);
    if (!actions || actions.some(changesWhatIsNew)) break;
    joined.push(actions);
    shown = afterUpdate(shown, actions);
  }
  return joined;
}

function actionsOf(
  payment: DecidablePayment,
  paymentIntentId: string,
  { facts, money, interaction }: Told,
): PaymentUpdateAction[] | undefined {
  try {
    if (!facts.every(isLasting) || (money && isPlannedOtherwise(payment, money))) return undefined;
    if (showsForGood(payment, { facts, paymentIntentId })) return [];
    return decide(payment, { facts, paymentIntentId, interaction });
  } catch (error) {
    if (error instanceof InexpressibleAmountError) return undefined;
    throw error;
  }
}

const changesWhatIsNew = (action: PaymentUpdateAction): boolean =>
  'transactionId' in action && action.transactionId === NOT_GIVEN;

/** The payment after an update whose actions are from `decide`: the part of it that decisions read. */
const afterUpdate = (payment: DecidablePayment, actions: readonly PaymentUpdateAction[]): DecidablePayment =>
  actions.reduce(afterAction, payment);

function afterAction(payment: DecidablePayment, action: PaymentUpdateAction): DecidablePayment {
  const changed = (transactionId: string | undefined, change: Partial<Transaction>): DecidablePayment => ({
    ...payment,
    transactions: payment.transactions.map((each) => (each.id === transactionId ? { ...each, ...change } : each)),
  });
  switch (action.action) {
    case 'addTransaction': {
      const { state = 'Initial', type, amount, interactionId } = action.transaction;
      const added = {
        id: NOT_GIVEN,
        type,
        state,
        amount: moneyOf(amount, payment),
        ...(interactionId && { interactionId }),
      };
      return { ...payment, transactions: [...payment.transactions, added] };
    }
    case 'changeTransactionState':
      return changed(action.transactionId, { state: action.state });
    case 'changeTransactionInteractionId':
      return changed(action.transactionId, { interactionId: action.interactionId });
    case 'setInterfaceId':
      return { ...payment, ...(action.interfaceId && { interfaceId: action.interfaceId }) };
    case 'setMethodInfoMethod':
      return {
        ...payment,
        paymentMethodInfo: { ...payment.paymentMethodInfo, ...(action.method && { method: action.method }) },
      };
    case 'changeAmountPlanned':
      return { ...payment, amountPlanned: moneyOf(action.amount, payment) };
    case 'addInterfaceInteraction': {
      const { fields = {} } = action;
      const added = { type: { typeId: 'type' as const, id: '' }, fields };
      return { ...payment, interfaceInteractions: [...(payment.interfaceInteractions ?? []), added] };
    }
    default:
      throw new Error(`no rule decides on ${action.action}`);
  }
}

function moneyOf({ centAmount = 0, currencyCode }: _Money, { amountPlanned }: DecidablePayment): CentPrecisionMoney {
  const isPlanned = currencyCode === amountPlanned.currencyCode;
  const fractionDigits = isPlanned ? amountPlanned.fractionDigits : defaultFractionDigits(currencyCode);
  return { type: 'centPrecision', centAmount, currencyCode, fractionDigits };
}
