import type {
  Cart,
  Payment,
  PaymentDraft,
  PaymentMethod,
  PaymentMethodDraft,
  PaymentMethodUpdateAction,
  PaymentUpdateAction,
} from '@commercetools/platform-sdk';
import type { EventData } from '@connector/contracts';
import type { Ownership } from '@connector/payment-model';
import type { MethodDisplay } from '../domain/method-name.ts';
import type { PaymentEvent } from '../domain/payment-event.ts';
import type { ChargeObject, DisputeObject, PaymentIntentObject, RefundObject } from '../domain/stripe-objects.ts';

/** The payments of the commercetools project. Each method makes one call; failures are those of @connector/errors. */
export interface Payments {
  byId(id: string): Promise<Payment | undefined>;
  byKey(key: string): Promise<Payment | undefined>;
  byPaymentIntent(paymentIntentId: string): Promise<Payment | undefined>;
  /** Throws StaleVersionError when the payment has another version now. */
  update(payment: Pick<Payment, 'id' | 'version'>, actions: PaymentUpdateAction[]): Promise<Payment>;
  /** Returns undefined when a payment with the draft's key exists already. */
  create(draft: PaymentDraft): Promise<Payment | undefined>;
}

export interface Carts {
  byId(id: string): Promise<Cart | undefined>;
  /**
   * Throws StaleVersionError when the cart has another version now, PermanentError when it accepts no payment (because
   * it is locked, for example).
   */
  addPayment(cart: Pick<Cart, 'id' | 'version'>, paymentId: string): Promise<void>;
}

/**
 * The present state of objects at Stripe; each method throws PermanentError (`gone_from_stripe`) for an object that
 * Stripe does not have.
 */
export interface StripeFacts {
  paymentIntent(id: string): Promise<PaymentIntentObject>;
  /** All refunds of a charge, however many. */
  refundsOf(chargeId: string): Promise<{ charge: ChargeObject; refunds: RefundObject[] }>;
  dispute(id: string): Promise<{ dispute: DisputeObject; charge: ChargeObject | undefined }>;
}

/** A Stripe object as Stripe returned it. */
export type Snapshot = { readonly id: string; readonly object: string } & Record<string, unknown>;

/**
 * A bounded cache of payments by PaymentIntent, as this process last wrote or read them; commercetools always wins over
 * it.
 */
export interface KnownPayments {
  get(paymentIntentId: string): Payment | undefined;
  set(paymentIntentId: string, payment: Payment): void;
  delete(paymentIntentId: string): void;
}

/**
 * A bounded set of PaymentIntents known to belong to others, because an event of a refund or a dispute does not name
 * its owner.
 */
export interface Strangers {
  has(paymentIntentId: string): boolean;
  add(paymentIntentId: string): void;
  delete(paymentIntentId: string): void;
}

/** The payments of these PaymentIntents that commercetools has, in one call. */
export type PaymentsOf = (paymentIntentIds: readonly string[]) => Promise<readonly Payment[]>;

/** Reads payments from commercetools. */
export interface OpenPayments {
  /**
   * Payments created before `before` with Pending or Initial transactions, ordered by id, after `afterId`; an empty
   * page = the end.
   */
  page(before: Date, afterId?: string): Promise<readonly Payment[]>;
  /** The payments of these PaymentIntents, at most 500. */
  ofPaymentIntents(ids: readonly string[]): Promise<readonly Payment[]>;
}

/** The present state of Stripe's objects; undefined for an object that Stripe does not have. */
export interface StripeSnapshots {
  paymentIntent(id: string): Promise<Snapshot | undefined>;
  refund(id: string): Promise<Snapshot | undefined>;
  dispute(id: string): Promise<Snapshot | undefined>;
  /**
   * All refunds of a PaymentIntent, each with its balance transaction, which distinguishes returned money from a
   * release.
   */
  refundsOf(paymentIntentId: string): Promise<readonly Snapshot[]>;
  /** PaymentIntents created from `since` to `until`, newest first, after `afterId`; an empty page = the end. */
  paymentIntents(since: Date, until: Date, afterId?: string): Promise<readonly Snapshot[]>;
}

/** An operation that intent published before its call to Stripe. */
export type RequestedOperation = EventData<'checkout.payment.operation_requested'> & { readonly requestedAt: Date };

/** Intent's events about operations. */
export interface RequestedOperations {
  /** Operations without a result, requested before `before`, oldest first. */
  withoutEnd(before: Date): Promise<readonly RequestedOperation[]>;
}

/** The payment methods of the project's customers. Each method makes one call, `withToken` one for each 500 methods of the customer. */
export interface PaymentMethods {
  /** A customer's stored methods with this token: several if the original connector stored it more than once. */
  withToken(of: { customerId: string; paymentInterface: string; token: string }): Promise<PaymentMethod[]>;
  byKey(key: string): Promise<PaymentMethod | undefined>;
  /** Returns undefined when a payment method with the draft's key exists already. */
  create(draft: PaymentMethodDraft): Promise<PaymentMethod | undefined>;
  /** Throws StaleVersionError when the method has another version now. */
  update(method: Pick<PaymentMethod, 'id' | 'version'>, actions: PaymentMethodUpdateAction[]): Promise<void>;
  /** Throws StaleVersionError when the method has another version now, NotFoundError when it is deleted. */
  delete(method: Pick<PaymentMethod, 'id' | 'version'>): Promise<void>;
}

/** Checkout's recurring payment jobs. */
export interface RecurringJobs {
  /**
   * Creates a job for the payment unless one exists; the job's key is the payment's id. Throws TransientError when the
   * call should be repeated (which creates no second job), PermanentError when it was refused.
   */
  create(paymentId: string, paymentMethodId: string): Promise<void>;
}

/** The part of a payment method at Stripe that is used here. */
export interface StripePaymentMethod {
  readonly id: string;
  /** Stripe's type, such as `card`. */
  readonly type: string;
  /** The Stripe customer; absent when the shopper has not saved the method. */
  readonly customer?: string;
  readonly display?: MethodDisplay;
}

/** A payment after an event, with its owner. */
export interface RecordedPayment {
  readonly payment: Payment;
  readonly collected: { readonly paymentIntentId: string; readonly ownership: Ownership };
}

/** Publishes what the payment shows after an event. */
export interface Results {
  /**
   * Resolves when Kafka has the result. It is published for every handled event, also when there was nothing to write
   * and on redelivery (rulings 11). Its id depends only on payment, rules version and event: whoever waits for this
   * event gets an answer, and whoever has had it can recognise it.
   */
  publish(event: PaymentEvent, recorded: RecordedPayment): Promise<void>;
}
