import type { Payment } from '@commercetools/platform-sdk';
import { defaultFractionDigits, fromStripeAmount, type Money, sumOf } from '@connector/payment-model';
import type { Fact, TransactionFact } from './facts.ts';
import type { DisputeObject, PaymentIntentObject, RefundObject } from './stripe-objects.ts';

/** What the rules look at of a payment. */
export type PaymentView = Pick<Payment, 'transactions' | 'amountPlanned'>;

/**
 * The table: one row per kind of fact, each answering which transactions ought to be there, as `type [interactionId]`. An amount is
 * Stripe's, in the payment's currency digits; what is there already `record` leaves alone.
 */
export const RULES: {
  [K in Fact['kind']]: (fact: Extract<Fact, { kind: K }>, payment: PaymentView) => TransactionFact[];
} = {
  /** Authorization [PaymentIntent], Charge [PaymentIntent, or charge:sum] for what is captured, CancelAuthorization [PaymentIntent] for the rest. */
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
  /** A Failure of what was asked for [operation]. */
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
 * What was captured and is in no Charge yet. The last or only capture carries the PaymentIntent's id, unless an earlier one has it (the
 * original connector's partial captures do); one that is not the last carries the charge's id and the sum captured so far.
 */
function captures(
  { paymentIntent, toldAt }: Extract<Fact, { kind: 'paymentIntent' }>,
  payment: PaymentView,
): TransactionFact[] {
  const { id, status, amount_received: received, currency, latest_charge: chargeId } = paymentIntent;
  if (!received) return [];
  const isTaken = payment.transactions.some(
    ({ type, state, interactionId }) => type === 'Charge' && state === 'Success' && interactionId === id,
  );
  if (status === 'succeeded' && !isTaken) return chargeUpTo(received, currency, id, toldAt, payment);
  if (chargeId === undefined) return [];
  return chargeUpTo(received, currency, `${chargeId}:${received}`, toldAt, payment);
}

function authorizationAndNonFinalCapture(
  { charge, toldAt }: Extract<Fact, { kind: 'charge' }>,
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
    ...(!captured && soFar ? chargeUpTo(soFar, currency, `${id}:${soFar}`, toldAt, payment) : []),
  ];
}

/** A Charge for what is missing up to `total` (Stripe minor units); none when Charges of that sum are there. */
function chargeUpTo(
  total: number,
  currency: string,
  interactionId: string,
  capturedAt: Date,
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

const REFUND_STATES: Record<string, TransactionFact['state']> = {
  succeeded: 'Success',
  failed: 'Failure',
  canceled: 'Failure',
};
const refundState = ({ status }: RefundObject): TransactionFact['state'] => REFUND_STATES[status ?? ''] ?? 'Pending';

/**
 * One Refund for each refund of the charge, under its own id. The release of an authorisation is no refund and is not booked; nor is
 * anything beyond the captured amount, which is everything while nothing is captured.
 */
function oneForEachRefund(
  { charge, refunds }: Extract<Fact, { kind: 'refunds' }>,
  payment: PaymentView,
): TransactionFact[] {
  const captured = charge.amount_captured ?? (charge.captured ? charge.amount : 0);
  const ordered = refunds.toSorted(byCreation);
  const common = commonRefund(charge.payment_intent, ordered, payment);
  let room = captured;
  const own = ordered.flatMap((refund): TransactionFact[] => {
    if (isRelease(refund, charge.amount - captured)) return [];
    const state = refundState(refund);
    if (state !== 'Failure') {
      if (refund.amount > room) return [];
      room -= refund.amount;
    }
    if (common.stands.has(refund.id)) return [];
    const amount = money(refund.amount, refund.currency, payment);
    return [{ type: 'Refund', state, amount, interactionId: refund.id, occurredAt: iso(refund.created) }];
  });
  return [...common.failed, ...own];
}

const byCreation = (a: RefundObject, b: RefundObject): number => a.created - b.created || (a.id < b.id ? -1 : 1);

/** Stripe shows money that was authorised and let go of as a succeeded refund, though none moved: without a balance transaction. */
const isRelease = ({ status, amount, balance_transaction: movement }: RefundObject, uncaptured: number): boolean =>
  status === 'succeeded' && !movement && amount <= uncaptured;

/**
 * The original connector booked the first refunds as one Refund under the PaymentIntent's id. Those refunds are there already, until one
 * of them fails: then the common Refund fails, and each stands under its own id.
 */
function commonRefund(
  paymentIntentId: string | undefined,
  ordered: readonly RefundObject[],
  payment: PaymentView,
): { stands: ReadonlySet<string>; failed: TransactionFact[] } {
  const none = { stands: new Set<string>(), failed: [] };
  const booked = payment.transactions.find(
    ({ type, interactionId }) => type === 'Refund' && interactionId && interactionId === paymentIntentId,
  );
  if (!booked?.interactionId || booked.state === 'Failure') return none;
  const { interactionId, timestamp } = booked;
  const { centAmount, currencyCode, fractionDigits } = booked.amount;
  let left = centAmount;
  const together: RefundObject[] = [];
  for (const refund of ordered) {
    left -= money(refund.amount, refund.currency, payment).centAmount;
    if (left < 0) break;
    together.push(refund);
  }
  if (!together.some((refund) => refundState(refund) === 'Failure')) {
    return { stands: new Set(together.map(({ id }) => id)), failed: [] };
  }
  const amount = { centAmount, currencyCode, fractionDigits };
  const occurredAt = timestamp ?? iso(together[0]?.created ?? 0);
  return { ...none, failed: [{ type: 'Refund', state: 'Failure', amount, interactionId, occurredAt }] };
}

/** A Chargeback for a dispute; inquiries that moved no money leave none. */
function chargeback({ dispute, told }: Extract<Fact, { kind: 'dispute' }>, payment: PaymentView): TransactionFact[] {
  const { id, amount, currency, created } = dispute;
  const known = payment.transactions.some(({ type, interactionId }) => type === 'Chargeback' && interactionId === id);
  const before = told && chargebackState(told);
  const state = chargebackState(dispute, known || before !== undefined, before === 'Failure');
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

/**
 * Where the disputed money is by the dispute as it is read. `wasFormal` and `wasReturned` are what it has been before, so that what is
 * left does not depend on which of its states were seen.
 */
function chargebackState(
  { status, balance_transactions }: DisputeObject,
  wasFormal = false,
  wasReturned = false,
): TransactionFact['state'] | undefined {
  const movements = balance_transactions ?? [];
  const withdrawals = movements.filter(({ amount }) => amount < 0).length;
  const reinstatements = movements.filter(({ amount }) => amount > 0).length;
  // Counted, not summed: they are in the settlement currency, whose rate moves between them.
  const isReturned = reinstatements > 0 && reinstatements >= withdrawals;
  switch (status) {
    case 'won':
      return 'Failure';
    case 'lost':
      return isReturned ? 'Failure' : 'Success';
    case 'warning_needs_response':
    case 'warning_under_review':
      return undefined;
    case 'warning_closed':
    case 'prevented':
      return wasFormal ? 'Failure' : undefined;
    default:
      if (isReturned) return 'Failure';
      if (withdrawals > 0) return 'Success';
      return wasReturned ? 'Failure' : 'Pending';
  }
}

const transactionsOf = ({ transactions }: PaymentView) => transactions as Parameters<typeof sumOf>[0];

/** Stripe's minor units as the payment counts its money. Throws InexpressibleAmountError. */
function money(amount: number, currency: string, { amountPlanned }: PaymentView): Money {
  const code = currency.toUpperCase();
  const digits = code === amountPlanned.currencyCode ? amountPlanned.fractionDigits : defaultFractionDigits(code);
  return fromStripeAmount(amount, code, digits);
}

/** Stripe's seconds since the epoch. */
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
