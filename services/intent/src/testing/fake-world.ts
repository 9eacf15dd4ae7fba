import type * as Sdk from '@commercetools/platform-sdk';
import { derivedEventId, type EventType } from '@connector/contracts';
import { NotFoundError, TransientError } from '@connector/errors';
import { type Money, STRIPE_CUSTOMER_FIELD } from '@connector/payment-model';
import { paymentMethod, savedCard } from '@connector/testing';
import { FakeCommercetools, FakeStripe, type Gate } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { commercetoolsCarts } from '../adapters/carts.ts';
import { commercetoolsCustomers } from '../adapters/customers.ts';
import { stripePaymentIntents } from '../adapters/payment-intents.ts';
import { commercetoolsPayments } from '../adapters/payments.ts';
import { storedMethods } from '../adapters/stored-methods.ts';
import { stripeCustomers } from '../adapters/stripe-customers.ts';
import type { Cart, Customer, Payment, Transaction } from '../domain/checkout-cart.ts';
import type { PaymentEvents } from '../use-cases/ports.ts';
import { aCart } from './builders.ts';

/** Key and id of the custom type with the field for the Stripe customer. */
const TYPE = 't';

/** A shop's project and account in memory, behind the service's real adapters. */
export class FakeWorld {
  readonly published: { type: EventType; id: string; data: Record<string, unknown> }[] = [];
  /** Every call in order, as `payment_intents.create`. */
  readonly calls: string[] = [];
  gate: Gate = async () => {};
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly commercetools = Object.assign(new FakeCommercetools(), {
    calls: this.calls,
    gate: ((call, moment) => this.gate(call, moment)) as Gate,
    newId: () => `payment-${this.#nextId()}`,
    now: () => new Date(this.now).toISOString(),
  });
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
    this.putCart(cart);
    const fieldDefinitions = [{ name: STRIPE_CUSTOMER_FIELD }] as Sdk.FieldDefinition[];
    this.commercetools.types.set(TYPE, { id: TYPE, key: TYPE, version: 1, fieldDefinitions } as Sdk.Type);
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #cart(id: string): Sdk.Cart {
    const cart = this.commercetools.carts.get(id);
    if (!cart) throw new NotFoundError('no such cart');
    return cart;
  }

  /** The present cart, with the payments of these ids on it. */
  putCart(cart: Cart, ...paymentIds: string[]): void {
    const payments = paymentIds.map((id) => ({ typeId: 'payment' as const, id }));
    this.commercetools.addCart({ ...cart, ...(payments.length > 0 && { paymentInfo: { payments } }) } as Sdk.Cart);
  }

  putCustomer(customer: Customer): void {
    this.commercetools.customers.set(customer.id, customer as Sdk.Customer);
  }

  /** A card that `customer-1` saved: in commercetools, and at Stripe by the token `pm_1`. */
  saveMethod(id: string, fields: Partial<Sdk.PaymentMethod> = {}): void {
    const saved = { paymentInterface: 'checkout-stripe', method: 'card', token: { value: 'pm_1' } };
    const customer = { typeId: 'customer' as const, id: 'customer-1' };
    this.commercetools.paymentMethods.set(id, paymentMethod({ id, customer, ...saved, ...fields }));
    this.stripe.paymentMethods.set('pm_1', savedCard({ id: 'pm_1' }) as unknown as Stripe.PaymentMethod);
  }

  /** Changes the cart like another writer: its version increases. */
  changeCart(fields: Partial<Cart>, cartId = 'cart-1'): void {
    const cart = this.#cart(cartId);
    this.commercetools.addCart({ ...cart, ...fields, version: cart.version + 1 } as Sdk.Cart);
  }

  setTotal(cartId: string, total: Money): void {
    this.changeCart({ totalPrice: { type: 'centPrecision' as const, ...total } }, cartId);
  }

  putPayment(payment: Payment, cartId?: string): void {
    this.commercetools.add(payment as Sdk.Payment);
    if (cartId) this.putCart(this.#cart(cartId), ...this.#paymentIds(cartId), payment.id);
  }

  addTransaction(paymentId: string, transaction: Transaction): void {
    const { transactions } = this.commercetools.payment(paymentId);
    this.commercetools.changeByAnother(paymentId, { transactions: [...transactions, transaction as Sdk.Transaction] });
  }

  change(paymentIntentId: string, fields: Partial<Stripe.PaymentIntent>): void {
    const paymentIntent = this.intents.get(paymentIntentId);
    if (!paymentIntent) throw new Error(`no PaymentIntent ${paymentIntentId}`);
    Object.assign(paymentIntent, fields);
  }

  #paymentIds(cartId: string): string[] {
    return this.#cart(cartId).paymentInfo?.payments.map(({ id }) => id) ?? [];
  }

  paymentsOnCart(cartId = 'cart-1'): Sdk.Payment[] {
    return this.#paymentIds(cartId).map((id) => this.commercetools.payment(id));
  }

  readonly inBackground = (_name: string, work: () => Promise<unknown>): void => {
    const running: Promise<unknown> = work()
      .catch((error: unknown) => error)
      .finally(() => this.#work.delete(running));
    this.#work.add(running);
  };

  /** Waits for background work. */
  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  readonly carts = commercetoolsCarts(this.commercetools);
  readonly customers = commercetoolsCustomers(this.commercetools, TYPE);
  readonly payments = commercetoolsPayments(this.commercetools);
  readonly paymentIntents = stripePaymentIntents(this.stripe);
  readonly stripeCustomers = stripeCustomers(this.stripe, '2026-10-28.endive');
  readonly storedMethods = storedMethods(this.commercetools, this.stripe, { paymentInterface: 'checkout-stripe' });

  readonly events: PaymentEvents = {
    publish: async (type, unique, data) => {
      this.calls.push(`publish ${type}`);
      await this.gate(`publish ${type}`, 'before');
      const id = derivedEventId(type, ...unique);
      this.published.push({ type, id, data: structuredClone(data) as Record<string, unknown> });
      await this.gate(`publish ${type}`, 'after');
      return id;
    },
  };
}

/** Makes the `at`-th call (from 0) fail once, before or after its effect. */
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
