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
import type { Money, Ownership } from '@connector/payment-model';
import type { StripeMoneyFacts } from '../domain/audit.ts';
import type { BalanceType } from '../domain/audit-summary.ts';
import type { MethodDisplay } from '../domain/method-name.ts';
import type { PaymentEvent } from '../domain/payment-event.ts';
import type { ChargeObject, DisputeObject, PaymentIntentObject, RefundObject } from '../domain/stripe-objects.ts';
import type { CartView, HeldMoney, MovedState, OrderRef, PaymentState } from '../domain/unordered.ts';

/** The payments of the commercetools project. Each method makes one call; failures are those of @connector/errors. */
export interface Payments {
  byId(id: string): Promise<Payment | undefined>;
  byKey(key: string): Promise<Payment | undefined>;
  byPaymentIntent(paymentIntentId: string): Promise<Payment | undefined>;
  /** Throws StaleVersionError when the payment is at another version by now. */
  update(payment: Pick<Payment, 'id' | 'version'>, actions: PaymentUpdateAction[]): Promise<Payment>;
  /** Answers undefined when a payment with the draft's key exists already. */
  create(draft: PaymentDraft): Promise<Payment | undefined>;
}

export interface Carts {
  byId(id: string): Promise<Cart | undefined>;
  /** Throws StaleVersionError when the cart is at another version by now, PermanentError when it takes no payment (locked, for one). */
  addPayment(cart: Pick<Cart, 'id' | 'version'>, paymentId: string): Promise<void>;
}

/** What Stripe says now; each throws PermanentError (`gone_from_stripe`) for an object that Stripe does not have. */
export interface StripeFacts {
  paymentIntent(id: string): Promise<PaymentIntentObject>;
  /** All refunds of a charge, however many. */
  refundsOf(chargeId: string): Promise<{ charge: ChargeObject; refunds: RefundObject[] }>;
  dispute(id: string): Promise<{ dispute: DisputeObject; charge: ChargeObject | undefined }>;
}

/** A Stripe object as Stripe gave it. */
export type Snapshot = { readonly id: string; readonly object: string } & Record<string, unknown>;

/** Payments by the PaymentIntent they belong to, as last written or read here: bounded, and never trusted over commercetools. */
export interface KnownPayments {
  get(paymentIntentId: string): Payment | undefined;
  set(paymentIntentId: string, payment: Payment): void;
  delete(paymentIntentId: string): void;
}

/** PaymentIntents that were seen to be another's, bounded: an event of a refund or a dispute does not say whose it is. */
export interface Strangers {
  has(paymentIntentId: string): boolean;
  add(paymentIntentId: string): void;
  delete(paymentIntentId: string): void;
}

/** The payments of these PaymentIntents that commercetools has, in one call. */
export type PaymentsOf = (paymentIntentIds: readonly string[]) => Promise<readonly Payment[]>;

/** What commercetools is asked for. */
export interface OpenPayments {
  /** Payments created before `before` with Pending or Initial transactions, by id, those after `afterId`; none = the end. */
  page(before: Date, afterId?: string): Promise<readonly Payment[]>;
  /** The payments of these PaymentIntents, at most 500. */
  ofPaymentIntents(ids: readonly string[]): Promise<readonly Payment[]>;
}

/** Stripe's objects as they are now; undefined for one that Stripe does not have. */
export interface StripeSnapshots {
  paymentIntent(id: string): Promise<Snapshot | undefined>;
  refund(id: string): Promise<Snapshot | undefined>;
  dispute(id: string): Promise<Snapshot | undefined>;
  /** All refunds of a PaymentIntent, each with its balance transaction: without it, a release cannot be told from money given back. */
  refundsOf(paymentIntentId: string): Promise<readonly Snapshot[]>;
  /** PaymentIntents created from `since` to `until`, newest first, those after `afterId`; none = the end. */
  paymentIntents(since: Date, until: Date, afterId?: string): Promise<readonly Snapshot[]>;
}

/** A balance transaction of Stripe's about a charge, a refund or a dispute. */
export interface Movement {
  readonly id: string;
  readonly type: BalanceType;
  readonly createdAt: Date;
  /** From when on a payout may have it. */
  readonly availableAt: Date;
  /** Minor units of the settlement currency, negative for money that leaves; `net` = `amount` - `fee`. */
  readonly amount: number;
  readonly fee: number;
  readonly net: number;
  /** Of the settlement, as Stripe writes it (`eur`). */
  readonly currency: string;
  /** What moved, in minor units of the currency that the shopper paid in. */
  readonly presented: { readonly amount: number; readonly currency: string };
  /** Id of the charge, refund or dispute. */
  readonly sourceId: string;
  /** Undefined for money of no PaymentIntent. */
  readonly paymentIntent: Snapshot | undefined;
  /** What Stripe says now about all the money of the PaymentIntent, and about what `shown` shows of it. */
  readonly facts: (shown: ShownMoney | undefined) => Promise<StripeMoneyFacts>;
}

/** A payment as far as it shows money. */
export type ShownMoney = Pick<Payment, 'transactions'>;

/** The account's money at Stripe. */
export interface StripeMoney {
  /** Balance transactions of a type created from `since` to `until`, newest first, those after `afterId`; none = the end. */
  movements(type: BalanceType, since: Date, until: Date, afterId?: string): Promise<readonly Movement[]>;
  /** Undefined when Stripe has no such PaymentIntent. */
  ofPaymentIntent(
    id: string,
    shown: ShownMoney | undefined,
  ): Promise<{ paymentIntent: Snapshot; facts: StripeMoneyFacts } | undefined>;
}

/** Payments of this connector that show money as moved. */
export interface MovedPayments {
  /** Those with a Charge, Refund or Chargeback of that time, by id, those after `afterId`; none = the end. */
  page(since: Date, until: Date, afterId?: string): Promise<readonly Payment[]>;
  /** The payments of these PaymentIntents, at most 500. */
  ofPaymentIntents(ids: readonly string[]): Promise<readonly Payment[]>;
}

/** An operation that intent noted before it asked Stripe. */
export type RequestedOperation = EventData<'checkout.payment.operation_requested'> & { readonly requestedAt: Date };

/** The notes of operations. */
export interface RequestedOperations {
  /** Those whose result nobody told, requested before `before`, oldest first. */
  withoutEnd(before: Date): Promise<readonly RequestedOperation[]>;
}

/** The payment methods of the project's customers. Each method makes one call, `withToken` one for each 500 methods of the customer. */
export interface PaymentMethods {
  /** A customer's methods of one token: several where the original connector stored it more than once. */
  withToken(of: { customerId: string; paymentInterface: string; token: string }): Promise<PaymentMethod[]>;
  byKey(key: string): Promise<PaymentMethod | undefined>;
  /** Answers undefined when a payment method with the draft's key exists already. */
  create(draft: PaymentMethodDraft): Promise<PaymentMethod | undefined>;
  /** Throws StaleVersionError when the method is at another version by now. */
  update(method: Pick<PaymentMethod, 'id' | 'version'>, actions: PaymentMethodUpdateAction[]): Promise<void>;
  /** Throws StaleVersionError when the method is at another version by now, NotFoundError when it is gone. */
  delete(method: Pick<PaymentMethod, 'id' | 'version'>): Promise<void>;
}

/** Checkout's recurring payment jobs. */
export interface RecurringJobs {
  /**
   * Has a job made for the payment, unless there is one: its key is the payment's id. Throws TransientError when it is to be asked for again
   * (nothing is doubled by that), PermanentError when it was refused.
   */
  create(paymentId: string, paymentMethodId: string): Promise<void>;
}

/** A payment method at Stripe, as far as it matters here. */
export interface StripePaymentMethod {
  readonly id: string;
  /** Stripe's type, such as `card`. */
  readonly type: string;
  /** Stripe's customer; absent while the shopper has not saved it. */
  readonly customer?: string;
  readonly display?: MethodDisplay;
}

/** A payment as it is after an event, and whose it is. */
export interface RecordedPayment {
  readonly payment: Payment;
  readonly collected: { readonly paymentIntentId: string; readonly ownership: Ownership };
}

/** Tells the others what the payment shows after an event. */
export interface Results {
  /**
   * Resolves once Kafka has it. It is told for every handled event, also when nothing was left to write and on redelivery, under an id that
   * depends on payment, rules and event alone: who waits for this event gets an answer, who has had it can tell.
   */
  publish(event: PaymentEvent, recorded: RecordedPayment): Promise<void>;
}

/** Payments of this connector that are paid. */
export interface PaidPayments {
  /** Those changed since `since`, made before `before`, with a successful authorization or charge, by id, those after `afterId`; none = the end. */
  page(since: Date, before: Date, afterId?: string): Promise<readonly Payment[]>;
}

/** Carts with their payments. */
export interface PaidCarts {
  /** The carts that these payments are on, at most 500. */
  ofPayments(paymentIds: readonly string[]): Promise<readonly CartView[]>;
  byId(cartId: string): Promise<CartView | undefined>;
  /** Takes payments from the cart. Throws StaleVersionError when it changed since it was read: an order of it was made, for one. */
  detach(cart: Pick<CartView, 'id' | 'version'>, paymentIds: readonly string[]): Promise<void>;
}

/** Orders of the project. */
export interface Orders {
  /** Those that name one of the payments, or were made from the cart. */
  of(paymentIds: readonly string[], cartId?: string): Promise<readonly OrderRef[]>;
  byNumber(orderNumber: string): Promise<OrderRef | undefined>;
  /**
   * Makes the order of a cart as it was read; `number-taken` when an order has the number already. Throws StaleVersionError when the cart changed
   * since, by an order for one, and PermanentError when commercetools refuses.
   */
  create(
    cart: Pick<CartView, 'id' | 'version'>,
    order: { readonly orderNumber: string; readonly paymentState: PaymentState },
  ): Promise<OrderRef | 'number-taken'>;
  /** Throws StaleVersionError when the order changed meanwhile. */
  changePaymentState(orderId: string, paymentState: MovedState): Promise<void>;
}

/** What Stripe holds of a PaymentIntent now; undefined when Stripe has none of this id. */
export type MoneyAtStripe = (
  paymentIntentId: string,
) => Promise<(HeldMoney & { readonly cartId?: string }) | undefined>;

/** The operations of intent, which have an identity at Stripe. */
export interface Operations {
  /**
   * Gives back all of a payment's money: cancels what is authorised, refunds what was charged. With the same key it is done once for good,
   * however often it is asked for; `nothing` when there is nothing to give back and nothing was by this key.
   */
  reverse(paymentId: string, key: string): Promise<'done' | 'refused' | 'nothing'>;
}

/** What was begun with a cart, kept until it is published: a run that is killed leaves it to the next. */
export interface Intention {
  readonly settlement: 'create' | 'return';
  readonly cartId: string;
  readonly orderNumber?: string | undefined;
  readonly payments: readonly SettledPayment[];
}

export interface SettledPayment {
  readonly paymentId: string;
  readonly paymentIntentId: string;
  readonly paymentKey?: string | undefined;
  readonly amount: Money;
  /** ISO 8601. */
  readonly paidSince: string;
}

export interface Intentions {
  open(): Promise<readonly Intention[]>;
  begin(intention: Intention): Promise<void>;
  end(intention: Intention): Promise<void>;
}
