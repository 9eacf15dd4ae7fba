import * as z from 'zod';
import { checkKey } from '../collection.ts';
import { createCustomFields, customFieldsDraft, withCustomField } from '../custom-fields.ts';
import { duplicateField, invalidOperation, referencedResourceNotFound } from '../errors.ts';
import { centPrecision } from '../money.ts';
import {
  customField,
  customType,
  dateTime,
  localized,
  money,
  optionalRef,
  optionalText,
  text,
  token,
  transactionDraft,
  transactionState,
} from './drafts.ts';
import { customerReference, set, setCustomType, setPaymentInterface } from './fields.ts';
import type { WritablePayment } from './stored-payment.ts';
import { type ActionContext, createTransaction, transactionOf } from './transactions.ts';

type Apply<S extends z.ZodRawShape> = (
  payment: WritablePayment,
  action: z.output<z.ZodObject<S>>,
  context: ActionContext,
) => void;
interface ActionRule {
  schema: z.ZodType;
  apply: (payment: WritablePayment, action: never, context: ActionContext) => void;
}
const action = <S extends z.ZodRawShape>(shape: S, apply: Apply<S>): ActionRule => ({
  schema: z.object(shape),
  apply: apply as ActionRule['apply'],
});

/** Every update action of the Payments API, by its name. */
export const ACTIONS: Record<string, ActionRule> = {
  addTransaction: action({ transaction: transactionDraft }, (payment, { transaction }, context) => {
    const { interfaceId } = transaction;
    if (interfaceId !== undefined && payment.transactions.some((each) => each.interfaceId === interfaceId)) {
      throw duplicateField('transactions.interfaceId', interfaceId);
    }
    payment.transactions.push(createTransaction(transaction, context));
  }),
  changeTransactionState: action(
    { transactionId: text, state: transactionState },
    (payment, { transactionId, state }) => {
      transactionOf(payment, transactionId).state = state;
    },
  ),
  changeTransactionInteractionId: action(
    { transactionId: text, interactionId: text },
    (payment, { transactionId, interactionId }) => {
      transactionOf(payment, transactionId).interactionId = interactionId;
    },
  ),
  changeTransactionTimestamp: action(
    { transactionId: text, timestamp: dateTime },
    (payment, { transactionId, timestamp }) => {
      transactionOf(payment, transactionId).timestamp = new Date(timestamp).toISOString();
    },
  ),
  setTransactionInterfaceId: action(
    { transactionId: text, interfaceId: optionalText },
    (payment, { transactionId, interfaceId }, { payments }) => {
      const transaction = transactionOf(payment, transactionId);
      const others = payment.transactions.filter((each) => each !== transaction);
      if (interfaceId !== undefined) {
        if (others.some((each) => each.interfaceId === interfaceId)) {
          throw duplicateField('transactions.interfaceId', interfaceId);
        }
        payments.checkTransactionInterfaceIdIsFree(interfaceId, payment.id);
      }
      set(transaction, 'interfaceId', interfaceId);
    },
  ),
  setTransactionCustomType: action({ transactionId: text, ...customType }, (payment, change, { references }) => {
    setCustomType(transactionOf(payment, change.transactionId), 'transaction', change, references.findType);
  }),
  setTransactionCustomField: action({ transactionId: text, ...customField }, (payment, change, { references }) => {
    const transaction = transactionOf(payment, change.transactionId);
    transaction.custom = withCustomField(references.findType, transaction.custom, change.name, change.value);
  }),
  addInterfaceInteraction: action(customFieldsDraft.shape, (payment, draft, { references }) => {
    payment.interfaceInteractions.push(createCustomFields(references.findType, 'payment-interface-interaction', draft));
  }),
  changeAmountPlanned: action({ amount: money }, (payment, { amount }) => {
    payment.amountPlanned = centPrecision(amount);
  }),
  setInterfaceId: action({ interfaceId: text }, (payment, { interfaceId }) => {
    if (payment.interfaceId === interfaceId) return;
    if (payment.interfaceId !== undefined) {
      throw invalidOperation('The interfaceId is already set and can not be changed.');
    }
    payment.interfaceId = interfaceId;
  }),
  setKey: action({ key: optionalText }, (payment, { key }) => {
    checkKey(key);
    set(payment, 'key', key);
  }),
  setCustomer: action({ customer: optionalRef('customer') }, (payment, { customer }, { references }) => {
    delete payment.anonymousId;
    set(payment, 'customer', customer && customerReference(references, customer));
  }),
  setAnonymousId: action({ anonymousId: optionalText }, (payment, { anonymousId }) => {
    delete payment.customer;
    set(payment, 'anonymousId', anonymousId);
  }),
  setMethodInfo: action(
    {
      paymentInterface: optionalText,
      method: optionalText,
      name: localized.nullish(),
      token: token.nullish(),
      interfaceAccount: optionalText,
    },
    (payment, { paymentInterface, ...values }) => {
      if (paymentInterface !== undefined) setPaymentInterface(payment, paymentInterface);
      for (const [field, value] of Object.entries(values)) {
        if (value != null) Object.assign(payment.paymentMethodInfo, { [field]: value });
      }
    },
  ),
  setMethodInfoInterface: action({ interface: text }, (payment, change) =>
    setPaymentInterface(payment, change.interface),
  ),
  setMethodInfoMethod: action({ method: optionalText }, (payment, { method }) => {
    set(payment.paymentMethodInfo, 'method', method);
  }),
  setMethodInfoName: action({ name: localized.nullish() }, (payment, { name }) => {
    set(payment.paymentMethodInfo, 'name', name);
  }),
  setMethodInfoToken: action({ token: token.nullish() }, (payment, change) => {
    set(payment.paymentMethodInfo, 'token', change.token);
  }),
  setMethodInfoInterfaceAccount: action({ interfaceAccount: optionalText }, (payment, { interfaceAccount }) => {
    set(payment.paymentMethodInfo, 'interfaceAccount', interfaceAccount);
  }),
  setMethodInfoCustomType: action(customType, (payment, change, { references }) => {
    setCustomType(payment.paymentMethodInfo, 'payment-method-info', change, references.findType);
  }),
  setMethodInfoCustomField: action(customField, (payment, { name, value }, { references }) => {
    const info = payment.paymentMethodInfo;
    info.custom = withCustomField(references.findType, info.custom, name, value);
  }),
  setStatusInterfaceCode: action({ interfaceCode: optionalText }, (payment, { interfaceCode }) => {
    set(payment.paymentStatus, 'interfaceCode', interfaceCode);
  }),
  setStatusInterfaceText: action({ interfaceText: optionalText }, (payment, { interfaceText }) => {
    set(payment.paymentStatus, 'interfaceText', interfaceText);
  }),
  setCustomType: action(customType, (payment, change, { references }) => {
    setCustomType(payment, 'payment', change, references.findType);
  }),
  setCustomField: action(customField, (payment, { name, value }, { references }) => {
    payment.custom = withCustomField(references.findType, payment.custom, name, value);
  }),
  transitionState: action(
    { state: optionalRef('state'), force: z.boolean().nullish() },
    (payment, { state }, { references }) => {
      if (!state) return set(payment.paymentStatus, 'state', undefined);
      const id = references.find('state', state);
      if (!id) throw referencedResourceNotFound('state', state);
      payment.paymentStatus.state = { typeId: 'state', id };
    },
  ),
};
