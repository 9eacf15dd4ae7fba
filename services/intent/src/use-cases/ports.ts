import type { EventData, EventType } from '@connector/contracts';
import type { Money } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { CheckoutCart, Customer, Payment } from '../domain/checkout-cart.ts';
import type { PaymentDraft } from '../domain/payment-draft.ts';
import type { StoredMethod } from '../domain/stored-methods.ts';

/** The project's carts. */
export interface Carts {
  /** The cart with its payments, by one call. Throws NotFoundError. */
  get(cartId: string): Promise<CheckoutCart>;
  /**
   * Puts a payment on the cart, whatever changes the cart meanwhile; nothing to do when it is there already. With `onlyAtThisVersion`
   * a cart that changed meanwhile throws StaleVersionError instead. Throws InvalidRequestError (`cart_locked`) for one that is locked.
   */
  addPayment(
    cart: { readonly id: string; readonly version: number },
    paymentId: string,
    options?: { onlyAtThisVersion?: boolean },
  ): Promise<void>;
  /** The ids of the carts that hold the payment, ordered ones too. */
  holding(paymentId: string): Promise<string[]>;
}

/** Carts that are read once more than they have to be are remembered from one read to the next opening. */
export interface RememberingCarts extends Carts {
  /**
   * The cart as it was last read here, if it had no payment then; once only. It may have changed since: what is done on its strength must name
   * its version, which commercetools refuses when another is current. (A cart with payments is not remembered: what becomes of them does not
   * change the cart's version.)
   */
  recall(cartId: string): CheckoutCart | undefined;
  /**
   * The cart for what is only shown: a page asks for several things at once, and they share the read that is under way, which may have begun
   * just before the caller asked. What is decided about money calls `get`. Throws NotFoundError.
   */
  glance(cartId: string): Promise<CheckoutCart>;
}

export interface Customers {
  /** The customer, or undefined when there is none; any other failure is thrown. */
  find(customerId: string): Promise<Customer | undefined>;
  /**
   * Remembers the customer's Stripe customer, its own or the one for a business unit (by key), in its custom field, keeping the other fields it has.
   * Answers the customer as it then is.
   */
  saveStripeCustomerId(
    customer: Customer,
    stripeCustomerId: string,
    businessUnit?: string,
  ): Promise<Customer | undefined>;
}

/** A customer is read for the page's customer session, and once more when the payment opens. */
export interface RememberingCustomers extends Customers {
  /**
   * The customer as it was last read or written here, once only. Nothing that is done on its strength may depend on its being up to date: a
   * customer who is gone makes commercetools, a Stripe customer who is gone makes Stripe refuse.
   */
  recall(customerId: string): Customer | undefined;
}

/** What intent may change of a payment; transactions are the ledger's. */
export interface PaymentChange {
  readonly amountPlanned?: Money;
  readonly interfaceId?: string;
  /** Replaces the anonymous id of a guest who has logged in. */
  readonly customerId?: string;
}

export interface Payments {
  /** Throws NotFoundError. */
  get(paymentId: string): Promise<Payment>;
  /** Undefined when there is none of this key. */
  byKey(key: string): Promise<Payment | undefined>;
  /** Creates the payment, or finds the one that has its key already. */
  create(draft: PaymentDraft): Promise<{ readonly kind: 'created' | 'exists'; readonly payment: Payment }>;
  /** Throws StaleVersionError when the payment changed since it was read. */
  change(payment: Pick<Payment, 'id' | 'version'>, change: PaymentChange): Promise<Payment>;
}

export interface StoredMethods {
  /** The active methods that a customer stored for this interface and account: for itself, or as an associate of a business unit (by key). */
  list(customerId: string, businessUnit: string | undefined): Promise<readonly StoredMethod[]>;
  find(id: string): Promise<StoredMethod | undefined>;
  /** Throws StaleVersionError when the method changed since it was read, NotFoundError when it is gone. */
  delete(method: Pick<StoredMethod, 'id' | 'version'>): Promise<void>;
  /** What Stripe knows of a method by its token. */
  details(token: string): Promise<Stripe.PaymentMethod | undefined>;
  /** Takes the method from the Stripe customer; nothing to do when it is gone. */
  detach(token: string, key: string): Promise<void>;
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly paymentIntent: Stripe.PaymentIntent }
  /** The idempotency key was used before, with other parameters; nothing was created. */
  | { readonly kind: 'other-parameters' };

/** PaymentIntents at Stripe. Every method throws StripeRejection when Stripe refuses, TransientError when it cannot be asked. */
export interface PaymentIntents {
  create(params: Stripe.PaymentIntentCreateParams, key: string): Promise<CreateOutcome>;
  /** The PaymentIntent as it is now, its latest charge expanded; undefined when Stripe has none of this id. */
  find(id: string): Promise<Stripe.PaymentIntent | undefined>;
  /**
   * By the payment key in its metadata and its amount in Stripe's minor units: one that is not canceled, else a canceled one, which may
   * hold what was captured before. Stripe's search lags behind by about a minute.
   */
  search(paymentKey: string, amount: number): Promise<Stripe.PaymentIntent | undefined>;
  /** Asks for the money of a PaymentIntent with the payment method that it has. */
  confirm(id: string, params: Stripe.PaymentIntentConfirmParams, key: string): Promise<Stripe.PaymentIntent>;
  update(id: string, params: Stripe.PaymentIntentUpdateParams, key: string): Promise<Stripe.PaymentIntent>;
  cancel(id: string, key: string): Promise<Stripe.PaymentIntent>;
  /** `amount` in Stripe's minor units; when not final the rest stays authorised. */
  capture(
    id: string,
    capture: { amount: number; isFinal: boolean; metadata: Record<string, string>; withoutLineItems?: boolean },
    key: string,
  ): Promise<Stripe.PaymentIntent>;
  /** Raises what is authorised to `amount`, in Stripe's minor units. */
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
  /** Every refund of the PaymentIntent, and what Stripe shows as one. */
  refundsOf(paymentIntentId: string): Promise<Stripe.Refund[]>;
}

/** Customers at Stripe. Every method throws StripeRejection when Stripe refuses, TransientError when it cannot be asked. */
export interface StripeCustomers {
  /** Undefined when there is none of this id, or it was deleted. */
  find(id: string): Promise<Stripe.Customer | undefined>;
  /** The first one whose metadata names the commercetools customer; Stripe's search lags behind by about a minute. */
  search(customerId: string, businessUnit?: string): Promise<Stripe.Customer | undefined>;
  create(params: Stripe.CustomerCreateParams, key: string): Promise<Stripe.Customer>;
  /** A key with which the browser may act for the customer; its secret. Each call makes one of its own. */
  createEphemeralKey(stripeCustomerId: string): Promise<string>;
  /** A customer session for the payment element; its client secret. Each call makes one of its own. */
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
   * Publishes a fact about a payment and answers the event's id, which follows from `unique`: the same fact published twice is the
   * same event. Resolves once it is durable; throws TransientError when that is not known.
   */
  publish<T extends Published>(type: T, unique: readonly string[], data: EventData<T>): Promise<string>;
}

/** A transaction as the ledger tells of it. */
export interface RecordedTransaction {
  readonly type: string;
  readonly state: string;
  readonly interactionId?: string | undefined;
}

/** What the ledger made of an event (`causeId`). */
export type LedgerResult =
  | {
      readonly kind: 'recorded';
      readonly causeId: string;
      readonly paymentId: string;
      /** All that the payment shows by then. */
      readonly transactions: readonly RecordedTransaction[];
    }
  | {
      readonly kind: 'rejected';
      readonly causeId: string;
      readonly code?: string | undefined;
      readonly declineCode?: string | undefined;
    };

/** One who listens to what the ledger makes of a PaymentIntent's events. */
export interface Listening extends Disposable {
  /** What was heard so far. */
  heard(isIt: (result: LedgerResult) => boolean): LedgerResult | undefined;
  /** The same, or what is heard within `ms` from now on; undefined when there is none. */
  first(isIt: (result: LedgerResult) => boolean, ms: number): Promise<LedgerResult | undefined>;
}

export interface RecordedTransactions {
  /** Starts to listen; to be disposed of. */
  listenTo(paymentIntentId: string): Listening;
  /** While false, results may pass unseen. */
  readonly isListening: boolean;
}

/** One thing that must work for payments to work. */
export interface HealthCheck {
  readonly name: string;
  /** Answers what is shown of it; throws HealthProblem or anything else when it does not work. */
  check(): Promise<{ readonly message?: string; readonly details?: Readonly<Record<string, unknown>> }>;
}
