import type { Cart, Payment, PaymentDraft, PaymentUpdateAction, Transaction } from '@commercetools/platform-sdk';
import { CommercetoolsRejection } from '@connector/commercetools';
import { NotFoundError, PermanentError, StaleVersionError, TransientError } from '@connector/errors';
import { defaultFractionDigits } from '@connector/payment-model';
import { money, payment as paymentFixture } from './commercetools.ts';
import type { CartsPort, PaymentsPort } from './conformance/commercetools.ts';
import { copyOf } from './copy.ts';
import { commercetoolsId } from './ids.ts';

/** What goes wrong with one call: refused before it had an effect, its answer lost after it had, or another writer first. */
export type Fault = 'refused' | 'answer-lost' | 'another-writer';

/** One accepted write of a payment. */
export interface Write {
  readonly before: Payment;
  readonly after: Payment;
  readonly actions: readonly PaymentUpdateAction[];
}

/**
 * commercetools in memory, as strict as the real one: versions, unique keys, an interfaceId that is unique and never changes, customers that
 * exist. Answers are copies. It passes the suite of `conformance/commercetools.ts`, as the adapters do.
 */
export class FakeCommercetools {
  readonly stored = new Map<string, Payment>();
  readonly carts = new Map<string, Cart>();
  readonly customers = new Set<string>();
  /** Names of the calls, in order. */
  readonly calls: string[] = [];
  readonly writes: Write[] = [];
  /** Faults of the next updates, one each. */
  readonly faults: (Fault | undefined)[] = [];
  /** Id and time of what is made next. */
  newId: () => string = commercetoolsId;
  now: () => string | undefined = () => undefined;
  /** Runs before a payment is created: what others do in that moment. */
  beforeCreate: (draft: PaymentDraft) => void = () => {};
  /** Runs before a cart is changed. */
  beforeAddPayment: (cartId: string) => void = () => {};
  /** Runs before a payment is changed. */
  beforeUpdate: (id: string) => void = () => {};

  add(...payments: Payment[]): this {
    for (const payment of payments) this.stored.set(payment.id, payment);
    return this;
  }

  addCart(cart: Cart): this {
    this.carts.set(cart.id, cart);
    return this;
  }

  payment(id: string): Payment {
    const payment = this.stored.get(id);
    if (!payment) throw new Error(`no payment ${id}`);
    return payment;
  }

  /** Another writer changes the payment: the next version, and whatever `change` says. */
  changeByAnother(id: string, change: Partial<Payment> = {}): void {
    const payment = this.payment(id);
    this.stored.set(id, { ...payment, ...change, version: payment.version + 1 });
  }

  readonly payments: PaymentsPort = {
    byId: async (id) => this.#answer('payments.byId', this.stored.get(id)),
    byKey: async (key) =>
      this.#answer(
        'payments.byKey',
        this.#all().find((payment) => payment.key === key),
      ),
    byPaymentIntent: async (id) =>
      this.#answer(
        'payments.byPaymentIntent',
        this.#all().find(({ interfaceId }) => interfaceId === id),
      ),
    update: async ({ id, version }, actions) => {
      this.calls.push('payments.update');
      this.beforeUpdate(id);
      const fault = this.faults.shift();
      if (fault === 'refused') throw new TransientError('503');
      if (fault === 'another-writer') this.changeByAnother(id);
      const before = this.payment(id);
      if (before.version !== version) throw new StaleVersionError('409');
      if (actions.length === 0) throw new PermanentError('no actions');
      const changed = actions.reduce((payment, action) => this.#change(payment, action), copyOf(before));
      const after = { ...changed, version: version + 1 };
      this.stored.set(id, after);
      this.writes.push({ before, after, actions });
      if (fault === 'answer-lost') throw new TransientError('timeout', { reason: 'timeout' });
      return copyOf(after);
    },
    create: async (draft) => {
      this.calls.push('payments.create');
      this.beforeCreate(draft);
      if (draft.customer?.id && !this.customers.has(draft.customer.id)) {
        throw rejected('payments.create', 'ReferencedResourceNotFound');
      }
      if (this.#all().some(({ key }) => key !== undefined && key === draft.key)) return undefined;
      const at = this.now();
      const payment = { ...paymentOf(draft), id: this.newId(), ...(at && { createdAt: at, lastModifiedAt: at }) };
      this.stored.set(payment.id, payment);
      return copyOf(payment);
    },
  };

  readonly cartsPort: CartsPort = {
    byId: async (id) => this.#answer('carts.byId', this.carts.get(id)),
    addPayment: async ({ id, version }, paymentId) => {
      this.calls.push('carts.addPayment');
      this.beforeAddPayment(id);
      const cart = this.carts.get(id);
      if (!cart) throw new NotFoundError('no such cart');
      if (cart.version !== version) throw new StaleVersionError('409');
      const payments = [...(cart.paymentInfo?.payments ?? []), { typeId: 'payment' as const, id: paymentId }];
      this.carts.set(id, { ...cart, version: version + 1, paymentInfo: { payments } });
    },
  };

  #all(): Payment[] {
    return [...this.stored.values()];
  }

  #answer<T>(call: string, value: T): T {
    this.calls.push(call);
    return copyOf(value);
  }

  #change(payment: Payment, action: PaymentUpdateAction): Payment {
    const { transactions } = payment;
    const changed = (transactionId: string | undefined, change: Partial<Transaction>): Payment => {
      if (!transactions.some(({ id }) => id === transactionId))
        throw new PermanentError(`no transaction ${transactionId}`);
      return { ...payment, transactions: transactions.map((t) => (t.id === transactionId ? { ...t, ...change } : t)) };
    };
    switch (action.action) {
      case 'addTransaction': {
        const { state = 'Initial', ...draft } = action.transaction;
        const { type, amount, timestamp, interactionId } = draft;
        const { centAmount = 0, currencyCode } = amount;
        const { fractionDigits } = payment.amountPlanned;
        const digits = currencyCode === payment.amountPlanned.currencyCode ? fractionDigits : 2;
        const transaction: Transaction = {
          id: commercetoolsId(),
          type,
          state,
          amount: money(centAmount, currencyCode, digits),
          ...(timestamp && { timestamp }),
          ...(interactionId && { interactionId }),
        };
        return { ...payment, transactions: [...transactions, transaction] };
      }
      case 'changeTransactionState':
        return changed(action.transactionId, { state: action.state });
      case 'changeTransactionInteractionId':
        return changed(action.transactionId, { interactionId: action.interactionId });
      case 'setInterfaceId': {
        const { interfaceId } = action;
        if (payment.interfaceId && payment.interfaceId !== interfaceId)
          throw rejected('payments.update', 'InvalidOperation');
        if (this.#all().some((other) => other.id !== payment.id && other.interfaceId === interfaceId)) {
          throw rejected('payments.update', 'DuplicateField', 'interfaceId');
        }
        return { ...payment, ...(interfaceId && { interfaceId }) };
      }
      case 'changeAmountPlanned': {
        const { centAmount = 0, currencyCode } = action.amount;
        const { amountPlanned } = payment;
        const digits =
          currencyCode === amountPlanned.currencyCode
            ? amountPlanned.fractionDigits
            : defaultFractionDigits(currencyCode);
        return { ...payment, amountPlanned: money(centAmount, currencyCode, digits) };
      }
      case 'setCustomer': {
        const { customer } = action;
        if (customer?.id && !this.customers.has(customer.id)) {
          throw rejected('payments.update', 'ReferencedResourceNotFound');
        }
        const { customer: _before, anonymousId: _guest, ...others } = payment;
        return customer?.id ? { ...others, customer: { typeId: 'customer', id: customer.id } } : others;
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
        throw new PermanentError(`unexpected action ${action.action}`);
    }
  }
}

/** As commercetools refuses what can never be done. */
const rejected = (operation: string, code: string, field?: string): CommercetoolsRejection =>
  new CommercetoolsRejection(operation, 400, [{ code, message: code, ...(field && { field }) }]);

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
