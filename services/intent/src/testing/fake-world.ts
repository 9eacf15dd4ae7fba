import type { PaymentUpdateAction } from '@commercetools/platform-sdk';
import { CommercetoolsRejection } from '@connector/commercetools';
import { derivedEventId, type EventType } from '@connector/contracts';
import { NotFoundError, StaleVersionError, TransientError } from '@connector/errors';
import type { Money } from '@connector/payment-model';
import { FakeCommercetools, FakeStripe, type Gate } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { stripePaymentIntents } from '../adapters/payment-intents.ts';
import { stripeCustomers } from '../adapters/stripe-customers.ts';
import type { Cart, Customer, Payment, Transaction } from '../domain/checkout-cart.ts';
import type { Carts, Customers, PaymentEvents, Payments } from '../use-cases/ports.ts';
import { aCart } from './builders.ts';

/** commercetools and Stripe in memory, by intent's ports; payments are those of the fake commercetools that all services share. */
export class FakeWorld {
  readonly cartsById = new Map<string, Cart & { paymentIds: string[] }>();
  readonly #commercetools = Object.assign(new FakeCommercetools(), {
    newId: () => `payment-${this.#nextId()}`,
    now: () => new Date(this.now).toISOString(),
  });
  readonly paymentsById = this.#commercetools.stored as Map<string, Payment>;
  readonly customersById = new Map<string, Customer>();
  readonly published: { type: EventType; id: string; data: Record<string, unknown> }[] = [];
  /** Every call in order, as `payment_intents.create`. */
  readonly calls: string[] = [];
  gate: Gate = async () => {};
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly stripe = Object.assign(new FakeStripe(), {
    calls: this.calls,
    gate: ((call, moment) => this.gate(call, moment)) as Gate,
    newId: (prefix: string) => `${prefix}_${this.#nextId()}`,
    now: () => this.now,
  });
  readonly intents = this.stripe.paymentIntents;
  readonly #work = new Set<Promise<unknown>>();
  #ids = 0;

  constructor(cart: Cart = aCart()) {
    this.cartsById.set(cart.id, { ...cart, paymentIds: [] });
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  async #call<T>(name: string, effect: () => T | Promise<T>): Promise<T> {
    this.calls.push(name);
    await this.gate(name, 'before');
    const result = structuredClone(await effect());
    await this.gate(name, 'after');
    return result;
  }

  #cart(id: string) {
    const cart = this.cartsById.get(id);
    if (!cart) throw new NotFoundError('no such cart');
    return cart;
  }

  #payment(id: string): Payment {
    const payment = this.paymentsById.get(id);
    if (!payment) throw new NotFoundError('no such payment');
    return payment;
  }

  /** As somebody else changes the cart: its version goes up. */
  changeCart(fields: Partial<Cart>, cartId = 'cart-1'): void {
    const cart = this.#cart(cartId);
    this.cartsById.set(cartId, { ...cart, ...fields, version: cart.version + 1 });
  }

  setTotal(cartId: string, total: Money): void {
    const cart = this.#cart(cartId);
    const totalPrice = { type: 'centPrecision' as const, ...total };
    this.cartsById.set(cartId, { ...cart, totalPrice, version: cart.version + 1 });
  }

  putPayment(payment: Payment, cartId?: string): void {
    this.paymentsById.set(payment.id, payment);
    if (cartId) this.#cart(cartId).paymentIds.push(payment.id);
  }

  addTransaction(paymentId: string, transaction: Transaction): void {
    const payment = this.#payment(paymentId);
    this.paymentsById.set(paymentId, {
      ...payment,
      version: payment.version + 1,
      transactions: [...payment.transactions, transaction],
    });
  }

  change(paymentIntentId: string, fields: Partial<Stripe.PaymentIntent>): void {
    const paymentIntent = this.intents.get(paymentIntentId);
    if (!paymentIntent) throw new Error(`no PaymentIntent ${paymentIntentId}`);
    Object.assign(paymentIntent, fields);
  }

  paymentsOnCart(cartId = 'cart-1'): Payment[] {
    return this.#cart(cartId).paymentIds.map((id) => this.#payment(id));
  }

  readonly inBackground = (_name: string, work: () => Promise<unknown>): void => {
    const running: Promise<unknown> = work()
      .catch((error: unknown) => error)
      .finally(() => this.#work.delete(running));
    this.#work.add(running);
  };

  /** Waits for the work that answers did not wait for. */
  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  readonly carts: Carts = {
    get: (id) =>
      this.#call('carts.get', () => {
        const { paymentIds, ...cart } = this.#cart(id);
        const payments = paymentIds.map((paymentId) => this.#payment(paymentId));
        return { cart, payments };
      }),
    addPayment: ({ id, version }, paymentId, { onlyAtThisVersion = false } = {}) =>
      this.#call('carts.update', () => {
        const cart = this.#cart(id);
        if (onlyAtThisVersion && cart.version !== version) throw new StaleVersionError('stale');
        if (cart.paymentIds.includes(paymentId)) return;
        if (cart.cartState === 'Ordered' || cart.cartState === 'Merged') {
          throw new CommercetoolsRejection('carts.update', 400, [{ code: 'InvalidOperation', message: 'ordered' }]);
        }
        this.cartsById.set(id, { ...cart, paymentIds: [...cart.paymentIds, paymentId], version: cart.version + 1 });
      }),
    holding: (paymentId) =>
      this.#call('carts.query', () =>
        [...this.cartsById.values()].filter(({ paymentIds }) => paymentIds.includes(paymentId)).map(({ id }) => id),
      ),
  };

  readonly customers: Customers = {
    find: (id) => this.#call('customers.get', () => this.customersById.get(id)),
    saveStripeCustomerId: (customer, id) =>
      this.#call('customers.update', () => {
        const custom = { type: { typeId: 'type' as const, id: 't' }, fields: { stripeConnector_stripeCustomerId: id } };
        const saved = { ...customer, version: customer.version + 1, custom };
        this.customersById.set(customer.id, saved);
        return saved;
      }),
  };

  readonly payments: Payments = {
    get: (id) => this.#call('payments.get', () => this.#payment(id)),
    byKey: (key) =>
      this.#call('payments.get', async () => (await this.#commercetools.payments.byKey(key)) as Payment | undefined),
    create: (draft) =>
      this.#call('payments.create', async () => {
        const payment = await this.#project().payments.create(draft);
        if (payment) return { kind: 'created' as const, payment: payment as Payment };
        const known = await this.#commercetools.payments.byKey(draft.key ?? '');
        return { kind: 'exists' as const, payment: known as Payment };
      }),
    change: (payment, { amountPlanned, interfaceId, customerId }) =>
      this.#call('payments.update', async () => {
        const actions: PaymentUpdateAction[] = [];
        if (amountPlanned) actions.push({ action: 'changeAmountPlanned', amount: amountPlanned });
        if (interfaceId) actions.push({ action: 'setInterfaceId', interfaceId });
        if (customerId) actions.push({ action: 'setCustomer', customer: { typeId: 'customer', id: customerId } });
        return (await this.#project().payments.update(payment, actions)) as Payment;
      }),
  };

  /** commercetools, with the customers that there are now. */
  #project(): FakeCommercetools {
    this.#commercetools.customers.clear();
    for (const id of this.customersById.keys()) this.#commercetools.customers.add(id);
    return this.#commercetools;
  }

  readonly paymentIntents = stripePaymentIntents(this.stripe);
  readonly stripeCustomers = stripeCustomers(this.stripe, '2026-10-28.endive');

  readonly events: PaymentEvents = {
    publish: (type, unique, data) =>
      this.#call(`publish ${type}`, () => {
        const id = derivedEventId(type, ...unique);
        this.published.push({ type, id, data: data as Record<string, unknown> });
        return id;
      }),
  };
}

/** Fails the call that comes `at`-th (from 0) once, before or after it had its effect. */
export function failOnce(at: number, moment: 'before' | 'after'): Gate & { readonly failed: () => string | undefined } {
  let count = -1;
  let failed: string | undefined;
  let target: string | undefined;
  const gate: Gate = async (call, now) => {
    if (now === 'before') {
      count += 1;
      if (count === at) target = call;
    }
    if (failed === undefined && target === call && now === moment) {
      failed = call;
      throw new TransientError(`injected ${moment} ${call}`);
    }
  };
  return Object.assign(gate, { failed: () => failed });
}
