import type {
  Payment,
  PaymentDraft,
  PaymentUpdateAction,
  Transaction,
  TransactionDraft,
} from '@commercetools/platform-sdk';
import { defaultFractionDigits } from '@connector/payment-model';
import { commercetoolsId } from '../ids.ts';
import { refused } from './refusal.ts';
import { money, payment as paymentFixture } from './resources.ts';
import type { CommercetoolsState } from './state.ts';

/** A payment from a draft. None is created when its key exists or its customer does not. */
export function createPayment(project: CommercetoolsState, draft: PaymentDraft): Payment {
  project.beforeCreate(draft);
  checkCustomer(project, draft.customer?.id);
  const isTaken = draft.key !== undefined && [...project.stored.values()].some(({ key }) => key === draft.key);
  if (isTaken) throw refused('DuplicateField', 'key');
  const at = project.now();
  const payment = { ...paymentOf(draft), id: project.newId(), ...(at && { createdAt: at, lastModifiedAt: at }) };
  project.stored.set(payment.id, payment);
  return payment;
}

function paymentOf({ key, amountPlanned, paymentMethodInfo, customer, anonymousId }: PaymentDraft): Payment {
  const { centAmount = 0, currencyCode } = amountPlanned;
  return paymentFixture({
    ...(key && { key }),
    amountPlanned: money(centAmount, currencyCode, defaultFractionDigits(currencyCode)),
    paymentMethodInfo: { ...paymentMethodInfo } as Payment['paymentMethodInfo'],
    ...(customer?.id && { customer: { typeId: 'customer', id: customer.id } }),
    ...(anonymousId && { anonymousId }),
  });
}

function checkCustomer({ customers }: CommercetoolsState, id: string | undefined): void {
  if (id && !customers.has(id)) throw refused('ReferencedResourceNotFound');
}

/** A payment after one action of an update. */
export function changePayment(project: CommercetoolsState, payment: Payment, action: PaymentUpdateAction): Payment {
  const { transactions } = payment;
  const changed = (transactionId: string | undefined, change: Partial<Transaction>): Payment => {
    if (!transactions.some(({ id }) => id === transactionId)) throw refused('InvalidOperation');
    return { ...payment, transactions: transactions.map((t) => (t.id === transactionId ? { ...t, ...change } : t)) };
  };
  switch (action.action) {
    case 'addTransaction':
      return { ...payment, transactions: [...transactions, transactionOf(payment, action.transaction)] };
    case 'changeTransactionState':
      return changed(action.transactionId, { state: action.state });
    case 'changeTransactionInteractionId':
      return changed(action.transactionId, { interactionId: action.interactionId });
    case 'setInterfaceId':
      return tied(project, payment, action.interfaceId);
    case 'changeAmountPlanned': {
      const { centAmount = 0, currencyCode } = action.amount;
      const { currencyCode: before, fractionDigits } = payment.amountPlanned;
      const digits = currencyCode === before ? fractionDigits : defaultFractionDigits(currencyCode);
      return { ...payment, amountPlanned: money(centAmount, currencyCode, digits) };
    }
    case 'setCustomer': {
      const { customer } = action;
      checkCustomer(project, customer?.id);
      const { customer: _before, anonymousId: _guest, ...others } = payment;
      return customer?.id ? { ...others, customer: { typeId: 'customer', id: customer.id } } : others;
    }
    case 'setMethodInfoToken': {
      const { token } = action;
      return { ...payment, paymentMethodInfo: { ...payment.paymentMethodInfo, ...(token && { token }) } };
    }
    case 'setMethodInfoMethod': {
      const { method } = action;
      return { ...payment, paymentMethodInfo: { ...payment.paymentMethodInfo, ...(method && { method }) } };
    }
    case 'addInterfaceInteraction': {
      const interaction = { type: { typeId: 'type' as const, id: 'type-1' }, fields: action.fields ?? {} };
      return { ...payment, interfaceInteractions: [...payment.interfaceInteractions, interaction] };
    }
    default:
      throw new Error(`the fake commercetools has no update action ${action.action} for a payment`);
  }
}

function transactionOf({ amountPlanned }: Payment, draft: TransactionDraft): Transaction {
  const { state = 'Initial', type, amount, timestamp, interactionId } = draft;
  const { centAmount = 0, currencyCode } = amount;
  const digits = currencyCode === amountPlanned.currencyCode ? amountPlanned.fractionDigits : 2;
  return {
    id: commercetoolsId(),
    type,
    state,
    amount: money(centAmount, currencyCode, digits),
    ...(timestamp && { timestamp }),
    ...(interactionId && { interactionId }),
  };
}

/** An interfaceId is unique, and never changes. */
function tied({ stored }: CommercetoolsState, payment: Payment, interfaceId: string | undefined): Payment {
  if (payment.interfaceId && payment.interfaceId !== interfaceId) throw refused('InvalidOperation');
  const others = [...stored.values()].filter(({ id }) => id !== payment.id);
  if (others.some((other) => other.interfaceId === interfaceId)) throw refused('DuplicateField', 'interfaceId');
  return { ...payment, ...(interfaceId && { interfaceId }) };
}
