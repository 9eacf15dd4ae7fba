import type { Payment } from '@commercetools/platform-sdk';
import type { StripeMoneyFacts } from '../domain/audit.ts';
import type { BalanceType } from '../domain/audit-summary.ts';
import type { Snapshot } from './ports.ts';

/** A Stripe balance transaction of a charge, a refund or a dispute. */
export interface Movement {
  readonly id: string;
  readonly type: BalanceType;
  readonly createdAt: Date;
  /** The time from which a payout may contain it. */
  readonly availableAt: Date;
  /** Minor units of the settlement currency, negative for money that leaves; `net` = `amount` - `fee`. */
  readonly amount: number;
  readonly fee: number;
  readonly net: number;
  /** The settlement currency in Stripe's form (`eur`). */
  readonly currency: string;
  /** The moved amount, in minor units of the currency that the shopper paid in. */
  readonly presented: { readonly amount: number; readonly currency: string };
  /** Id of the charge, refund or dispute. */
  readonly sourceId: string;
  /** Undefined for money without a PaymentIntent. */
  readonly paymentIntent: Snapshot | undefined;
  /** Reads Stripe's present facts about all the money of the PaymentIntent, including what `shown` shows of it. */
  readonly facts: (shown: ShownMoney | undefined) => Promise<StripeMoneyFacts>;
}

/** The part of a payment that shows money. */
export type ShownMoney = Pick<Payment, 'transactions'>;

/** The account's money at Stripe. */
export interface StripeMoney {
  /**
   * Balance transactions of a type created from `since` to `until`, newest first, after `afterId`; an empty page = the
   * end.
   */
  movements(type: BalanceType, since: Date, until: Date, afterId?: string): Promise<readonly Movement[]>;
  /** Undefined when Stripe has no such PaymentIntent. */
  ofPaymentIntent(
    id: string,
    shown: ShownMoney | undefined,
  ): Promise<{ paymentIntent: Snapshot; facts: StripeMoneyFacts } | undefined>;
}

/** Payments of this connector that show moved money. */
export interface MovedPayments {
  /**
   * Payments with a Charge, Refund or Chargeback of that time, ordered by id, after `afterId`; an empty page = the end.
   */
  page(since: Date, until: Date, afterId?: string): Promise<readonly Payment[]>;
  /** The payments of these PaymentIntents, at most 500. */
  ofPaymentIntents(ids: readonly string[]): Promise<readonly Payment[]>;
}
