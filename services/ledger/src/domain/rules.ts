import { sumOf } from '@connector/payment-model';
import { iso, money, type PaymentView } from './amounts.ts';
import { chargeback } from './disputes.ts';
import type { Fact, TransactionFact } from './facts.ts';
import { oneForEachRefund } from './refunds.ts';
import {
  isRaisable,
  isRaisableCharge,
  isUnderWay,
  latestChargeOf,
  type PaymentIntentObject,
} from './stripe-objects.ts';

/**
 * The table of rules: one row per kind of fact. Each returns the transactions that the payment should have, as `type
 * [interactionId]`. Amounts are Stripe's, converted to the payment's digits; `record` leaves existing transactions
 * alone.
 */
export const RULES: {
  [K in Fact['kind']]: (fact: Extract<Fact, { kind: K }>, payment: PaymentView) => TransactionFact[];
} = {
  /**
   * Authorization [PaymentIntent; PaymentIntent:sum for each raise], Charge [PaymentIntent, or charge:sum] for the
   * captured amount, CancelAuthorization [PaymentIntent] for the rest.
   */
  paymentIntent: (fact, payment) => [
    ...authorization(fact, payment),
    ...captures(fact, payment),
    ...cancellation(fact.paymentIntent, payment),
  ],
  /** Authorization:Success [PaymentIntent], Charge:Success [charge:sum] for a capture that is not the last. */
  charge: authorizationAndNonFinalCapture,
  /** Refund [refund] for each; never a Chargeback. */
  refunds: oneForEachRefund,
  /** Chargeback [dispute]. */
  dispute: chargeback,
  /** A Failure of the requested operation [operation id]. */
  refusedOperation: ({ type, amount, operationId, refusedAt }) => [
    { type, state: 'Failure', amount, interactionId: operationId, occurredAt: refusedAt.toISOString() },
  ],
};

/**
 * The Authorization shows the PaymentIntent's present state, which is read and not accumulated, so the order of events
 * does not matter (rulings 2). A decline while the shopper can still retry writes no transaction, unless the money was
 * already on its way.
 */
function authorization(
  { paymentIntent, wasProcessing = false, reportedAt }: Extract<Fact, { kind: 'paymentIntent' }>,
  payment: PaymentView,
): TransactionFact[] {
  const { id, status, amount, currency, created } = paymentIntent;
  const raise = () =>
    isRaisable(paymentIntent) ? raisedUpTo(amount, currency, { paymentIntentId: id, reportedAt }, payment) : [];
  const known = payment.transactions.find(
    ({ type, interactionId }) => type === 'Authorization' && interactionId === id,
  );
  const show = (state: TransactionFact['state']): TransactionFact[] => [
    {
      type: 'Authorization',
      state,
      amount: money(amount, currency, payment),
      interactionId: id,
      occurredAt: iso(created),
    },
  ];
  if (isUnderWay(paymentIntent)) return show('Pending');
  switch (status) {
    case 'succeeded':
    case 'requires_capture':
      return [...show('Success'), ...raise()];
    case 'canceled':
      // An authorisation that happened stays beside its cancellation; one that never happened has failed.
      return known?.state === 'Success' ? raise() : show('Failure');
    default:
      return known?.state === 'Pending' || (wasProcessing && known?.state !== 'Success') ? show('Failure') : [];
  }
}

/**
 * The raise of an existing authorisation up to `total` (Stripe minor units): an Authorization of its own under the
 * PaymentIntent's id and the sum, because commercetools cannot change a transaction's amount. None if the payment has
 * no Authorization yet: its first one gets the whole amount.
 */
function raisedUpTo(
  total: number,
  currency: string,
  { paymentIntentId: id, reportedAt }: { paymentIntentId: string; reportedAt: Date },
  payment: PaymentView,
): TransactionFact[] {
  const amount = money(total, currency, payment);
  const known = payment.transactions.filter(
    ({ type, interactionId }) =>
      type === 'Authorization' && (interactionId === id || interactionId?.startsWith(`${id}:`)),
  );
  const isKnown = known.some(({ interactionId }) => interactionId === id);
  const missing = amount.centAmount - known.reduce((sum, { amount: { centAmount } }) => sum + centAmount, 0);
  if (!isKnown || missing <= 0 || known.some((one) => one.amount.currencyCode !== amount.currencyCode)) return [];
  const raised = { ...amount, centAmount: missing };
  const interactionId = `${id}:${total}`;
  return [
    { type: 'Authorization', state: 'Success', amount: raised, interactionId, occurredAt: reportedAt.toISOString() },
  ];
}

/**
 * The captured amount that no Charge has yet. The last or only capture has the PaymentIntent's id, unless an earlier
 * Charge has it (the original connector's partial captures do). Any other capture has the charge's id and the sum
 * captured so far.
 */
function captures(
  { paymentIntent, reportedAt }: Extract<Fact, { kind: 'paymentIntent' }>,
  payment: PaymentView,
): TransactionFact[] {
  const { id, status, amount_received: received, currency } = paymentIntent;
  if (!received) return [];
  const isTaken = payment.transactions.some(
    ({ type, state, interactionId }) => type === 'Charge' && state === 'Success' && interactionId === id,
  );
  if (status === 'succeeded' && !isTaken) return chargeUpTo(received, currency, id, reportedAt, payment);
  return chargeUpTo(received, currency, `${latestChargeOf(paymentIntent) ?? id}:${received}`, reportedAt, payment);
}

function authorizationAndNonFinalCapture(
  { charge, reportedAt }: Extract<Fact, { kind: 'charge' }>,
  payment: PaymentView,
): TransactionFact[] {
  const {
    id,
    status,
    amount,
    currency,
    created,
    captured,
    amount_captured: soFar,
    payment_intent: paymentIntentId,
  } = charge;
  if (status !== 'succeeded') return [];
  const authorized = paymentIntentId ?? id;
  return [
    {
      type: 'Authorization',
      state: 'Success',
      amount: money(amount, currency, payment),
      interactionId: authorized,
      occurredAt: iso(created),
    },
    ...(isRaisableCharge(charge)
      ? raisedUpTo(amount, currency, { paymentIntentId: authorized, reportedAt }, payment)
      : []),
    // `captured` is true after the final or only capture, which is booked from the PaymentIntent.
    ...(!captured && soFar ? chargeUpTo(soFar, currency, `${id}:${soFar}`, reportedAt, payment) : []),
  ];
}

/**
 * A Charge over the amount that is missing up to `total` (Stripe minor units); none if the existing Charges already
 * have that sum. Charges in another currency do not count: the original connector booked settled amounts in the
 * account's currency.
 */
function chargeUpTo(
  total: number,
  currency: string,
  interactionId: string,
  capturedAt: Date,
  payment: PaymentView,
): TransactionFact[] {
  const { centAmount, ...unit } = money(total, currency, payment);
  const missing = centAmount - sumOf(transactionsIn(unit.currencyCode, payment), 'Charge');
  if (missing <= 0) return [];
  return [
    {
      type: 'Charge',
      state: 'Success',
      amount: { centAmount: missing, ...unit },
      interactionId,
      occurredAt: capturedAt.toISOString(),
    },
  ];
}

/** The uncaptured rest of a canceled PaymentIntent. */
function cancellation(paymentIntent: PaymentIntentObject, payment: PaymentView): TransactionFact[] {
  const { id, status, amount, amount_received: received, currency } = paymentIntent;
  const rest = amount - (received ?? 0);
  if (status !== 'canceled' || rest <= 0) return [];
  const canceledAt = typeof paymentIntent.canceled_at === 'number' ? paymentIntent.canceled_at : paymentIntent.created;
  return [
    {
      type: 'CancelAuthorization',
      state: 'Success',
      amount: money(rest, currency, payment),
      interactionId: id,
      occurredAt: iso(canceledAt),
    },
  ];
}

const transactionsIn = (currencyCode: string, { transactions }: PaymentView) =>
  transactions.filter(({ amount }) => amount.currencyCode === currencyCode) as Parameters<typeof sumOf>[0];
