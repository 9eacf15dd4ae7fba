import { type Expected, expectedOf, type Happened, isWorth, worth } from './expected.ts';
import type {
  CommercetoolsPayment,
  CommercetoolsTruth,
  StripeCharge,
  StripePaymentIntent,
  StripeTruth,
} from './truths.ts';

export type Verdict = 'lost' | 'duplicated' | 'wrong' | 'stuck' | 'orphaned';
export const VERDICTS: readonly Verdict[] = ['lost', 'duplicated', 'wrong', 'stuck', 'orphaned'];

export interface Finding {
  readonly verdict: Verdict;
  readonly paymentIntentId?: string;
  readonly paymentId?: string;
  /** One sentence: the expected and the found state. */
  readonly what: string;
}

/**
 * Compares Stripe's events with what commercetools shows, PaymentIntent by PaymentIntent, when nothing moves any more.
 * It states the ledger's rules a second time and shares no code with the ledger.
 *
 * Authorization: the PaymentIntent's state. Charge: the sum captured. Refund: one for each refund of captured money, in
 * its state. Chargeback: one for each dispute that moved money, by where the money is. CancelAuthorization: the
 * uncaptured rest of a canceled PaymentIntent. Other failed transactions are refused operations, and are allowed.
 *
 * lost = missing; duplicated = there more than once; wrong = other state or amount, or nothing at Stripe explains it;
 * stuck = Initial or Pending although Stripe has decided; orphaned = one side without the other, or a payment that is
 * on no cart.
 */
export function compare(stripe: StripeTruth, commercetools: CommercetoolsTruth): Finding[] {
  const findings: Finding[] = [];
  const byPaymentIntent = Map.groupBy(commercetools.payments, ({ interfaceId }) => interfaceId ?? '');
  const happenedTo = happenedOf(stripe);
  const placesOf = placesIn(commercetools);
  const untied = new Map(
    commercetools.payments.flatMap((each) => (each.key && !each.interfaceId ? [[each.key, each]] : [])),
  );

  for (const paymentIntent of stripe.payment_intents) {
    const { id: paymentIntentId, metadata } = paymentIntent;
    const byKey = isUnpaid(paymentIntent) ? untied.get(metadata.ct_payment_key ?? '') : undefined;
    const [payment, ...more] = byPaymentIntent.get(paymentIntentId) ?? (byKey ? [byKey] : []);
    if (payment === byKey) untied.delete(byKey?.key ?? '');
    const found = payment
      ? [
          ...more.map(({ id }): Found => ['duplicated', `payment ${id} stands for the same PaymentIntent`]),
          ...comparePlaces(placesOf(payment), metadata.cart_id),
          ...compareTransactions(happenedTo(paymentIntent), payment),
        ]
      : withoutPayment(paymentIntent);
    for (const [verdict, what] of found)
      findings.push({ verdict, paymentIntentId, ...(payment && { paymentId: payment.id }), what });
  }

  const known = new Set(stripe.payment_intents.map(({ id }) => id));
  for (const { id: paymentId, key, interfaceId } of commercetools.payments) {
    if (interfaceId ? known.has(interfaceId) : !untied.has(key ?? '')) continue;
    const what = `payment ${key ?? ''} has ${interfaceId ? `the unknown PaymentIntent ${interfaceId}` : 'no PaymentIntent'}`;
    findings.push({ verdict: 'orphaned', paymentId, what });
  }
  return findings;
}

type Found = [Verdict, string];

/** The objects of a PaymentIntent at Stripe. */
function happenedOf(stripe: StripeTruth): (paymentIntent: StripePaymentIntent) => Happened {
  const chargesOf = Map.groupBy(stripe.charges, (charge) => charge.payment_intent);
  const refundsOf = Map.groupBy(stripe.refunds, (refund) => refund.payment_intent);
  const disputesOf = Map.groupBy(stripe.disputes, (dispute) => dispute.payment_intent);
  return (paymentIntent) => ({
    paymentIntent,
    charges: chargesOf.get(paymentIntent.id) ?? [],
    refunds: refundsOf.get(paymentIntent.id) ?? [],
    disputes: disputesOf.get(paymentIntent.id) ?? [],
  });
}

/** The carts that a payment is on, each as often as it is there. */
function placesIn({ carts }: CommercetoolsTruth): (payment: CommercetoolsPayment) => readonly string[] {
  const places = Map.groupBy(
    carts.flatMap(({ id, paymentInfo }) => (paymentInfo?.payments ?? []).map((payment) => [payment.id, id] as const)),
    ([paymentId]) => paymentId,
  );
  return ({ id }) => (places.get(id) ?? []).map(([, cartId]) => cartId);
}

function* withoutPayment({ amount, status, amount_received: received }: StripePaymentIntent): Generator<Found> {
  yield ['orphaned', `no payment for a PaymentIntent of ${amount} that is ${status}`];
  if (received > 0) yield ['lost', `${received} received at Stripe`];
}

function* comparePlaces(places: readonly string[], cartId: string | undefined): Generator<Found> {
  if (places.length === 0) yield ['orphaned', 'the payment is on no cart'];
  if (places.length > 1) yield ['duplicated', `the payment is on carts ${places.length} times: ${places.join(', ')}`];
  if (cartId && places.length === 1 && places[0] !== cartId)
    yield ['wrong', `the payment is on cart ${places[0]}, not on ${cartId}`];
}

/**
 * A checkout that was opened and left. Its process may have died before it wrote the PaymentIntent's id on the payment.
 * The two are joined by the payment's key in the metadata: at the next try, by the first event, or by
 * reconcile-pending.
 */
const isUnpaid = ({ status, amount_received: received }: StripePaymentIntent): boolean =>
  received === 0 && (status.startsWith('requires_payment') || status === 'requires_action' || status === 'canceled');

function* compareTransactions(happened: Happened, { transactions }: CommercetoolsPayment): Generator<Found> {
  const expected = expectedOf(happened);
  yield* compareBooked(happened, expected, transactions);
  yield* compareExpected(happened, expected, transactions);
  yield* compareCharges(happened, transactions);
}

type Transactions = CommercetoolsPayment['transactions'];

/** What is booked, held against what happened. */
function* compareBooked(
  happened: Happened,
  expected: readonly Expected[],
  transactions: Transactions,
): Generator<Found> {
  const { currency, id: paymentIntentId } = happened.paymentIntent;
  const isExpected = new Set(expected.map(({ type, interactionId }) => `${type} ${interactionId}`));
  const seen = new Set<string>();
  for (const { type, state, interactionId, amount } of transactions) {
    const name = `${type} ${interactionId ?? ''}`;
    if (seen.has(name)) yield ['duplicated', `${name} is there more than once`];
    seen.add(name);
    if (amount.currencyCode.toLowerCase() !== currency) {
      yield ['wrong', `${name} is in ${amount.currencyCode}, Stripe's money in ${currency}`];
    }
    if (type === 'Charge' && state !== 'Failure') {
      if (interactionId !== paymentIntentId && !isOfCharge(interactionId, happened.charges)) {
        yield ['wrong', `${name}:${state} stands for no capture`];
      } else if (state !== 'Success') yield ['stuck', `${name} is ${state}`];
    } else if (!isExpected.has(name) && !(state === 'Failure' && isOperation(type, interactionId))) {
      yield ['wrong', `${name}:${state} of ${amount.centAmount}: nothing at Stripe stands for it`];
    }
  }
}

/** What happened, held against what is booked. */
function* compareExpected(
  { paymentIntent }: Happened,
  expected: readonly Expected[],
  transactions: Transactions,
): Generator<Found> {
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
    if (!isWorth(booked, amount, paymentIntent.currency)) {
      yield ['wrong', `${name} is of ${booked.amount.centAmount}, at Stripe of ${amount}`];
    }
  }
}

function* compareCharges({ paymentIntent }: Happened, transactions: Transactions): Generator<Found> {
  const { currency, amount_received: received } = paymentIntent;
  const charged = transactions
    .filter(({ type, state }) => type === 'Charge' && state === 'Success')
    .reduce((sum, transaction) => sum + worth(transaction, currency), 0);
  if (charged < received) yield ['lost', `Charges of ${charged}, at Stripe ${received} was captured`];
  if (charged > received) yield ['duplicated', `Charges of ${charged}, at Stripe ${received} was captured`];
}

/** A capture that is not the final one is booked under its charge and the sum captured so far. */
const isOfCharge = (interactionId: string | undefined, charges: readonly StripeCharge[]): boolean =>
  charges.some(({ id }) => interactionId?.startsWith(`${id}:`));

/** Captures, refunds and cancellations that Stripe refused are booked under the operation's own id. */
const isOperation = (type: string, interactionId: string | undefined): boolean =>
  ['Charge', 'Refund', 'CancelAuthorization'].includes(type) &&
  !/^(pi|ch|py|re|pyr|du|dp)_/.test(interactionId ?? 'pi_');
