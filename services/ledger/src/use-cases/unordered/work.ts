import type { Payment } from '@commercetools/platform-sdk';
import type { EventRecord } from '@connector/contracts';
import { type CartView, isPaid, paidSince, type SettleMode, type UnorderedSnapshot } from '../../domain/unordered.ts';
import type { UnorderedReason } from '../../domain/unordered-reasons.ts';
import type { Payments } from '../ports.ts';
import type { Intention, Intentions, MoneyAtStripe, Operations, Orders, PaidCarts } from '../ports-unordered.ts';

export interface SettleDependencies {
  payments: Pick<Payments, 'byId'>;
  carts: PaidCarts;
  orders: Orders;
  moneyAtStripe: MoneyAtStripe;
  operations: Operations;
  intentions: Intentions;
  producer: { send(topic: string, record: EventRecord): Promise<void> };
  paymentInterface: string;
  now: () => Date;
}

export interface SettleOptions {
  readonly mode: SettleMode;
  /** With `{cartId}`. */
  readonly orderNumber: string;
  /** Called once for each cart, just before it is settled. */
  readonly mayBegin: () => boolean;
}

/** The paid payments of one cart, or a payment that is not on its cart. */
export interface UnorderedGroup {
  readonly cartId: string | undefined;
  readonly payments: readonly Payment[];
  /** A settlement that an earlier run or this one began and did not finish. */
  intention?: Intention;
}

export type GroupOutcome =
  /** An order refers to them now, or others have returned the money. */
  | { readonly kind: 'elsewhere' }
  | (Found & { readonly kind: 'found' })
  | {
      readonly kind: 'settled';
      readonly settlement: 'order_created' | 'returned';
      readonly orderNumber?: string | undefined;
      /** What a person still has to look at: the money moved while the order was made. */
      readonly left?: Found | undefined;
    };

export interface Found {
  readonly reason: UnorderedReason;
  readonly cart: CartView | undefined;
  /** The payments that no order refers to. */
  readonly payments: readonly Payment[];
  /** Code of a refusal. */
  readonly detail?: string | undefined;
  /** It could be settled, but this run has reached its limit. */
  readonly isLimited?: boolean;
}

/** A cart with the result of its check. */
export interface Work {
  readonly deps: SettleDependencies;
  readonly options: SettleOptions;
  readonly group: UnorderedGroup;
  readonly snapshot: UnorderedSnapshot;
}

/** A payment that is left to a person, or to a later run. */
export function found(
  { snapshot: { cart, orders, payments } }: Work,
  reason: UnorderedReason,
  more: Pick<Found, 'detail' | 'isLimited'> = {},
): Found & { readonly kind: 'found' } {
  const isLeft = (payment: Payment): boolean =>
    isPaid(payment) &&
    paidSince(payment) !== undefined &&
    !orders.some(({ paymentIds }) => paymentIds.includes(payment.id));
  return { kind: 'found', reason, cart, payments: payments.filter(isLeft), ...more };
}
