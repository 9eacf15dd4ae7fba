import { isDeepStrictEqual } from 'node:util';
import { type Address, Collection } from '../collection.ts';
import { createCustomFields } from '../custom-fields.ts';
import { duplicateField, invalidInput, invalidOperation } from '../errors.ts';
import { centPrecision } from '../money.ts';
import { parse } from '../parse.ts';
import { listedValues, requiredValue } from '../query.ts';
import { QUERY_FIELDS } from '../query-fields.ts';
import { ACTIONS } from './actions.ts';
import { paymentDraft, updateSchema } from './drafts.ts';
import { customerReference, set, setCustomType } from './fields.ts';
import type { References, StoredPayment, WritablePayment } from './stored-payment.ts';
import { type ActionContext, createTransaction } from './transactions.ts';

const NO_INTERFACE = '';

/**
 * The Payments API. It is strict where the connector depends on commercetools: unique key, unique (paymentInterface,
 * interfaceId), unique transaction interfaceId, an interfaceId that never changes, versions, and updates that are
 * applied whole or not at all. Each call is synchronous, so concurrent requests cannot interleave.
 */
export class Payments extends Collection<StoredPayment> {
  readonly #references: References;
  readonly #idByInterface = new Map<string, string>();
  readonly #idsByInterfaceId = new Map<string, Set<string>>();
  readonly #idByTransactionInterfaceId = new Map<string, string>();

  constructor(references: References, now: () => number) {
    super(now, QUERY_FIELDS.payment);
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

  /**
   * Throws ApiError 404, 409 ConcurrentModification, 400 for the first action that fails; the payment then stays
   * unchanged.
   */
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
