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

/** An attempt as commercetools and Stripe have it now. */
export interface SeenAttempt extends Attempt {
  readonly status: AttemptStatus;
  /** Undefined while it is not known, and where commercetools alone tells how the attempt ended. */
  readonly paymentIntent?: Stripe.PaymentIntent | undefined;
  readonly isOnCart: boolean;
  /** This request asked Stripe for just what is wanted, by a create or update call; what Stripe made of that stays. */
  readonly isAsAsked?: boolean;
}

/** Everything that the next step is decided by, of one moment. */
export interface Snapshot {
  readonly cart: Cart;
  /** Whether the cart was read earlier than for this request, so that it may be of an older version. */
  readonly isRemembered: boolean;
  readonly customer: Customer | undefined;
  /** Oldest first. */
  readonly attempts: readonly SeenAttempt[];
  /** The cart's payments that are no attempts: other providers'. */
  readonly otherPayments: readonly Payment[];
  /** PaymentIntents that refused an update although they wait for the shopper. */
  readonly rejectedUpdates: ReadonlySet<string>;
  /** What Stripe refused of the data that a payment can do without. */
  readonly leftOut: ReadonlySet<OptionalField>;
  /** Ms since the epoch. */
  readonly now: number;
}

/** What a request asks for, and how it is configured. */
export interface Asked {
  readonly express: boolean;
  /** Express checkout of a page that made its elements with a Stripe customer. */
  readonly expressCustomerSession: boolean;
  readonly giftCardPlannedAmount?: Session['giftCardPlannedAmount'];
  readonly orderNumber?: Session['futureOrderNumber'];
  readonly orderInDescription?: boolean | undefined;
  readonly projectKey: string;
  readonly cardFeatures: CardFeatures;
  /** Whether Stripe is told of the goods. */
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
  /** The end: nothing of the cart can be paid any more. */
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

/** A transaction older than this, in ms, whose PaymentIntent nobody confirmed was given up by a request that died. */
const YOUNG_MS = 90_000;

/**
 * The next step towards one PaymentIntent that the shopper can pay, of what is due now. Pure and total: each step brings the snapshot
 * nearer to `give` or `refuse`, and the same snapshot has the same step. The rules are asked in this order, the first that answers counts:
 *
 * | what is seen | step |
 * |---|---|
 * | a paid attempt, planned with another amount than Stripe holds | plan what Stripe holds |
 * | nothing due, cart closed, or no unit for the amount; something still waits | cancel it |
 * | … and nothing waits | refuse |
 * | a transaction without the shopper, just being made or confirmed | wait |
 * | one that was declined or given up | cancel it |
 * | an attempt whose PaymentIntent is not known | find it |
 * | several that wait | cancel the earlier ones |
 * | none that waits | create the next |
 * | one that cannot become what is wanted | cancel it |
 * | one that differs from what is wanted | update it |
 * | … planned with another amount | plan it |
 * | … not on the cart | attach it |
 * | … and all is as wanted | give it |
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
  // On the cart and not tied yet: its last look may have been before this one.
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

/** The step with the one attempt that waits for the shopper. */
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

/** What was planned runs neither ahead of what Stripe holds, nor behind it. */
function correctionOf(attempts: readonly SeenAttempt[]): Step | undefined {
  for (const attempt of attempts) {
    if (attempt.status !== 'paid' || !isKnown(attempt)) continue;
    const amount = moneyOf(attempt.paymentIntent, attempt.payment);
    if (amount && !sameMoney(amount, attempt.payment.amountPlanned)) return { kind: 'plan', attempt, amount };
  }
  return undefined;
}

/** What is due, with what commercetools or Stripe knows to be paid. */
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
