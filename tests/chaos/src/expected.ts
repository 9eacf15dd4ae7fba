import type { StripeCharge, StripeDispute, StripePaymentIntent, StripeRefund, Transaction } from './truths.ts';

/** The objects of one PaymentIntent at Stripe. */
export interface Happened {
  readonly paymentIntent: StripePaymentIntent;
  readonly charges: readonly StripeCharge[];
  readonly refunds: readonly StripeRefund[];
  readonly disputes: readonly StripeDispute[];
}

/** A transaction that commercetools must show; `amount` in Stripe minor units. */
export interface Expected {
  readonly type: string;
  readonly interactionId: string;
  readonly state: string;
  readonly amount: number;
}

/** All except the Charges, which are compared by their sum. */
export function expectedOf({ paymentIntent, charges, refunds, disputes }: Happened): Expected[] {
  const { id, amount, amount_received: received, status } = paymentIntent;
  const expected: Expected[] = [];
  const authorization = authorizationState(status, charges);
  if (authorization) expected.push({ type: 'Authorization', interactionId: id, state: authorization, amount });
  if (status === 'canceled' && amount > received) {
    expected.push({ type: 'CancelAuthorization', interactionId: id, state: 'Success', amount: amount - received });
  }
  for (const refund of refunds) {
    if (refund.is_release) continue;
    const state = REFUND_STATES[refund.status ?? ''] ?? 'Pending';
    expected.push({ type: 'Refund', interactionId: refund.id, state, amount: refund.amount });
  }
  for (const dispute of disputes) {
    const state = chargebackState(dispute);
    if (state) expected.push({ type: 'Chargeback', interactionId: dispute.id, state, amount: dispute.amount });
  }
  return expected;
}

const REFUND_STATES: Readonly<Record<string, string>> = {
  succeeded: 'Success',
  failed: 'Failure',
  canceled: 'Failure',
};
/** Methods that are pending for days before they succeed or fail. */
const SLOW_METHODS = new Set([
  'sepa_debit',
  'bacs_debit',
  'us_bank_account',
  'acss_debit',
  'au_becs_debit',
  'customer_balance',
]);

function authorizationState(status: string, charges: readonly StripeCharge[]): string | undefined {
  switch (status) {
    case 'succeeded':
    case 'requires_capture':
      return 'Success';
    case 'processing':
      return 'Pending';
    case 'canceled':
      return charges.some((charge) => charge.status === 'succeeded') ? 'Success' : 'Failure';
    default: {
      // Waiting for the shopper: only a payment that was pending leaves a failed Authorization.
      const wasProcessing = charges.some(
        (charge) => charge.status === 'failed' && SLOW_METHODS.has(charge.payment_method_details?.type ?? ''),
      );
      return wasProcessing ? 'Failure' : undefined;
    }
  }
}

function chargebackState({ status, balance_transactions: movements }: StripeDispute): string | undefined {
  const isTaken = movements.some(({ amount }) => amount < 0);
  const isReturned = movements.some(({ amount }) => amount > 0);
  if (status === 'won') return 'Failure';
  if (status === 'lost') return isReturned ? 'Failure' : 'Success';
  if (status === 'warning_needs_response' || status === 'warning_under_review') return undefined;
  if (status === 'warning_closed' || status === 'prevented') return isTaken ? 'Failure' : undefined;
  if (isReturned) return 'Failure';
  return isTaken ? 'Success' : 'Pending';
}

const STRIPE_DIGITS: Readonly<Record<string, number>> = {
  jpy: 0,
  krw: 0,
  vnd: 0,
  bhd: 3,
  jod: 3,
  kwd: 3,
  omr: 3,
  tnd: 3,
};

/** The transaction's amount in Stripe's minor units; not an integer when Stripe has no such amount. */
export const worth = ({ amount }: Transaction, currency: string): number => {
  const digits = STRIPE_DIGITS[currency] ?? 2;
  const shift = digits - amount.fractionDigits;
  return shift >= 0 ? amount.centAmount * 10 ** shift : amount.centAmount / 10 ** -shift;
};
export const isWorth = (transaction: Transaction, amount: number, currency: string) =>
  worth(transaction, currency) === amount;
