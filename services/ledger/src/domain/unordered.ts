import type { Payment } from '@commercetools/platform-sdk';
import {
  countsAsPaid,
  fromStripeAmount,
  InexpressibleAmountError,
  isOfTransaction,
  type Money,
  sumOf,
  type TransactionType,
  type TransactionView,
} from '@connector/payment-model';
import type { UnorderedReason } from './unordered-reasons.ts';

/** The part of a cart that is used here, with its payments expanded. */
export interface CartView {
  readonly id: string;
  readonly version: number;
  readonly cartState: string;
  readonly origin?: string | undefined;
  /** The total: gross, if the cart is taxed. */
  readonly total: Money;
  readonly payments: readonly Payment[];
}

export interface OrderRef {
  readonly id: string;
  readonly orderNumber?: string | undefined;
  readonly cartId?: string | undefined;
  readonly paymentIds: readonly string[];
}

/** Stripe's amounts of a PaymentIntent, in Stripe's minor units. */
export interface HeldMoney {
  readonly status: string;
  readonly currency: string;
  readonly amount: number;
  readonly captured: number;
  /** Refunded, or released as an uncaptured rest. */
  readonly refunded: number;
  readonly isDisputed: boolean;
}

/** A snapshot of one cart with paid payments. */
export interface UnorderedSnapshot {
  /** Our paid payments that no order referred to when they were found. */
  readonly payments: readonly Payment[];
  readonly cart: CartView | undefined;
  /** Orders that refer to one of the payments, or were made from the cart. */
  readonly orders: readonly OrderRef[];
  /** By payment id. */
  readonly held: ReadonlyMap<string, HeldMoney | undefined>;
}

export type PaymentState = 'Paid' | 'Pending';
/** The payment state of an order whose money moved while it was made: a part of it is gone, or all. */
export type MovedState = 'BalanceDue' | 'Failed';

export type Verdict =
  /** An order refers to every payment. */
  | { readonly kind: 'ordered'; readonly order: OrderRef }
  /** All of the money was given back since it was found. */
  | { readonly kind: 'returned' }
  | { readonly kind: 'unordered'; readonly reason: 'ready'; readonly paymentState: PaymentState }
  | { readonly kind: 'unordered'; readonly reason: Exclude<UnorderedReason, 'ready'> };

/** What a run does with a payment without an order. */
export type SettleMode = 'report' | 'create' | 'return';

export interface Settled {
  readonly settlement: 'order_created' | 'returned';
  readonly cartId?: string | undefined;
  readonly orderNumber?: string | undefined;
  readonly paymentIds: readonly string[];
}

export interface UnorderedSummary {
  readonly mode: SettleMode;
  /** Paid payments looked at. */
  checked: number;
  /** Payments without an order that are left, by reason. */
  readonly reasons: Record<UnorderedReason, number>;
  /** Carts settled in this run. */
  readonly settlements: Record<Settled['settlement'], number>;
  /** Carts that could not be checked, or not completely. */
  failed: number;
  /** Whether the limit was reached, so that carts that could be settled are left. */
  limited: boolean;
  complete: boolean;
}

const left = (reason: Exclude<UnorderedReason, 'ready'>): Verdict => ({ kind: 'unordered', reason });

/**
 * The verdict on a cart with paid payments. Pure; the first rule that applies decides. Only `ready` may be ordered,
 * only `ready` and `total_differs` may be returned: for everything else a person decides.
 */
export function verdictOf(snapshot: UnorderedSnapshot): Verdict {
  const { cart, orders } = snapshot;
  const paid = snapshot.payments.filter(isPaid);
  if (paid.length === 0) return { kind: 'returned' };
  const [order] = orders;
  const isNamed = ({ id }: Payment) => orders.some(({ paymentIds }) => paymentIds.includes(id));
  if (order && paid.every(isNamed)) return { kind: 'ordered', order };
  if (order || cart?.cartState === 'Ordered') return left('order_without_payment');
  if (!cart) return left('cart_gone');
  if (cart.cartState === 'Merged') return left('cart_merged');
  const onCart = new Set(cart.payments.map(({ id }) => id));
  if (!paid.every(({ id }) => onCart.has(id))) return left('not_on_cart');
  if (cart.origin === 'RecurringOrder' || paid.some(isOfTransaction)) return left('merchant_initiated');
  return moneyVerdict(cart, paid, snapshot.held) ?? totalVerdict(cart, paid, snapshot.held);
}

/**
 * Why the state of the money forbids a settlement; undefined when all of it is held or charged, complete, and Stripe
 * and commercetools agree.
 */
function moneyVerdict(cart: CartView, paid: readonly Payment[], held: UnorderedSnapshot['held']): Verdict | undefined {
  const isPending = ({ transactions }: Payment) => transactions.some(({ state }) => state === 'Pending');
  if (cart.payments.some(isPending)) return left('money_pending');
  for (const payment of paid) {
    const money = held.get(payment.id);
    if (!money) return left('differs_from_stripe');
    const { status, amount, captured, refunded, isDisputed } = money;
    const wasMoved = payment.transactions.some(
      ({ type, state }) => ['Refund', 'CancelAuthorization', 'Chargeback'].includes(type) && state !== 'Failure',
    );
    if (isDisputed || refunded > 0 || wasMoved) return left('money_moved');
    if (status === 'requires_capture' && captured === 0) {
      if (sum(payment, 'Charge') > 0) return left('differs_from_stripe');
      continue;
    }
    if (captured > 0 && captured < amount) return left('money_moved');
    const charged = moneyIn(payment, captured, money.currency);
    const isBooked = charged?.centAmount === sum(payment, 'Charge');
    if (status !== 'succeeded' || !isBooked) return left('differs_from_stripe');
  }
  return undefined;
}

/** Compares the cart's total with the money of all its payments, also of other providers. */
function totalVerdict(cart: CartView, ours: readonly Payment[], held: UnorderedSnapshot['held']): Verdict {
  const isOurs = new Set(ours.map(({ id }) => id));
  let paid = 0;
  let isCharged = true;
  for (const payment of cart.payments) {
    if (!isPaid(payment)) continue;
    const charged = sum(payment, 'Charge') - sum(payment, 'Refund');
    const money = held.get(payment.id);
    const amount = isOurs.has(payment.id)
      ? money && moneyIn(payment, Math.max(money.amount, money.captured), money.currency)
      : { ...payment.amountPlanned, centAmount: charged > 0 ? charged : sum(payment, 'Authorization') };
    const hasForeignCurrency = payment.transactions.some(
      ({ amount: { currencyCode } }) => currencyCode !== cart.total.currencyCode,
    );
    if (!amount || hasForeignCurrency || amount.currencyCode !== cart.total.currencyCode) return left('total_differs');
    if (amount.fractionDigits !== cart.total.fractionDigits) return left('total_differs');
    paid += amount.centAmount;
    isCharged &&= charged === amount.centAmount;
  }
  if (paid !== cart.total.centAmount) return left('total_differs');
  return { kind: 'unordered', reason: 'ready', paymentState: isCharged ? 'Paid' : 'Pending' };
}

/**
 * The refunded part of the captured amount, in Stripe's minor units. (Stripe's charge also counts the release of an
 * uncaptured rest as refunded.)
 */
const givenBack = ({ amount, captured, refunded }: HeldMoney): number =>
  captured > 0 ? Math.max(0, refunded - Math.max(0, amount - captured)) : refunded;

/** Whether any of the money is still charged or held. */
function isLeft(money: HeldMoney | undefined): boolean {
  if (!money || money.isDisputed) return false;
  return money.captured > 0 ? givenBack(money) < money.captured : money.status !== 'canceled' && money.refunded === 0;
}

/**
 * The payment state of an order whose money was refunded, released or disputed while it was made; undefined if all of
 * it is still held or charged. A capture, also a partial one, changes nothing: whoever makes the order may capture at
 * once.
 */
export function movedState(held: readonly (HeldMoney | undefined)[]): MovedState | undefined {
  const isWhole = (money: HeldMoney | undefined) =>
    money && !money.isDisputed && money.status !== 'canceled' && givenBack(money) === 0;
  if (held.every(isWhole)) return undefined;
  return held.some(isLeft) ? 'BalanceDue' : 'Failed';
}

const viewOf = ({ transactions }: Payment) => transactions as readonly TransactionView[];

/** Whether a payment is charged, authorised or pending, and not completely refunded. */
export const isPaid = (payment: Payment): boolean => countsAsPaid(viewOf(payment));

/** The sum of the successful transactions of a type, in centAmount. */
const sum = (payment: Payment, type: TransactionType): number => sumOf(viewOf(payment), type);

/** Stripe's minor units as centAmount; undefined if the currency's digits cannot express them. */
function moneyIn({ amountPlanned }: Payment, amount: number, currency: string): Money | undefined {
  try {
    return fromStripeAmount(amount, currency.toUpperCase(), amountPlanned.fractionDigits);
  } catch (error) {
    if (error instanceof InexpressibleAmountError) return undefined;
    throw error;
  }
}

/**
 * The time from which a payment counts as paid: that of its first charge, else of its authorization; undefined when it
 * is not paid.
 */
export function paidSince({ transactions, createdAt }: Payment): Date | undefined {
  const of = (wanted: string) => {
    const times = transactions
      .filter(({ type, state }) => type === wanted && state === 'Success')
      .map(({ timestamp }) => Date.parse(timestamp ?? createdAt));
    return times.length > 0 ? new Date(Math.min(...times)) : undefined;
  };
  return of('Charge') ?? of('Authorization');
}
