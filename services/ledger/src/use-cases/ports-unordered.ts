import type { Payment } from '@commercetools/platform-sdk';
import type { Money } from '@connector/payment-model';
import type { CartView, HeldMoney, MovedState, OrderRef, PaymentState } from '../domain/unordered.ts';

/** Paid payments of this connector. */
export interface PaidPayments {
  /**
   * Payments changed since `since` and created before `before`, with a successful authorization or charge, ordered by
   * id, after `afterId`; an empty page = the end.
   */
  page(since: Date, before: Date, afterId?: string): Promise<readonly Payment[]>;
}

/** Carts with their payments. */
export interface PaidCarts {
  /** The carts that these payments are on, at most 500. */
  ofPayments(paymentIds: readonly string[]): Promise<readonly CartView[]>;
  byId(cartId: string): Promise<CartView | undefined>;
  /**
   * Removes payments from the cart. Throws StaleVersionError when the cart has changed since it was read, for example
   * because it was ordered.
   */
  detach(cart: Pick<CartView, 'id' | 'version'>, paymentIds: readonly string[]): Promise<void>;
}

/** Orders of the project. */
export interface Orders {
  /** Orders that refer to one of the payments, or were made from the cart. */
  of(paymentIds: readonly string[], cartId?: string): Promise<readonly OrderRef[]>;
  byNumber(orderNumber: string): Promise<OrderRef | undefined>;
  /**
   * Makes the order of a cart at the version that was read; `number-taken` when another order has the number. Throws
   * StaleVersionError when the cart has changed since, for example because it was ordered, and PermanentError when
   * commercetools refuses.
   */
  create(
    cart: Pick<CartView, 'id' | 'version'>,
    order: { readonly orderNumber: string; readonly paymentState: PaymentState },
  ): Promise<OrderRef | 'number-taken'>;
  /** Throws StaleVersionError when the order has changed since it was read. */
  changePaymentState(orderId: string, paymentState: MovedState): Promise<void>;
}

/** What Stripe holds for a PaymentIntent now; undefined when Stripe has no PaymentIntent with this id. */
export type MoneyAtStripe = (
  paymentIntentId: string,
) => Promise<(HeldMoney & { readonly cartId?: string }) | undefined>;

/** The operations of intent, which are idempotent at Stripe. */
export interface Operations {
  /**
   * Returns all of a payment's money: cancels an authorization, refunds a charge. With the same key this is done once,
   * for good. `nothing` when there is nothing to return, and nothing was returned with this key before.
   */
  reverse(paymentId: string, key: string): Promise<'done' | 'refused' | 'nothing'>;
}

/** Stores a settlement that was begun until it is published, so that the next run finishes what a killed run began. */
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
