import * as z from 'zod';
import { customFieldsDraft, identifierOf } from '../custom-fields.ts';
import { isCurrency } from '../money.ts';

export const text = z.string();
export const optionalText = text.nullish().transform((value) => value ?? undefined);
export const dateTime = text.refine((value) => !Number.isNaN(Date.parse(value)), 'must be a date-time in UTC');
export const money = z.object({
  centAmount: z.int(),
  currencyCode: text.refine(isCurrency, 'must be a currency code of ISO 4217'),
});
const transactionType = z.enum(['Authorization', 'CancelAuthorization', 'Charge', 'Chargeback', 'Refund']);
export const transactionState = z.enum(['Initial', 'Pending', 'Success', 'Failure']);
export const localized = z.record(z.string(), z.string());
export const optionalRef = (typeId: string) =>
  identifierOf(typeId)
    .nullish()
    .transform((value) => value ?? undefined);
export const customType = { type: optionalRef('type'), fields: z.record(z.string(), z.unknown()).nullish() };
export const customField = { name: text, value: z.unknown() };
export const token = z.object({ value: text });

export const transactionDraft = z.object({
  type: transactionType,
  amount: money,
  state: transactionState.nullish(),
  timestamp: dateTime.nullish(),
  interactionId: optionalText,
  interfaceId: optionalText,
  custom: customFieldsDraft.nullish(),
});

const methodInfoDraft = z.object({
  paymentInterface: optionalText,
  method: optionalText,
  name: localized.nullish(),
  token: token.nullish(),
  interfaceAccount: optionalText,
  custom: customFieldsDraft.nullish(),
});

export const paymentDraft = z.object({
  key: optionalText,
  customer: optionalRef('customer'),
  anonymousId: optionalText,
  interfaceId: optionalText,
  amountPlanned: money,
  paymentMethodInfo: methodInfoDraft.nullish(),
  paymentStatus: z.object({ interfaceCode: optionalText, interfaceText: optionalText }).nullish(),
  transactions: z.array(transactionDraft).nullish(),
  interfaceInteractions: z.array(customFieldsDraft).nullish(),
  custom: customFieldsDraft.nullish(),
  checkoutTransactionItemId: optionalText,
});

export const updateSchema = z.object({
  version: z.unknown(),
  actions: z.array(z.looseObject({ action: text })).max(500),
});
