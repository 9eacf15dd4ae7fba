import type { PaymentUpdateAction } from '@commercetools/platform-sdk';
import { CommercetoolsRejection } from '@connector/commercetools';
import { derivedEventId, type EventType } from '@connector/contracts';
import { NotFoundError, StaleVersionError, TransientError } from '@connector/errors';
import type { Money } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import { FakeCommercetools } from '@connector/testing';
import Stripe from 'stripe';
import type { Cart, Customer, Payment, Transaction } from '../domain/checkout-cart.ts';
import type { Carts, Customers, PaymentEvents, PaymentIntents, Payments, StripeCustomers } from '../use-cases/ports.ts';
import { aCart, aPaymentIntent } from './builders.ts';

/** When and how a call goes on: waits, or fails it before or after its effect. */
export type Gate = (call: string, moment: 'before' | 'after') => Promise<void>;

export const stripeRejection = (
  code: string | undefined,
  {
    type = 'invalid_request_error',
    declineCode,
    isReplayed = false,
    param,
  }: { type?: string; declineCode?: string | undefined; isReplayed?: boolean; param?: string | undefined } = {},
) =>
  new StripeRejection(
    'test',
    400,
    Stripe.errors.StripeError.generate({
      type: type as 'invalid_request_error',
      ...(code && { code }),
      ...(declineCode && { decline_code: declineCode }),
      ...(param && { param }),
      ...(isReplayed && { headers: { 'idempotent-replayed': 'true' } }),
      message: 'no',
    } as Stripe.StripeRawError),
  );

/** The most keys, and characters of a value, in Stripe's metadata. */
const MAX_METADATA = { keys: 50, characters: 500 };

function refuseLargeMetadata(metadata: unknown, present: Record<string, string> = {}): void {
  const merged = { ...present, ...(metadata as Record<string, string> | undefined) };
  const isTooLong = Object.values(merged).some(({ length }) => length > MAX_METADATA.characters);
  if (isTooLong || Object.keys(merged).length > MAX_METADATA.keys) {
    throw stripeRejection(undefined, { param: 'metadata' });
  }
}

/** How long Stripe remembers an idempotency key, in ms. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** commercetools and Stripe in memory, by intent's ports; payments are those of the fake commercetools that all services share. */
export class FakeWorld {
  readonly cartsById = new Map<string, Cart & { paymentIds: string[] }>();
  readonly #commercetools = Object.assign(new FakeCommercetools(), {
    newId: () => `payment-${this.#nextId()}`,
    now: () => new Date(this.now).toISOString(),
  });
  readonly paymentsById = this.#commercetools.stored as Map<string, Payment>;
  readonly customersById = new Map<string, Customer>();
  readonly intents = new Map<string, Stripe.PaymentIntent>();
  readonly refunds: Stripe.Refund[] = [];
  readonly stripeCustomersById = new Map<string, Stripe.Customer>();
  readonly published: { type: EventType; id: string; data: Record<string, unknown> }[] = [];
  /** What each confirmation said. */
  readonly confirmations: Stripe.PaymentIntentConfirmParams[] = [];
  /** Every call in order, as `payment_intents.create`. */
  readonly calls: string[] = [];
  gate: Gate = async () => {};
  /** Called instead of the usual effect of a Stripe call, to refuse it. */
  refuse: (call: string) => StripeRejection | undefined = () => undefined;
  /** Refuses what it does not like of the parameters of a PaymentIntent, as Stripe does; like there, the answer is repeated for the key. */
  refuseParams: (params: object) => StripeRejection | undefined = () => undefined;
  now = Date.parse('2026-01-01T00:00:00Z');
  /** What the bank answers to a charge without the shopper: a decline code, or undefined for yes. */
  declines: (paymentIntent: Stripe.PaymentIntent) => string | undefined = () => undefined;
  readonly #idempotency = new Map<
    string,
    { params: string; since: number; answer?: unknown; refusal?: StripeRejection }
  >();
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

  #intent(id: string): Stripe.PaymentIntent {
    const paymentIntent = this.intents.get(id);
    if (!paymentIntent) throw new NotFoundError('no such PaymentIntent');
    return paymentIntent;
  }

  /**
   * As Stripe: the same key has one effect and one answer, a refusal too, word for word, and takes one set of parameters; after a
   * day it is forgotten.
   */
  #once<T>(key: string, params: unknown, effect: () => T): T {
    const text = JSON.stringify(params);
    const known = this.#idempotency.get(key);
    if (known && this.now - known.since < REMEMBERED_MS) {
      if (known.params !== text) throw stripeRejection(undefined, { type: 'idempotency_error' });
      if (known.refusal) {
        const { code, type, declineCode, param } = known.refusal;
        throw stripeRejection(code, { type, declineCode, param, isReplayed: true });
      }
      return structuredClone(known.answer) as T;
    }
    const kept = { params: text, since: this.now };
    try {
      const answer = effect();
      this.#idempotency.set(key, { ...kept, answer: structuredClone(answer) });
      return answer;
    } catch (error) {
      if (error instanceof StripeRejection) this.#idempotency.set(key, { ...kept, refusal: error });
      throw error;
    }
  }

  #confirm(paymentIntent: Stripe.PaymentIntent): Stripe.PaymentIntent {
    if (paymentIntent.status !== 'requires_confirmation') throw stripeRejection('payment_intent_unexpected_state');
    const declineCode = this.declines(paymentIntent);
    if (declineCode) {
      const error = { code: 'card_declined', decline_code: declineCode } as Stripe.PaymentIntent.LastPaymentError;
      Object.assign(paymentIntent, {
        status: 'requires_payment_method',
        payment_method: null,
        last_payment_error: error,
      });
      throw stripeRejection('card_declined', { type: 'card_error', declineCode });
    }
    const isCaptured = paymentIntent.capture_method !== 'manual';
    Object.assign(paymentIntent, {
      status: isCaptured ? 'succeeded' : 'requires_capture',
      amount_received: isCaptured ? paymentIntent.amount : 0,
    });
    return paymentIntent;
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
    Object.assign(this.#intent(paymentIntentId), fields);
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

  #stripe<T>(name: string, effect: () => T): Promise<T> {
    return this.#call(name, () => {
      const rejection = this.refuse(name);
      if (rejection) throw rejection;
      return effect();
    });
  }

  readonly paymentIntents: PaymentIntents = {
    create: (params, key) =>
      this.#stripe('payment_intents.create', () => {
        try {
          const paymentIntent = this.#once(key, params, () => {
            const refusal = this.refuseParams(params);
            if (refusal) throw refusal;
            this.#ids += 1;
            const id = `pi_${this.#ids}`;
            const { amount, currency, capture_method, metadata, customer, setup_future_usage, shipping } = params;
            const { payment_method, confirm, description = null } = params;
            const made = aPaymentIntent({
              id,
              client_secret: `${id}_secret_x`,
              amount,
              currency,
              capture_method: capture_method ?? 'automatic',
              description,
              customer: customer ?? null,
              setup_future_usage: setup_future_usage ?? null,
              shipping: (shipping as Stripe.PaymentIntent.Shipping | undefined) ?? null,
              metadata: { ...(metadata as Record<string, string>) },
              ...(payment_method && { status: 'requires_confirmation' as const, payment_method }),
            });
            this.intents.set(id, made);
            return confirm ? this.#confirm(made) : made;
          });
          return { kind: 'created' as const, paymentIntent };
        } catch (error) {
          if (error instanceof StripeRejection && error.type === 'idempotency_error') {
            return { kind: 'other-parameters' as const };
          }
          throw error;
        }
      }),
    find: (id) => this.#stripe('payment_intents.retrieve', () => this.intents.get(id)),
    confirm: (id, params, key) => {
      this.confirmations.push(params);
      return this.#stripe('payment_intents.confirm', () =>
        this.#once(key, params, () => this.#confirm(this.#intent(id))),
      );
    },
    search: (paymentKey, amount) =>
      this.#stripe('payment_intents.search', () => {
        const candidates = [...this.intents.values()].filter(
          (candidate) => candidate.metadata.ct_payment_key === paymentKey && candidate.amount === amount,
        );
        return candidates.find(({ status }) => status !== 'canceled') ?? candidates[0];
      }),
    update: (id, params, key) =>
      this.#stripe('payment_intents.update', () =>
        this.#once(key, params, () => {
          const paymentIntent = this.#intent(id);
          const refusal = this.refuseParams(params);
          if (refusal) throw refusal;
          const { metadata, shipping, setup_future_usage, ...fields } = params;
          refuseLargeMetadata(metadata, paymentIntent.metadata);
          if (paymentIntent.status === 'canceled' || paymentIntent.status === 'succeeded') {
            if (Object.keys(params).some((name) => name !== 'metadata')) {
              throw stripeRejection('payment_intent_unexpected_state');
            }
          }
          Object.assign(paymentIntent, fields, {
            ...(shipping !== undefined && { shipping: shipping || null }),
            ...(setup_future_usage !== undefined && { setup_future_usage: setup_future_usage || null }),
            // An empty value takes the key away.
            metadata: Object.fromEntries(
              Object.entries({ ...paymentIntent.metadata, ...(metadata as Record<string, string>) }).filter(
                ([, value]) => value !== '',
              ),
            ),
          });
          return paymentIntent;
        }),
      ),
    cancel: (id, key) =>
      this.#stripe('payment_intents.cancel', () =>
        this.#once(key, {}, () => {
          const paymentIntent = this.#intent(id);
          if (paymentIntent.status === 'canceled' || paymentIntent.status === 'succeeded') {
            throw stripeRejection('payment_intent_unexpected_state');
          }
          paymentIntent.status = 'canceled';
          return paymentIntent;
        }),
      ),
    capture: (id, capture, key) =>
      this.#stripe('payment_intents.capture', () =>
        this.#once(key, capture.amount, () => {
          const paymentIntent = this.#intent(id);
          if (paymentIntent.status !== 'requires_capture') throw stripeRejection('payment_intent_unexpected_state');
          refuseLargeMetadata(capture.metadata, paymentIntent.metadata);
          if (paymentIntent.amount_received + capture.amount > paymentIntent.amount)
            throw stripeRejection('amount_too_large');
          paymentIntent.amount_received += capture.amount;
          if (capture.isFinal) paymentIntent.status = 'succeeded';
          Object.assign(paymentIntent.metadata, capture.metadata);
          return paymentIntent;
        }),
      ),
    refund: (payment_intent, { amount, metadata }, key) =>
      this.#stripe('refunds.create', () =>
        this.#once(key, { amount, metadata }, () => {
          refuseLargeMetadata(metadata);
          this.#ids += 1;
          const refund = { id: `re_${this.#ids}`, object: 'refund', payment_intent, amount, metadata } as Stripe.Refund;
          this.refunds.push(refund);
          const { latest_charge: charge } = this.#intent(payment_intent);
          if (charge && typeof charge === 'object') charge.amount_refunded += amount;
          return refund;
        }),
      ),
    refundsOf: (paymentIntentId) =>
      this.#stripe('refunds.list', () => this.refunds.filter((refund) => refund.payment_intent === paymentIntentId)),
  };

  #aliveCustomer(id: string): Stripe.Customer {
    const customer = this.stripeCustomersById.get(id);
    if (!customer) throw stripeRejection('resource_missing', { param: 'customer' });
    return customer;
  }

  readonly stripeCustomers: StripeCustomers = {
    find: (id) => this.#stripe('customers.retrieve', () => this.stripeCustomersById.get(id)),
    // As at Stripe, nothing is found in the minute after it was made.
    search: () => this.#stripe('customers.search', () => undefined),
    create: (params, key) =>
      this.#stripe('customers.create', () =>
        this.#once(key, params, () => {
          const { email = '', phone = '' } = params;
          if (email && !/^[^@]+@[^@]+\.[^@]+$/.test(email)) throw stripeRejection('email_invalid', { param: 'email' });
          if (phone.length > 20) throw stripeRejection(undefined, { param: 'phone' });
          this.#ids += 1;
          const customer = { id: `cus_${this.#ids}`, ...params } as unknown as Stripe.Customer;
          this.stripeCustomersById.set(customer.id, customer);
          return customer;
        }),
      ),
    createEphemeralKey: (id) => this.#stripe('ephemeral_keys.create', () => `ek_${this.#aliveCustomer(id).id}`),
    createSession: (id) => this.#stripe('customer_sessions.create', () => `cuss_${this.#aliveCustomer(id).id}`),
  };

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
