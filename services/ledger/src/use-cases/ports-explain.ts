import type { Cart, Order } from '@commercetools/platform-sdk';
import type { SeenDeadLetter, SeenDecline, SeenMessage, SeenMovement, SeenUndelivered } from '../domain/story.ts';
import type { Payments, StripeFacts, StripeSnapshots } from './ports.ts';
import type { StripeMoney } from './ports-audit.ts';

/** Orders and carts of the project; undefined for those that do not exist. */
export interface Orders {
  byId(id: string): Promise<Order | undefined>;
  byNumber(orderNumber: string): Promise<Order | undefined>;
  ofPayment(paymentId: string): Promise<Order | undefined>;
  ofCart(cartId: string): Promise<Order | undefined>;
  cart(id: string): Promise<Cart | undefined>;
  cartOfPayment(paymentId: string): Promise<Cart | undefined>;
}

/** The messages of the topics about a PaymentIntent. */
export interface Messages {
  /**
   * Messages of `payments.events` and `payments.transactions` written since; `cut`: the topics whose retention may have
   * deleted some.
   */
  of(paymentIntentId: string, since: Date): Promise<{ seen: readonly SeenMessage[]; cut: readonly string[] }>;
  deadLettersOf(paymentIntentId: string): Promise<readonly SeenDeadLetter[]>;
}

/** What Stripe has about a PaymentIntent besides its money. */
export interface StripeStory {
  /**
   * The PaymentIntent of a charge, refund, dispute or balance transaction; undefined when Stripe has no object with
   * this id.
   */
  paymentIntentOf(id: string): Promise<string | undefined>;
  /** Declined attempts to pay it. */
  declinesOf(paymentIntentId: string): Promise<readonly SeenDecline[]>;
  movementsOf(sourceIds: readonly string[]): Promise<readonly SeenMovement[]>;
  /** Events about any of these objects that were not delivered to some endpoint. */
  undelivered(objectIds: readonly string[]): Promise<readonly SeenUndelivered[]>;
}

export interface ExplainDependencies {
  projectKey: string;
  payments: Payments;
  orders: Orders;
  money: Pick<StripeMoney, 'ofPaymentIntent'>;
  snapshots: StripeSnapshots;
  stripe: StripeFacts;
  story: StripeStory;
  messages: Messages;
  now(): Date;
}
