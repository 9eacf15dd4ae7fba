import type { Payment } from '@commercetools/platform-sdk';
import { defaultFractionDigits, fromStripeAmount, type Money, sumOf, toStripeAmount } from '@connector/payment-model';
import type { Fact, TransactionFact } from './facts.ts';
import type { DisputeObject, PaymentIntentObject, RefundObject } from './stripe-objects.ts';

/** What the rules look at of a payment. */
export type PaymentView = Pick<Payment, 'transactions' | 'amountPlanned'>;

/** One row per kind of fact; each answers which transactions ought to be there. */
export const RULES: {
  [K in Fact['kind']]: (fact: Extract<Fact, { kind: K }>, payment: PaymentView) => TransactionFact[];
} = {
  paymentIntent: (fact, payment) => [
    ...authorization(fact, payment),
    ...captures(fact.paymentIntent, payment),
    ...cancellation(fact.paymentIntent, payment),
  ],
  charge: authorizationAndNonFinalCapture,
  refunds: oneForEachRefund,
  dispute: chargeback,
  refusedOperation: ({ type, amount, operationId, refusedAt }) => [
    { type, state: 'Failure', amount, interactionId: operationId, occurredAt: refusedAt.toISOString() },
  ],
};

/**
 * The Authorization shows the PaymentIntent's state now, so the order of events does not matter: it is read, not accumulated.
 * While the shopper is still there a decline leaves no trace unless the money had been on its way.
 */
function authorization(
  { paymentIntent, wasProcessing = false }: Extract<Fact, { kind: 'paymentIntent' }>,
  payment: PaymentView,
): TransactionFact[] {
  const { id, status, amount, currency, created } = paymentIntent;
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
  switch (status) {
    case 'succeeded':
    case 'requires_capture':
      return show('Success');
    case 'processing':
      return show('Pending');
    case 'canceled':
      // A real authorisation stays beside its cancellation; one that never came about has failed.
      return known?.state === 'Success' ? [] : show('Failure');
    default:
      return known?.state === 'Pending' || (wasProcessing && known?.state !== 'Success') ? show('Failure') : [];
  }
}

/**
 * What was captured and is in no Charge yet. The last or only capture carries the PaymentIntent's id; one that is not the last
 * carries the charge's id and the sum captured so far.
 */
function captures(paymentIntent: PaymentIntentObject, payment: PaymentView): TransactionFact[] {
  const { id, status, amount_received: received, currency, created, latest_charge: chargeId } = paymentIntent;
  if (!received) return [];
  if (status === 'succeeded') return chargeUpTo(received, currency, id, created, payment);
  if (chargeId === undefined) return [];
  return chargeUpTo(received, currency, `${chargeId}:${received}`, created, payment);
}

function authorizationAndNonFinalCapture(
  { charge }: Extract<Fact, { kind: 'charge' }>,
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
  return [
    {
      type: 'Authorization',
      state: 'Success',
      amount: money(amount, currency, payment),
      interactionId: paymentIntentId ?? id,
      occurredAt: iso(created),
    },
    // Once `captured` is true it was the final or only capture: that one is booked from the PaymentIntent.
    ...(!captured && soFar ? chargeUpTo(soFar, currency, `${id}:${soFar}`, created, payment) : []),
  ];
}

/** A Charge for what is missing up to `total` (Stripe minor units); none when Charges of that sum are there. */
function chargeUpTo(
  total: number,
  currency: string,
  interactionId: string,
  created: number,
  payment: PaymentView,
): TransactionFact[] {
  const { centAmount, ...unit } = money(total, currency, payment);
  const missing = centAmount - sumOf(transactionsOf(payment), 'Charge');
  if (missing <= 0) return [];
  return [
    {
      type: 'Charge',
      state: 'Success',
      amount: { centAmount: missing, ...unit },
      interactionId,
      occurredAt: iso(created),
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

const REFUND_STATES: Record<string, TransactionFact['state']> = {
  succeeded: 'Success',
  failed: 'Failure',
  canceled: 'Failure',
};

/**
 * One Refund for each refund of the charge, under its own id. What exceeds the captured amount is no refund but the release of
 * an authorisation, and is not booked; so is everything while nothing is captured.
 */
function oneForEachRefund(
  { charge, refunds }: Extract<Fact, { kind: 'refunds' }>,
  payment: PaymentView,
): TransactionFact[] {
  const captured = charge.amount_captured ?? (charge.captured ? charge.amount : 0);
  let room = captured;
  let bookedTogether = refundedUnderThePaymentIntent(charge.payment_intent, payment);
  return refunds.toSorted(byCreation).flatMap((refund) => {
    const state = REFUND_STATES[refund.status ?? ''] ?? 'Pending';
    if (state !== 'Failure') {
      if (refund.amount > room) return [];
      room -= refund.amount;
      if (refund.amount <= bookedTogether) {
        bookedTogether -= refund.amount;
        return [];
      }
    }
    const amount = money(refund.amount, refund.currency, payment);
    return [{ type: 'Refund' as const, state, amount, interactionId: refund.id, occurredAt: iso(refund.created) }];
  });
}

const byCreation = (a: RefundObject, b: RefundObject): number => a.created - b.created || (a.id < b.id ? -1 : 1);

/** What the original connector booked as one Refund under the PaymentIntent's id, in Stripe minor units: those refunds are there already. */
function refundedUnderThePaymentIntent(paymentIntentId: string | undefined, payment: PaymentView): number {
  const together = transactionsOf(
    payment,
    ({ interactionId }) => Boolean(interactionId) && interactionId === paymentIntentId,
  );
  const centAmount = sumOf(together, 'Refund', ['Success', 'Pending']);
  const { currencyCode, fractionDigits } = payment.amountPlanned;
  return centAmount === 0 ? 0 : toStripeAmount({ centAmount, currencyCode, fractionDigits });
}

/** A Chargeback for a dispute; inquiries that moved no money leave none. */
function chargeback({ dispute }: Extract<Fact, { kind: 'dispute' }>, payment: PaymentView): TransactionFact[] {
  const { id, amount, currency, created } = dispute;
  const known = payment.transactions.some(({ type, interactionId }) => type === 'Chargeback' && interactionId === id);
  const state = chargebackState(dispute, known);
  if (!state) return [];
  return [
    {
      type: 'Chargeback',
      state,
      amount: money(amount, currency, payment),
      interactionId: id,
      occurredAt: iso(created),
    },
  ];
}

function chargebackState(dispute: DisputeObject, known: boolean): TransactionFact['state'] | undefined {
  const { status } = dispute;
  switch (status) {
    case 'won':
      return 'Failure';
    case 'lost':
      return 'Success';
    case 'warning_needs_response':
    case 'warning_under_review':
      return undefined;
    case 'warning_closed':
    case 'prevented':
      return known ? 'Failure' : undefined;
    default: {
      const movements = dispute.balance_transactions ?? [];
      const withdrawn = movements.some((movement) => movement.amount < 0);
      const reinstated = movements.some((movement) => movement.amount > 0);
      if (reinstated) return 'Failure';
      return withdrawn ? 'Success' : 'Pending';
    }
  }
}

const transactionsOf = (
  payment: PaymentView,
  wanted: (transaction: Payment['transactions'][number]) => boolean = () => true,
) =>
  payment.transactions.filter(wanted).map(({ type, state, amount }) => ({ type, state, amount })) as Parameters<
    typeof sumOf
  >[0];

/** Stripe's minor units as the payment counts its money. Throws InexpressibleAmountError. */
function money(amount: number, currency: string, { amountPlanned }: PaymentView): Money {
  const code = currency.toUpperCase();
  const digits = code === amountPlanned.currencyCode ? amountPlanned.fractionDigits : defaultFractionDigits(code);
  return fromStripeAmount(amount, code, digits);
}

/** Stripe's seconds since the epoch. */
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
