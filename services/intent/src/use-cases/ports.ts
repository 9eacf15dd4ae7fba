import type { EventData, EventType } from '@connector/contracts';
import type { Money } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { CheckoutCart, Customer, Payment } from '../domain/checkout-cart.ts';
import type { PaymentDraft } from '../domain/payment-draft.ts';
import type { StoredMethod } from '../domain/stored-methods.ts';

/** The project's carts. */
export interface Carts {
  /** The cart with its payments, in one call. Throws NotFoundError. */
  get(cartId: string): Promise<CheckoutCart>;
  /**
   * Puts a payment on the cart, even if the cart changes meanwhile; does nothing when it is there already. With
   * `onlyAtThisVersion` a changed cart throws StaleVersionError instead. Throws InvalidRequestError (`cart_locked`) for
   * a locked cart.
   */
  addPayment(
    cart: { readonly id: string; readonly version: number },
    paymentId: string,
    options?: { onlyAtThisVersion?: boolean },
  ): Promise<void>;
  /** The ids of the carts that have the payment, including ordered ones. */
  holding(paymentId: string): Promise<string[]>;
}

/** A cache of carts between the page's read and the opening. */
export interface RememberingCarts extends Carts {
  /**
   * The cart as it was last read here, if it had no payment then; returned only once. It may have changed since: a
   * write that relies on it must use its version, so that commercetools refuses it if the version is old. (A cart with
   * payments is not cached, because changes of its payments do not change the cart's version.)
   */
  recall(cartId: string): CheckoutCart | undefined;
  /**
   * The cart for display only: the concurrent requests of a page share one read, which may have begun just before this
   * call. Decisions about money must call `get`. Throws NotFoundError.
   */
  glance(cartId: string): Promise<CheckoutCart>;
}

export interface Customers {
  /** The customer, or undefined when it does not exist; any other failure is thrown. */
  find(customerId: string): Promise<Customer | undefined>;
  /**
   * Stores the id of the customer's Stripe customer, its own or the one for a business unit (by key), in its custom
   * field, and keeps its other fields. Returns the customer after the write.
   */
  saveStripeCustomerId(
    customer: Customer,
    stripeCustomerId: string,
    businessUnit?: string,
  ): Promise<Customer | undefined>;
}

/** A cache of customers between the page's customer session and the opening of the payment. */
export interface RememberingCustomers extends Customers {
  /**
   * The customer as it was last read or written here; returned only once. It may be out of date: for a deleted customer
   * commercetools refuses, and for a deleted Stripe customer Stripe refuses.
   */
  recall(customerId: string): Customer | undefined;
}

/** The changes that intent may make to a payment; only the ledger writes transactions. */
export interface PaymentChange {
  readonly amountPlanned?: Money;
  readonly interfaceId?: string;
  /** Sets the customer of a guest who has logged in, instead of the anonymous id. */
  readonly customerId?: string;
}

export interface Payments {
  /** Throws NotFoundError. */
  get(paymentId: string): Promise<Payment>;
  /** Undefined when no payment has this key. */
  byKey(key: string): Promise<Payment | undefined>;
  /** Creates the payment, or returns the existing one with its key. */
  create(draft: PaymentDraft): Promise<{ readonly kind: 'created' | 'exists'; readonly payment: Payment }>;
  /** Throws StaleVersionError when the payment has changed since it was read. */
  change(payment: Pick<Payment, 'id' | 'version'>, change: PaymentChange): Promise<Payment>;
}

export interface StoredMethods {
  /** The active methods that a customer stored for this interface and account: for itself, or as an associate of a business unit (by key). */
  list(customerId: string, businessUnit: string | undefined): Promise<readonly StoredMethod[]>;
  find(id: string): Promise<StoredMethod | undefined>;
  /** Throws StaleVersionError when the method has changed since it was read, NotFoundError when it is deleted. */
  delete(method: Pick<StoredMethod, 'id' | 'version'>): Promise<void>;
  /** The details of a method at Stripe, by its token. */
  details(token: string): Promise<Stripe.PaymentMethod | undefined>;
  /** Detaches the method from the Stripe customer; does nothing when it is gone already. */
  detach(token: string, key: string): Promise<void>;
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly paymentIntent: Stripe.PaymentIntent }
  /** The idempotency key was used before, with other parameters; nothing was created. */
  | { readonly kind: 'other-parameters' };

/**
 * PaymentIntents at Stripe. Every method throws StripeRejection when Stripe refuses, TransientError when Stripe does
 * not answer.
 */
export interface PaymentIntents {
  create(params: Stripe.PaymentIntentCreateParams, key: string): Promise<CreateOutcome>;
  /** The present PaymentIntent, with its latest charge expanded; undefined when Stripe has none with this id. */
  find(id: string): Promise<Stripe.PaymentIntent | undefined>;
  /**
   * Finds a PaymentIntent by the payment key in its metadata: one that was paid, whatever its amount is now; else by its
   * amount in Stripe's minor units: one that is not canceled, else a canceled one, which may hold an earlier partial
   * capture. Stripe's search lags by about a minute.
   */
  search(paymentKey: string, amount: number): Promise<Stripe.PaymentIntent | undefined>;
  /** Confirms a PaymentIntent with its payment method, which moves the money. */
  confirm(id: string, params: Stripe.PaymentIntentConfirmParams, key: string): Promise<Stripe.PaymentIntent>;
  update(id: string, params: Stripe.PaymentIntentUpdateParams, key: string): Promise<Stripe.PaymentIntent>;
  cancel(id: string, key: string): Promise<Stripe.PaymentIntent>;
  /** `amount` in Stripe's minor units; when not final the rest stays authorised. */
  capture(
    id: string,
    capture: { amount: number; isFinal: boolean; metadata: Record<string, string>; withoutLineItems?: boolean },
    key: string,
  ): Promise<Stripe.PaymentIntent>;
  /** Raises the authorised amount to `amount`, in Stripe's minor units. */
  increment(
    id: string,
    increment: { amount: number; metadata: Record<string, string>; withoutLineItems?: boolean },
    key: string,
  ): Promise<Stripe.PaymentIntent>;
  refund(
    paymentIntentId: string,
    refund: { amount: number; metadata: Record<string, string> },
    key: string,
  ): Promise<Stripe.Refund>;
  /** Every refund of the PaymentIntent, including releases that Stripe shows as refunds. */
  refundsOf(paymentIntentId: string): Promise<Stripe.Refund[]>;
}

/**
 * Customers at Stripe. Every method throws StripeRejection when Stripe refuses, TransientError when Stripe does not
 * answer.
 */
export interface StripeCustomers {
  /** Undefined when there is none with this id, or it was deleted. */
  find(id: string): Promise<Stripe.Customer | undefined>;
  /**
   * The first Stripe customer whose metadata names the commercetools customer; Stripe's search lags by about a minute.
   */
  search(customerId: string, businessUnit?: string): Promise<Stripe.Customer | undefined>;
  create(params: Stripe.CustomerCreateParams, key: string): Promise<Stripe.Customer>;
  /** Creates an ephemeral key, with which the browser may act for the customer, and returns its secret. */
  createEphemeralKey(stripeCustomerId: string): Promise<string>;
  /** Creates a customer session for the payment element and returns its client secret. */
  createSession(
    stripeCustomerId: string,
    features: Stripe.CustomerSessionCreateParams.Components.PaymentElement.Features,
  ): Promise<string>;
}

export type Published = Extract<
  EventType,
  | 'checkout.payment.opened'
  | 'checkout.payment.confirmed'
  | 'checkout.payment.operation_requested'
  | 'checkout.payment.operation_completed'
>;

export interface PaymentEvents {
  /**
   * Publishes a fact about a payment and returns the event's id, which is derived from `unique`: the same fact
   * published twice is the same event. Resolves when it is durable; throws TransientError when that is unknown.
   */
  publish<T extends Published>(type: T, unique: readonly string[], data: EventData<T>): Promise<string>;
}

/** A transaction in a result of the ledger. */
export interface RecordedTransaction {
  readonly type: string;
  readonly state: string;
  readonly interactionId?: string | undefined;
}

/** The ledger's result for an event (`causeId`). */
export type LedgerResult =
  | {
      readonly kind: 'recorded';
      readonly causeId: string;
      readonly paymentId: string;
      /** All transactions that the payment shows after the event. */
      readonly transactions: readonly RecordedTransaction[];
    }
  | {
      readonly kind: 'rejected';
      readonly causeId: string;
      readonly code?: string | undefined;
      readonly declineCode?: string | undefined;
    };

/** A listener to the ledger's results for a PaymentIntent. */
export interface Listening extends Disposable {
  /** The results received so far. */
  heard(isIt: (result: LedgerResult) => boolean): LedgerResult | undefined;
  /** The next result within `ms`, or one received already; undefined when there is none. */
  first(isIt: (result: LedgerResult) => boolean, ms: number): Promise<LedgerResult | undefined>;
}

export interface RecordedTransactions {
  /** Starts to listen; the caller must dispose of the listener. */
  listenTo(paymentIntentId: string): Listening;
  /** While false, results may be missed. */
  readonly isListening: boolean;
}

/** One thing that must work for payments to work. */
export interface HealthCheck {
  readonly name: string;
  /** Returns the details to show; throws HealthProblem or another error when it does not work. */
  check(): Promise<{ readonly message?: string; readonly details?: Readonly<Record<string, unknown>> }>;
}
