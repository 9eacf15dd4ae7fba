import { randomUUID } from 'node:crypto';
import type { Transaction } from '@commercetools/platform-sdk';
import type * as z from 'zod';
import { createCustomFields } from '../custom-fields.ts';
import { invalidInput } from '../errors.ts';
import { centPrecision } from '../money.ts';
import type { transactionDraft } from './drafts.ts';
import type { References, Writable, WritablePayment } from './stored-payment.ts';

/** Whether another payment's transaction already has an interfaceId. Throws ApiError 400 DuplicateField. */
interface TransactionIds {
  checkTransactionInterfaceIdIsFree(interfaceId: string, ownId?: string): void;
}

export interface ActionContext {
  payments: TransactionIds;
  references: References;
}

export function transactionOf(payment: WritablePayment, transactionId: string): Writable<Transaction> {
  const transaction = payment.transactions.find((each) => each.id === transactionId);
  if (!transaction) throw invalidInput(`The payment has no transaction with ID '${transactionId}'.`);
  return transaction;
}

export function createTransaction(
  draft: z.output<typeof transactionDraft>,
  { references, payments }: ActionContext,
): Writable<Transaction> {
  if (draft.interfaceId !== undefined) payments.checkTransactionInterfaceIdIsFree(draft.interfaceId);
  return {
    id: randomUUID(),
    ...(draft.timestamp && { timestamp: new Date(draft.timestamp).toISOString() }),
    type: draft.type,
    amount: centPrecision(draft.amount),
    ...(draft.interactionId !== undefined && { interactionId: draft.interactionId }),
    ...(draft.interfaceId !== undefined && { interfaceId: draft.interfaceId }),
    state: draft.state ?? 'Initial',
    ...(draft.custom && { custom: createCustomFields(references.findType, 'transaction', draft.custom) }),
  };
}
