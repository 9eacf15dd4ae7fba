import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Payment, Transaction } from '@commercetools/platform-sdk';
import * as z from 'zod';
import { type Address, Collection, checkKey } from './collection.ts';
import {
  createCustomFields,
  customFieldsDraft,
  type FindType,
  resourceIdentifier,
  type StoredCustomFields,
  withCustomField,
} from './custom-fields.ts';
import { duplicateField, invalidInput, invalidOperation, referencedResourceNotFound } from './errors.ts';
import { centPrecision } from './money.ts';
import { parse } from './parse.ts';
import { listedValues, requiredValue } from './query.ts';

type Writable<T> = T extends readonly (infer U)[]
  ? Writable<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : T;

/** A commercetools Payment; `checkoutTransactionItemId` is answered by the API although the SDK's types lack it. */
export type StoredPayment = Payment & { readonly checkoutTransactionItemId?: string };
type WritablePayment = Writable<StoredPayment>;

/** What payments refer to outside their own collection. */
export interface References {
  findType: FindType;
  /** Id of a resource by id or key, if it exists. */
  find(typeId: 'customer' | 'state', ref: { id?: string | undefined; key?: string | undefined }): string | undefined;
}

const text = z.string();
const optionalText = text.nullish().transform((value) => value ?? undefined);
const dateTime = text.refine((value) => !Number.isNaN(Date.parse(value)), 'must be a date-time in UTC');
const money = z.object({ centAmount: z.int(), currencyCode: text.regex(/^[A-Z]{3}$/) });
const transactionType = z.enum(['Authorization', 'CancelAuthorization', 'Charge', 'Chargeback', 'Refund']);
const transactionState = z.enum(['Initial', 'Pending', 'Success', 'Failure']);
const localized = z.record(z.string(), z.string());
const optionalRef = resourceIdentifier.nullish().transform((value) => value ?? undefined);
const customType = { type: optionalRef, fields: z.record(z.string(), z.unknown()).nullish() };
const customField = { name: text, value: z.unknown() };
const token = z.object({ value: text });

const transactionDraft = z.object({
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

const paymentDraft = z.object({
  key: optionalText,
  customer: optionalRef,
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

const updateSchema = z.object({
  version: z.unknown(),
  actions: z.array(z.looseObject({ action: text })).max(500),
});

interface ActionContext {
  payments: Payments;
  references: References;
}
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

function transactionOf(payment: WritablePayment, transactionId: string): Writable<Transaction> {
  const transaction = payment.transactions.find((each) => each.id === transactionId);
  if (!transaction) throw invalidInput(`The payment has no transaction with ID '${transactionId}'.`);
  return transaction;
}

function createTransaction(
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

function setCustomType(
  target: { custom?: StoredCustomFields },
  resourceTypeId: string,
  {
    type,
    fields,
  }: { type?: z.output<typeof resourceIdentifier> | undefined; fields?: Record<string, unknown> | null | undefined },
  findType: FindType,
): void {
  if (type) target.custom = createCustomFields(findType, resourceTypeId, { type, fields });
  else delete target.custom;
}

function setPaymentInterface(payment: WritablePayment, paymentInterface: string | undefined): void {
  const current = payment.paymentMethodInfo.paymentInterface;
  if (current === paymentInterface) return;
  if (current !== undefined) throw invalidOperation('The paymentInterface is already set and can not be changed.');
  if (paymentInterface !== undefined) payment.paymentMethodInfo.paymentInterface = paymentInterface;
}

/** Sets a field, or removes it when the value is absent. */
function set<T extends object, K extends keyof T>(target: T, field: K, value: T[K] | null | undefined): void {
  if (value === undefined || value === null) delete target[field];
  else target[field] = value;
}

/** Every update action of the Payments API, by its name. */
const ACTIONS: Record<string, ActionRule> = {
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
  setCustomer: action({ customer: optionalRef }, (payment, { customer }, { references }) => {
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
    { state: optionalRef, force: z.boolean().nullish() },
    (payment, { state }, { references }) => {
      if (!state) return set(payment.paymentStatus, 'state', undefined);
      const id = references.find('state', state);
      if (!id) throw referencedResourceNotFound('state', state);
      payment.paymentStatus.state = { typeId: 'state', id };
    },
  ),
};

function customerReference(references: References, ref: z.output<typeof resourceIdentifier>) {
  const id = references.find('customer', ref);
  if (!id) throw referencedResourceNotFound('customer', ref);
  return { typeId: 'customer' as const, id };
}

const QUERY_FIELDS = [
  'id',
  'version',
  'createdAt',
  'lastModifiedAt',
  'createdBy',
  'lastModifiedBy',
  'key',
  'customer',
  'anonymousId',
  'interfaceId',
  'amountPlanned',
  'paymentMethodInfo',
  'paymentStatus',
  'transactions',
  'interfaceInteractions',
  'custom',
  'checkoutTransactionItemId',
];

const NO_INTERFACE = '';

/**
 * The Payments API, strict where the connector's correctness leans on commercetools: unique key, unique
 * (paymentInterface, interfaceId), unique transaction interfaceId, an interfaceId that never changes, versions, and updates that
 * are applied whole or not at all. Each call is done in one go, so concurrent requests can't interleave.
 */
export class Payments extends Collection<StoredPayment> {
  readonly #references: References;
  readonly #idByInterface = new Map<string, string>();
  readonly #idsByInterfaceId = new Map<string, Set<string>>();
  readonly #idByTransactionInterfaceId = new Map<string, string>();

  constructor(references: References, now: () => number) {
    super(now, QUERY_FIELDS);
    this.#references = references;
  }

  /** Throws ApiError 400: InvalidJsonInput, InvalidOperation, DuplicateField, ReferencedResourceNotFound. */
  create(draft: unknown, clientId: string): StoredPayment {
    const { paymentMethodInfo, paymentStatus, ...input } = parse(paymentDraft, draft);
    const references = this.#references;
    const context: ActionContext = { payments: this, references };
    if (input.customer && input.anonymousId !== undefined) {
      throw invalidOperation('Can set only one of customer OR anonymousId');
    }
    const payment: WritablePayment = {
      ...this.base(clientId),
      amountPlanned: centPrecision(input.amountPlanned),
      paymentMethodInfo: {},
      paymentStatus: {},
      transactions: (input.transactions ?? []).map((transaction) => createTransaction(transaction, context)),
      interfaceInteractions: (input.interfaceInteractions ?? []).map((interaction) =>
        createCustomFields(references.findType, 'payment-interface-interaction', interaction),
      ),
    };
    set(payment, 'key', input.key);
    set(payment, 'customer', input.customer && customerReference(references, input.customer));
    set(payment, 'anonymousId', input.anonymousId);
    set(payment, 'interfaceId', input.interfaceId);
    set(payment, 'checkoutTransactionItemId', input.checkoutTransactionItemId);
    if (input.custom) setCustomType(payment, 'payment', input.custom, references.findType);
    if (paymentMethodInfo) {
      const { custom, ...info } = paymentMethodInfo;
      for (const [field, value] of Object.entries(info)) {
        if (value != null) Object.assign(payment.paymentMethodInfo, { [field]: value });
      }
      if (custom) setCustomType(payment.paymentMethodInfo, 'payment-method-info', custom, references.findType);
    }
    set(payment.paymentStatus, 'interfaceCode', paymentStatus?.interfaceCode);
    set(payment.paymentStatus, 'interfaceText', paymentStatus?.interfaceText);
    this.checkKeyIsFree(payment.key);
    this.#checkInterfaceIdIsFree(payment);
    return this.put(payment as StoredPayment);
  }

  /** Throws ApiError 404, 409 ConcurrentModification, 400 as the first action that fails; the payment then stays as it was. */
  update(address: Address, body: unknown, clientId: string): StoredPayment {
    const current = this.get(address);
    const { version, actions } = parse(updateSchema, body);
    this.getAtVersion(address, version);
    const payment = {
      ...current,
      paymentMethodInfo: { ...current.paymentMethodInfo },
      paymentStatus: { ...current.paymentStatus },
      transactions: current.transactions.map((transaction) => ({ ...transaction })),
      interfaceInteractions: [...current.interfaceInteractions],
    } as WritablePayment;
    const context: ActionContext = { payments: this, references: this.#references };
    for (const { action: name, ...values } of actions) {
      const rule = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
      if (!rule) throw invalidInput(`Invalid action ${name}`);
      rule.apply(payment, parse(rule.schema, values) as never, context);
    }
    if (isDeepStrictEqual(payment, current)) return current;
    this.checkKeyIsFree(payment.key, payment.id);
    this.#checkInterfaceIdIsFree(payment);
    payment.version = current.version + actions.length;
    payment.lastModifiedAt = new Date(Math.max(this.now(), Date.parse(current.lastModifiedAt))).toISOString();
    payment.lastModifiedBy = { clientId, isPlatformClient: false } as typeof payment.lastModifiedBy;
    return this.put(payment as StoredPayment);
  }

  /** Throws ApiError 404, 409 ConcurrentModification. */
  delete(address: Address, version: number): StoredPayment {
    return this.remove(this.getAtVersion(address, version));
  }

  /** Throws ApiError 400 DuplicateField when a transaction of another payment has it. */
  checkTransactionInterfaceIdIsFree(interfaceId: string, ownId?: string): void {
    const holder = this.#idByTransactionInterfaceId.get(interfaceId);
    if (holder !== undefined && holder !== ownId) throw duplicateField('transactions.interfaceId', interfaceId);
  }

  override put(payment: StoredPayment): StoredPayment {
    const previous = this.byId.get(payment.id);
    if (previous) this.#unindex(previous);
    if (payment.interfaceId !== undefined) {
      this.#idByInterface.set(interfaceKey(payment), payment.id);
      const ids = this.#idsByInterfaceId.get(payment.interfaceId) ?? new Set();
      this.#idsByInterfaceId.set(payment.interfaceId, ids.add(payment.id));
    }
    for (const { interfaceId } of payment.transactions) {
      if (interfaceId !== undefined) this.#idByTransactionInterfaceId.set(interfaceId, payment.id);
    }
    return super.put(payment);
  }

  override remove(payment: StoredPayment): StoredPayment {
    this.#unindex(payment);
    return super.remove(payment);
  }

  override clear(): void {
    super.clear();
    this.#idByInterface.clear();
    this.#idsByInterfaceId.clear();
    this.#idByTransactionInterfaceId.clear();
  }

  protected override candidates(params: URLSearchParams): StoredPayment[] {
    const interfaceId = requiredValue(params, 'interfaceId');
    const interfaceIds = interfaceId === undefined ? listedValues(params, 'interfaceId') : [interfaceId];
    if (!interfaceIds) return super.candidates(params);
    return this.existing(new Set(interfaceIds.flatMap((each) => [...(this.#idsByInterfaceId.get(each) ?? [])])));
  }

  #unindex(payment: StoredPayment): void {
    if (payment.interfaceId !== undefined) {
      this.#idByInterface.delete(interfaceKey(payment));
      const ids = this.#idsByInterfaceId.get(payment.interfaceId);
      ids?.delete(payment.id);
      if (ids?.size === 0) this.#idsByInterfaceId.delete(payment.interfaceId);
    }
    for (const { interfaceId } of payment.transactions) {
      if (interfaceId !== undefined) this.#idByTransactionInterfaceId.delete(interfaceId);
    }
  }

  #checkInterfaceIdIsFree(payment: Pick<WritablePayment, 'id' | 'interfaceId' | 'paymentMethodInfo'>): void {
    if (payment.interfaceId === undefined) return;
    const holder = this.#idByInterface.get(interfaceKey(payment));
    if (holder === undefined || holder === payment.id) return;
    const { paymentInterface } = payment.paymentMethodInfo;
    throw duplicateField(
      'interfaceId',
      payment.interfaceId,
      paymentInterface === undefined
        ? `The interfaceId '${payment.interfaceId}' is already used without setting a payment interface.`
        : `The interfaceId '${payment.interfaceId}' is already used with the payment interface '${paymentInterface}'.`,
    );
  }
}

const interfaceKey = (payment: Pick<WritablePayment, 'interfaceId' | 'paymentMethodInfo'>): string =>
  `${payment.paymentMethodInfo.paymentInterface ?? NO_INTERFACE}\n${payment.interfaceId}`;
