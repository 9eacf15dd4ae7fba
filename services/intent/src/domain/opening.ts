import {
  InexpressibleAmountError,
  isOfTransaction,
  type Money,
  sameMoney,
  toStripeAmount,
} from '@connector/payment-model';
import type Stripe from 'stripe';
import { type AmountDue, amountDue, asPaid, moneyOf } from './amount-due.ts';
import { type Attempt, type AttemptStatus, mayChangeAmount, nextAttemptNumber } from './attempts.ts';
import { type BehaviourSettings, behaviourFor } from './behaviour.ts';
import type { CardFeatures } from './card-features.ts';
import { type Cart, type Customer, isRecurring, type Payment } from './checkout-cart.ts';
import type { OptionalField } from './optional-data.ts';
import { changeTo, type Wanted, wantedOf } from './payment-intent-params.ts';
import type { Session } from './session.ts';

/** An attempt in its present state at commercetools and Stripe. */
export interface SeenAttempt extends Attempt {
  readonly status: AttemptStatus;
  /** Undefined while it is unknown, and when commercetools alone shows how the attempt ended. */
  readonly paymentIntent?: Stripe.PaymentIntent | undefined;
  readonly isOnCart: boolean;
  /**
   * Set when this request's own create or update call has just asked Stripe for what is wanted; whatever Stripe made of
   * it is kept.
   */
  readonly isAsAsked?: boolean;
}

/** The snapshot from which the next step is decided. */
export interface Snapshot {
  readonly cart: Cart;
  /** Whether the cart is from the cache, so that its version may be old. */
  readonly isRemembered: boolean;
  readonly customer: Customer | undefined;
  /** Oldest first. */
  readonly attempts: readonly SeenAttempt[];
  /** The cart's payments of other providers. */
  readonly otherPayments: readonly Payment[];
  /** PaymentIntents that wait for the shopper but whose update Stripe refused. */
  readonly rejectedUpdates: ReadonlySet<string>;
  /** Optional data that Stripe refused. */
  readonly leftOut: ReadonlySet<OptionalField>;
  /** Ms since the epoch. */
  readonly now: number;
}

/** What the request asks for, and the configuration. */
export interface Asked {
  readonly express: boolean;
  /** Express checkout of a page that made its elements with a Stripe customer. */
  readonly expressCustomerSession: boolean;
  readonly giftCardPlannedAmount?: Session['giftCardPlannedAmount'];
  readonly orderNumber?: Session['futureOrderNumber'];
  readonly orderInDescription?: boolean | undefined;
  readonly projectKey: string;
  readonly cardFeatures: CardFeatures;
  /** Whether line items are sent to Stripe. */
  readonly lineItems?: boolean | undefined;
  readonly behaviour: BehaviourSettings;
}

/** An attempt whose PaymentIntent is known. */
export type KnownAttempt = SeenAttempt & { readonly paymentIntent: Stripe.PaymentIntent };

/** Why there is nothing to open. */
export type Refusal =
  | { readonly kind: 'nothing-due'; readonly amount: Exclude<AmountDue, { kind: 'due' }> }
  /** commercetools takes no payment for a cart that was ordered, or merged into another. */
  | { readonly kind: 'closed'; readonly cartState: string }
  /** Stripe has no units for the amount; it is never rounded (rulings 33). */
  | { readonly kind: 'inexpressible'; readonly reason: string };

export type Step =
  /** The final refusal: nothing of the cart can be paid. */
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  /** The end: the shopper is given the attempt's PaymentIntent. */
  | { readonly kind: 'give'; readonly attempt: KnownAttempt; readonly wanted: Wanted }
  /** A merchant-initiated transaction is just being confirmed. */
  | { readonly kind: 'wait' }
  /** Nobody is to pay the PaymentIntent any more. */
  | { readonly kind: 'cancel'; readonly attempt: KnownAttempt }
  /** Finds the PaymentIntent of an attempt that commercetools does not know yet, or makes it; `wanted` is of the attempt's amount. */
  | { readonly kind: 'find'; readonly attempt: SeenAttempt; readonly wanted: Wanted; readonly isDue: boolean }
  | { readonly kind: 'create'; readonly number: number; readonly wanted: Wanted }
  | { readonly kind: 'update'; readonly attempt: KnownAttempt; readonly params: Stripe.PaymentIntentUpdateParams }
  /** The planned amount follows the PaymentIntent's, never the other way round (rulings 30). */
  | { readonly kind: 'plan'; readonly attempt: KnownAttempt; readonly amount: Money }
  | { readonly kind: 'attach'; readonly attempt: KnownAttempt };

/**
 * A transaction without a confirmed PaymentIntent that is older than this, in ms, was abandoned by a request that died.
 */
const YOUNG_MS = 90_000;

/**
 * The next step towards exactly one PaymentIntent that the shopper can pay, over the present amount due. Pure and
 * total: each step brings the snapshot closer to `give` or `refuse`, and the same snapshot always has the same step.
 * The first rule that applies decides:
 *
 * | snapshot | step |
 * |---|---|
 * | a paid attempt whose amountPlanned differs from what Stripe holds | plan what Stripe holds |
 * | nothing due, cart closed, or inexpressible amount, and an attempt still waits | cancel it |
 * | … and nothing waits | refuse |
 * | a transaction without the shopper is just being made or confirmed | wait |
 * | … was declined or abandoned | cancel it |
 * | an attempt whose PaymentIntent is unknown | find it |
 * | several attempts wait | cancel the earlier ones |
 * | no attempt waits | create the next |
 * | the waiting attempt cannot become what is wanted | cancel it |
 * | … differs from what is wanted | update it |
 * | … has another amountPlanned | plan it |
 * | … is not on the cart | attach it |
 * | … is as wanted | give it |
 */
export function nextStep(snapshot: Snapshot, asked: Asked): Step {
  const { attempts, cart } = snapshot;
  const correction = correctionOf(attempts);
  if (correction) return correction;

  const amount = dueOf(snapshot, asked);
  const waiting = attempts.filter(isWaiting);
  const refusal = refusalOf(cart, amount);
  if (refusal) {
    const [payable] = waiting;
    return payable ? { kind: 'cancel', attempt: payable } : { kind: 'refuse', refusal };
  }
  const { due } = amount as Extract<AmountDue, { kind: 'due' }>;
  const [transaction] = waiting.filter(({ payment }) => isOfTransaction(payment));
  // It is on the cart and not linked yet: its last read of the cart may have been before ours.
  if (snapshot.otherPayments.some((payment) => isOfTransaction(payment) && isYoung(payment, snapshot))) {
    return { kind: 'wait' };
  }
  if (transaction)
    return isUnderWay(transaction, snapshot) ? { kind: 'wait' } : { kind: 'cancel', attempt: transaction };

  const unknown = attempts.find(({ status }) => status === 'unknown');
  if (unknown) {
    const { amountPlanned } = unknown.payment;
    return {
      kind: 'find',
      attempt: unknown,
      wanted: wantedFor(snapshot, asked, amountPlanned),
      isDue: sameMoney(amountPlanned, due),
    };
  }
  const [latest, ...earlier] = waiting.toReversed();
  const [oldest] = earlier.toReversed();
  if (oldest) return { kind: 'cancel', attempt: oldest };
  const wanted = wantedFor(snapshot, asked, due);
  return latest ? stepWith(snapshot, latest, wanted) : { kind: 'create', number: nextAttemptNumber(attempts), wanted };
}

/** The step for the one attempt that waits for the shopper. */
function stepWith({ rejectedUpdates }: Snapshot, attempt: KnownAttempt, wanted: Wanted): Step {
  const { payment, paymentIntent } = attempt;
  const change = attempt.isAsAsked ? ({ kind: 'none' } as const) : changeTo(paymentIntent, wanted);
  const isPlanned = sameMoney(payment.amountPlanned, wanted.due);
  const mustBeReplaced =
    change.kind === 'replace' ||
    (change.kind === 'update' && rejectedUpdates.has(paymentIntent.id)) ||
    (!isPlanned && !mayChangeAmount(attempt));
  if (mustBeReplaced) return { kind: 'cancel', attempt };
  if (change.kind === 'update') return { kind: 'update', attempt, params: change.params };
  if (!isPlanned) return { kind: 'plan', attempt, amount: wanted.due };
  if (!attempt.isOnCart) return { kind: 'attach', attempt };
  return { kind: 'give', attempt, wanted };
}

const isKnown = (attempt: SeenAttempt): attempt is KnownAttempt => attempt.paymentIntent !== undefined;
const isWaiting = (attempt: SeenAttempt): attempt is KnownAttempt => attempt.status === 'waiting' && isKnown(attempt);

/** Corrects an amountPlanned that is above or below what Stripe holds. */
function correctionOf(attempts: readonly SeenAttempt[]): Step | undefined {
  for (const attempt of attempts) {
    if (attempt.status !== 'paid' || !isKnown(attempt)) continue;
    const amount = moneyOf(attempt.paymentIntent, attempt.payment);
    if (amount && !sameMoney(amount, attempt.payment.amountPlanned)) return { kind: 'plan', attempt, amount };
  }
  return undefined;
}

/** The amount due, after everything that commercetools or Stripe shows as paid. */
const dueOf = ({ cart, attempts, otherPayments }: Snapshot, { giftCardPlannedAmount }: Asked): AmountDue =>
  amountDue(
    cart,
    [
      ...otherPayments,
      ...attempts.map((attempt) =>
        attempt.status === 'paid' && isKnown(attempt)
          ? asPaid(attempt.payment, attempt.paymentIntent)
          : attempt.payment,
      ),
    ],
    giftCardPlannedAmount,
  );

function refusalOf({ cartState }: Cart, amount: AmountDue): Refusal | undefined {
  if (amount.kind !== 'due') return { kind: 'nothing-due', amount };
  if (cartState === 'Ordered' || cartState === 'Merged') return { kind: 'closed', cartState };
  try {
    toStripeAmount(amount.due);
  } catch (error) {
    if (error instanceof InexpressibleAmountError) return { kind: 'inexpressible', reason: error.message };
    throw error;
  }
  return undefined;
}

const isUnderWay = ({ payment, paymentIntent }: KnownAttempt, snapshot: Snapshot): boolean =>
  paymentIntent.status === 'requires_confirmation' && isYoung(payment, snapshot);

const isYoung = ({ createdAt }: Payment, { now }: Snapshot): boolean => now - Date.parse(createdAt) <= YOUNG_MS;

const wantedFor = ({ cart, customer, leftOut }: Snapshot, asked: Asked, due: Money): Wanted =>
  wantedOf({
    ...asked,
    cart,
    customer,
    due,
    behaviour: behaviourFor(cart, isRecurring(cart), asked.behaviour),
    leftOut,
  });
