/** What the consistency check looks at of the simulated Stripe's `/_sandbox/stripe/state`. Amounts in Stripe minor units. */
export interface StripeTruth {
  readonly payment_intents: readonly StripePaymentIntent[];
  readonly charges: readonly StripeCharge[];
  readonly refunds: readonly StripeRefund[];
  readonly disputes: readonly StripeDispute[];
}
export interface StripePaymentIntent {
  readonly id: string;
  readonly status: string;
  readonly amount: number;
  readonly amount_received: number;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
}
export interface StripeCharge {
  readonly id: string;
  readonly payment_intent: string | null;
  readonly status: string;
  readonly payment_method_details?: { readonly type: string } | null;
}
export interface StripeRefund {
  readonly id: string;
  readonly payment_intent: string | null;
  readonly amount: number;
  readonly status: string | null;
  /** It only let go of authorised money that was never captured. */
  readonly is_release: boolean;
}
export interface StripeDispute {
  readonly id: string;
  readonly payment_intent: string | null;
  readonly amount: number;
  readonly status: string;
  readonly balance_transactions: readonly { readonly amount: number }[];
}

/** What the consistency check looks at of the simulated commercetools' `/_sandbox/commercetools/state`. */
export interface CommercetoolsTruth {
  readonly payments: readonly CommercetoolsPayment[];
  readonly carts: readonly { id: string; paymentInfo?: { payments: readonly { id: string }[] } }[];
}
export interface CommercetoolsPayment {
  readonly id: string;
  readonly key?: string;
  readonly interfaceId?: string;
  readonly transactions: readonly Transaction[];
}
export interface Transaction {
  readonly type: string;
  readonly state: string;
  readonly interactionId?: string;
  readonly amount: { readonly centAmount: number; readonly currencyCode: string; readonly fractionDigits: number };
}

export type Verdict = 'lost' | 'duplicated' | 'wrong' | 'stuck' | 'orphaned';
export const VERDICTS: readonly Verdict[] = ['lost', 'duplicated', 'wrong', 'stuck', 'orphaned'];

export interface Finding {
  readonly verdict: Verdict;
  readonly paymentIntentId?: string;
  readonly paymentId?: string;
  /** One sentence: what there ought to be, and what there is. */
  readonly what: string;
}

/** A transaction that commercetools has to show; `amount` in Stripe minor units. */
interface Expected {
  readonly type: string;
  readonly interactionId: string;
  readonly state: string;
  readonly amount: number;
}

/**
 * Compares what happened at Stripe with what commercetools shows, PaymentIntent by PaymentIntent, once everything is at rest. It
 * states the ledger's rules a second time, on its own, and shares no code with the ledger.
 *
 * Authorization: the PaymentIntent's state. Charge: the sum captured. Refund: one for each refund of captured money, in its state.
 * Chargeback: one for each dispute that moved money, by where the money is. CancelAuthorization: the uncaptured rest of a canceled
 * PaymentIntent. Failed transactions besides these are refused operations and are let pass.
 *
 * lost = not there; duplicated = there more than once; wrong = other state or amount, or nothing at Stripe stands for it;
 * stuck = Initial or Pending where Stripe has decided; orphaned = one side without the other, or a payment that is on no cart.
 */
export function compare(stripe: StripeTruth, commercetools: CommercetoolsTruth): Finding[] {
  const findings: Finding[] = [];
  const byPaymentIntent = Map.groupBy(commercetools.payments, ({ interfaceId }) => interfaceId ?? '');
  const chargesOf = Map.groupBy(stripe.charges, (charge) => charge.payment_intent);
  const refundsOf = Map.groupBy(stripe.refunds, (refund) => refund.payment_intent);
  const disputesOf = Map.groupBy(stripe.disputes, (dispute) => dispute.payment_intent);
  const placesOf = new Map<string, string[]>();
  for (const { id, paymentInfo } of commercetools.carts) {
    for (const payment of paymentInfo?.payments ?? [])
      placesOf.set(payment.id, [...(placesOf.get(payment.id) ?? []), id]);
  }

  const untied = new Map(
    commercetools.payments.flatMap((each) => (each.key && !each.interfaceId ? [[each.key, each]] : [])),
  );

  for (const paymentIntent of stripe.payment_intents) {
    const { id: paymentIntentId, metadata } = paymentIntent;
    const byKey = isUnpaid(paymentIntent) ? untied.get(metadata.ct_payment_key ?? '') : undefined;
    const [payment, ...more] = byPaymentIntent.get(paymentIntentId) ?? (byKey ? [byKey] : []);
    if (payment === byKey) untied.delete(byKey?.key ?? '');
    const find = (verdict: Verdict, what: string) =>
      findings.push({ verdict, paymentIntentId, ...(payment && { paymentId: payment.id }), what });
    for (const { id } of more) find('duplicated', `payment ${id} stands for the same PaymentIntent`);
    if (!payment) {
      find('orphaned', `no payment for a PaymentIntent of ${paymentIntent.amount} that is ${paymentIntent.status}`);
      if (paymentIntent.amount_received > 0) find('lost', `${paymentIntent.amount_received} received at Stripe`);
      continue;
    }
    const places = placesOf.get(payment.id) ?? [];
    if (places.length === 0) find('orphaned', 'the payment is on no cart');
    if (places.length > 1) find('duplicated', `the payment is on carts ${places.length} times: ${places.join(', ')}`);
    if (metadata.cart_id && places.length === 1 && places[0] !== metadata.cart_id) {
      find('wrong', `the payment is on cart ${places[0]}, not on ${metadata.cart_id}`);
    }
    const happened = {
      paymentIntent,
      charges: chargesOf.get(paymentIntentId) ?? [],
      refunds: refundsOf.get(paymentIntentId) ?? [],
      disputes: disputesOf.get(paymentIntentId) ?? [],
    };
    for (const [verdict, what] of compareTransactions(happened, payment)) find(verdict, what);
  }

  const known = new Set(stripe.payment_intents.map(({ id }) => id));
  for (const { id: paymentId, key, interfaceId } of commercetools.payments) {
    if (interfaceId ? known.has(interfaceId) : !untied.has(key ?? '')) continue;
    const what = `payment ${key ?? ''} has ${interfaceId ? `the unknown PaymentIntent ${interfaceId}` : 'no PaymentIntent'}`;
    findings.push({ verdict: 'orphaned', paymentId, what });
  }
  return findings;
}

/**
 * A checkout that was opened, and left. Who opened it may have died before it wrote which PaymentIntent the payment belongs to; they find each
 * other by the payment's key in the metadata, at the next try, the first event, or by reconcile-pending.
 */
const isUnpaid = ({ status, amount_received: received }: StripePaymentIntent): boolean =>
  received === 0 && (status.startsWith('requires_payment') || status === 'requires_action' || status === 'canceled');

interface Happened {
  readonly paymentIntent: StripePaymentIntent;
  readonly charges: readonly StripeCharge[];
  readonly refunds: readonly StripeRefund[];
  readonly disputes: readonly StripeDispute[];
}

function* compareTransactions(
  happened: Happened,
  { transactions }: CommercetoolsPayment,
): Generator<[Verdict, string]> {
  const { paymentIntent } = happened;
  const { currency } = paymentIntent;
  const expected = expectedOf(happened);
  const isExpected = new Set(expected.map(({ type, interactionId }) => `${type} ${interactionId}`));
  const seen = new Set<string>();

  for (const transaction of transactions) {
    const { type, state, interactionId, amount } = transaction;
    const name = `${type} ${interactionId ?? ''}`;
    if (seen.has(name)) yield ['duplicated', `${name} is there more than once`];
    seen.add(name);
    if (amount.currencyCode.toLowerCase() !== currency) {
      yield ['wrong', `${name} is in ${amount.currencyCode}, Stripe's money in ${currency}`];
    }
    if (type === 'Charge' && state !== 'Failure') {
      if (interactionId !== paymentIntent.id && !isOfCharge(interactionId, happened.charges)) {
        yield ['wrong', `${name}:${state} stands for no capture`];
      } else if (state !== 'Success') yield ['stuck', `${name} is ${state}`];
    } else if (!isExpected.has(name) && !(state === 'Failure' && isOperation(type, interactionId))) {
      yield ['wrong', `${name}:${state} of ${amount.centAmount}: nothing at Stripe stands for it`];
    }
  }

  for (const { type, interactionId, state, amount } of expected) {
    const booked = transactions.find((each) => each.type === type && each.interactionId === interactionId);
    const name = `${type} ${interactionId}`;
    if (!booked) {
      yield ['lost', `${name}:${state} of ${amount} is not there`];
      continue;
    }
    if (booked.state !== state) {
      const isBehind = booked.state === 'Initial' || booked.state === 'Pending';
      yield [isBehind ? 'stuck' : 'wrong', `${name} is ${booked.state}, at Stripe it is ${state}`];
    }
    if (!isWorth(booked, amount, currency)) {
      yield ['wrong', `${name} is of ${booked.amount.centAmount}, at Stripe of ${amount}`];
    }
  }

  const charged = transactions
    .filter(({ type, state }) => type === 'Charge' && state === 'Success')
    .reduce((sum, transaction) => sum + worth(transaction, currency), 0);
  const received = paymentIntent.amount_received;
  if (charged < received) yield ['lost', `Charges of ${charged}, at Stripe ${received} was captured`];
  if (charged > received) yield ['duplicated', `Charges of ${charged}, at Stripe ${received} was captured`];
}

/** A capture that is not the last is booked under its charge and the sum captured so far. */
const isOfCharge = (interactionId: string | undefined, charges: readonly StripeCharge[]): boolean =>
  charges.some(({ id }) => interactionId?.startsWith(`${id}:`));

/** Captures, refunds and cancellations that Stripe refused stand under the operation's own id. */
const isOperation = (type: string, interactionId: string | undefined): boolean =>
  ['Charge', 'Refund', 'CancelAuthorization'].includes(type) &&
  !/^(pi|ch|py|re|pyr|du|dp)_/.test(interactionId ?? 'pi_');

/** All but the Charges, which are compared by their sum. */
function expectedOf({ paymentIntent, charges, refunds, disputes }: Happened): Expected[] {
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
/** Methods that are on their way for days before they succeed or fail. */
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
      // Waiting for the shopper: only money that had been on its way leaves a failed Authorization.
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
const worth = ({ amount }: Transaction, currency: string): number => {
  const digits = STRIPE_DIGITS[currency] ?? 2;
  const shift = digits - amount.fractionDigits;
  return shift >= 0 ? amount.centAmount * 10 ** shift : amount.centAmount / 10 ** -shift;
};
const isWorth = (transaction: Transaction, amount: number, currency: string) => worth(transaction, currency) === amount;
