import {
  fromStripeAmount,
  InexpressibleAmountError,
  isRelease,
  type Money,
  toStripeAmount,
} from '@connector/payment-model';
import type Stripe from 'stripe';
import type { CardFeatures } from './card-features.ts';
import type { Payment } from './checkout-cart.ts';

/** A merchant's request; amounts have no fraction digits, as in the Checkout contract. */
export type Operation =
  | { readonly action: 'capturePayment'; readonly amount: RequestedAmount }
  | {
      readonly action: 'refundPayment';
      readonly amount: RequestedAmount;
      /** The commercetools transaction to refund. */
      readonly transactionId?: string | undefined;
    }
  /** `amount` is the new total, not what it is raised by: asked for twice, it is raised once. */
  | { readonly action: 'incrementAuthorization'; readonly amount: RequestedAmount }
  | { readonly action: 'cancelPayment' }
  | { readonly action: 'reversePayment' };

export interface RequestedAmount {
  readonly centAmount: number;
  readonly currencyCode: string;
}

/** The one call to Stripe that performs an operation; amounts in Stripe's minor units. */
export type StripeStep =
  | { readonly kind: 'capture'; readonly amount: number; readonly money: Money; readonly isFinal: boolean }
  | { readonly kind: 'refund'; readonly amount: number; readonly money: Money }
  /** `amount` is the new total, `money` what it is raised by. */
  | { readonly kind: 'increment'; readonly amount: number; readonly money: Money }
  | { readonly kind: 'cancel'; readonly money: Money };

export type Plan =
  | StripeStep
  /** The caller's mistake: the field, what it had, and what is possible. */
  | {
      readonly kind: 'invalid';
      readonly field: string;
      readonly value: unknown;
      readonly allowed: readonly string[];
      readonly reason: string;
    }
  /** This configuration or payment does not take it; answered `rejected` without asking Stripe. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'nothing-to-reverse' };

/** The money of a PaymentIntent's only charge, in Stripe's minor units. */
export interface Captured {
  readonly captured: number;
  readonly refunded: number;
}

/**
 * The captured amount and the refunded part of it, from Stripe, because commercetools may lag behind. A charge also
 * counts the release of an uncaptured rest as refunded; if there may be a release, `refunds` (all of the PaymentIntent)
 * distinguishes the two.
 */
export function capturedOf(
  { latest_charge: charge, amount_received }: Stripe.PaymentIntent,
  refunds?: readonly Stripe.Refund[],
): Captured {
  if (!charge || typeof charge !== 'object') return { captured: amount_received, refunded: 0 };
  const { amount, amount_captured: captured, amount_refunded } = charge;
  if (!refunds) return { captured, refunded: amount_refunded };
  const given = refunds.filter(
    (refund) => refund.status !== 'failed' && refund.status !== 'canceled' && !isRelease(refund, amount - captured),
  );
  return { captured, refunded: given.reduce((sum, refund) => sum + refund.amount, 0) };
}

/** Whether the refunded amount of a charge may include the release of an uncaptured rest. */
export const mayHoldRelease = ({ latest_charge: charge }: Stripe.PaymentIntent): boolean =>
  Boolean(charge) &&
  typeof charge === 'object' &&
  charge !== null &&
  charge.amount_refunded > 0 &&
  charge.amount_captured > 0 &&
  charge.amount_captured < charge.amount;

/** The input of a plan. */
interface PlanInput {
  readonly payment: Pick<Payment, 'amountPlanned' | 'transactions'>;
  readonly paymentIntent: Stripe.PaymentIntent;
  readonly features: CardFeatures;
  readonly captured: Captured;
}

type OperationOf<A extends Operation['action']> = Extract<Operation, { action: A }>;

/** Decides the call to Stripe, from the payment and the present PaymentIntent (with its charge expanded). */
export function planOf(
  operation: Operation,
  payment: PlanInput['payment'],
  paymentIntent: Stripe.PaymentIntent,
  features: CardFeatures,
  captured: Captured = capturedOf(paymentIntent),
): Plan {
  const input: PlanInput = { payment, paymentIntent, features, captured };
  switch (operation.action) {
    case 'capturePayment':
      return captureOf(operation, input);
    case 'refundPayment':
      return refundOf(operation, input);
    case 'incrementAuthorization':
      return incrementOf(operation, input);
    case 'cancelPayment':
      return cancelOf(input);
    case 'reversePayment':
      return reversalOf(input);
  }
}

function captureOf(operation: OperationOf<'capturePayment'>, { payment, paymentIntent, features }: PlanInput): Plan {
  const planned = payment.amountPlanned;
  const checked = checkedAmount(operation.amount, planned);
  if (checked.kind === 'invalid') return checked;
  if (planned.centAmount <= 0) return { kind: 'refused', reason: 'the payment has no planned amount' };
  const isFinal = paymentIntent.amount_received + checked.amount >= paymentIntent.amount;
  if (!isFinal && !features.multicapture) return { kind: 'refused', reason: 'partial captures are not enabled' };
  return { kind: 'capture', amount: checked.amount, money: checked.money, isFinal };
}

function refundOf(
  operation: OperationOf<'refundPayment'>,
  { payment, captured: { captured, refunded } }: PlanInput,
): Plan {
  const checked = checkedAmount(operation.amount, payment.amountPlanned);
  if (checked.kind === 'invalid') return checked;
  const { transactionId } = operation;
  const charges = payment.transactions.filter(({ type }) => type === 'Charge').map(({ id }) => id);
  if (transactionId !== undefined && !charges.includes(transactionId)) {
    return {
      kind: 'invalid',
      field: 'transactionId',
      value: transactionId,
      allowed: charges,
      reason: 'is not a Charge of the payment',
    };
  }
  // Stripe counts an authorisation released without a capture as refunded; there is no money to return.
  const refundable = captured - Math.min(refunded, captured);
  if (checked.amount > refundable) {
    return {
      kind: 'invalid',
      field: 'amount.centAmount',
      value: operation.amount.centAmount,
      allowed: [`<= ${moneyOf(refundable, payment.amountPlanned).centAmount}`],
      reason: 'is above what is left to refund',
    };
  }
  return { kind: 'refund', amount: checked.amount, money: checked.money };
}

function incrementOf(
  operation: OperationOf<'incrementAuthorization'>,
  { payment: { amountPlanned: planned }, paymentIntent: { amount: authorised }, features }: PlanInput,
): Plan {
  const checked = checkedAmount(operation.amount, planned);
  if (checked.kind === 'invalid') return checked;
  if (!features.incrementalAuthorization) {
    return { kind: 'refused', reason: 'incremental authorizations are not enabled' };
  }
  if (checked.amount <= authorised) {
    return {
      kind: 'invalid',
      field: 'amount.centAmount',
      value: operation.amount.centAmount,
      allowed: [`> ${moneyOf(authorised, planned).centAmount}`],
      reason: 'is not above what is authorised',
    };
  }
  return { kind: 'increment', amount: checked.amount, money: moneyOf(checked.amount - authorised, planned) };
}

/** More than the authorised amount may have been captured: then nothing is left to cancel, and Stripe refuses. */
const cancelOf = ({ payment, paymentIntent: { amount, amount_received } }: PlanInput): Plan => ({
  kind: 'cancel',
  money: moneyOf(Math.max(0, amount - amount_received), payment.amountPlanned),
});

function reversalOf({ payment, paymentIntent, captured: { captured, refunded } }: PlanInput): Plan {
  const planned = payment.amountPlanned;
  if (captured > 0 && refunded === 0) return { kind: 'refund', amount: captured, money: moneyOf(captured, planned) };
  if (captured === 0 && paymentIntent.status === 'requires_capture') {
    return { kind: 'cancel', money: moneyOf(paymentIntent.amount, planned) };
  }
  return { kind: 'nothing-to-reverse' };
}

/** `stripeAmount` (Stripe's minor units) as money in the payment's currency. */
const moneyOf = (stripeAmount: number, planned: Money): Money =>
  fromStripeAmount(stripeAmount, planned.currencyCode, planned.fractionDigits);

type CheckedAmount = { kind: 'valid'; amount: number; money: Money } | Extract<Plan, { kind: 'invalid' }>;

function checkedAmount({ centAmount, currencyCode }: RequestedAmount, planned: Money): CheckedAmount {
  if (currencyCode !== planned.currencyCode) {
    return {
      kind: 'invalid',
      field: 'amount.currencyCode',
      value: currencyCode,
      allowed: [planned.currencyCode],
      reason: "is not the payment's currency",
    };
  }
  const invalid = (reason: string) =>
    ({ kind: 'invalid', field: 'amount.centAmount', value: centAmount, allowed: ['> 0'], reason }) as const;
  if (centAmount <= 0) return invalid('must be above 0');
  const money: Money = { centAmount, currencyCode, fractionDigits: planned.fractionDigits };
  try {
    return { kind: 'valid', amount: toStripeAmount(money), money };
  } catch (error) {
    if (error instanceof InexpressibleAmountError) return invalid(error.message);
    throw error;
  }
}

/** Type of the transaction that records a call, also when Stripe refuses it. */
export const TRANSACTION_TYPES = {
  capture: 'Charge',
  refund: 'Refund',
  cancel: 'CancelAuthorization',
  increment: 'Authorization',
} as const satisfies Record<StripeStep['kind'], string>;
