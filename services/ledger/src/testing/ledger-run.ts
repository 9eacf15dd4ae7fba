import type { Payment, PaymentUpdateAction, Transaction } from '@commercetools/platform-sdk';
import { TransientError } from '@connector/errors';
import {
  type Charge,
  cart,
  METADATA_OF_OURS,
  money,
  PaymentLife,
  payment,
  type Truth,
  transaction,
} from '@connector/testing';
import { FakeCommercetools, FakeStripe } from '@connector/testing/fakes';
import { commercetoolsCarts, commercetoolsPayments } from '../adapters/commercetools-payments.ts';
import { stripeFacts } from '../adapters/stripe-facts.ts';
import { type RecordDependencies, recordPaymentEvent } from '../use-cases/record-payment-event.ts';
import type { Deliveries, History } from './histories.ts';
import { memory } from './memory.ts';
import { readEmission } from './messages.ts';

/** The state of commercetools when the events begin to arrive. */
export type Beginning =
  /** The payment that intent made. */
  | 'opened-by-intent'
  /** None: it was lost, or is not visible yet. */
  | 'unknown'
  /** The payment that the original connector made, nothing paid yet. */
  | 'opened-by-the-original'
  /** The payment that the original connector kept until a moment of its life. */
  | 'kept-by-the-original';

const { cart_id: cartId, ct_project_key: projectKey, ct_payment_key: paymentKey } = METADATA_OF_OURS;

/** The life of a PaymentIntent with its initial metadata, and its payment. */
export function begin(
  { captureMethod, showsReleases, isOlderEndpoint, isRaisable, takenOverAfter, steps }: History,
  beginning: Beginning,
) {
  const ofTheOriginal = beginning.endsWith('by-the-original');
  const before = payment(ofTheOriginal ? {} : { key: paymentKey });
  const metadata: Record<string, string> = ofTheOriginal
    ? { cart_id: cartId, ct_project_key: projectKey, ct_payment_id: before.id }
    : { ...METADATA_OF_OURS };
  const shape = { showsReleases, isOlderEndpoint, isRaisable };
  const life = PaymentLife.of(steps, { capture_method: captureMethod, metadata }, shape);
  if (!ofTheOriginal) return { life, before: beginning === 'unknown' ? undefined : before };
  const moment = beginning === 'kept-by-the-original' ? Math.min(takenOverAfter, life.truths.length - 1) : 0;
  return { life, before: { ...before, interfaceId: life.paymentIntent.id, transactions: asTheOriginal(life, moment) } };
}

/**
 * What the original connector has booked by a given moment: an Authorization from the beginning, declines as its
 * Failure, a cancellation over the whole amount, captures, all under the PaymentIntent's id, and the first refund (only
 * that) with a Chargeback beside.
 */
function asTheOriginal(life: PaymentLife, moment: number): Transaction[] {
  const { paymentIntent } = life.truths[moment] as Truth;
  const { id: interactionId, status, amount, amount_received: received, last_payment_error: declined } = paymentIntent;
  const states: Record<string, string> = {
    succeeded: 'Success',
    requires_capture: 'Success',
    processing: 'Pending',
    canceled: 'Failure',
  };
  const state = (states[status] ?? (declined ? 'Failure' : 'Initial')) as 'Initial';
  const of = (centAmount: number) => ({ amount: money(centAmount), interactionId });
  const refunded = life.emissions.find(
    (emission) => emission.by === 'stripe' && emission.moment <= moment && emission.event.type === 'charge.refunded',
  );
  const charge = refunded?.by === 'stripe' && (refunded.event.data.object as Charge);
  const isRelease = life.releases.size > 0;
  return [
    transaction('Authorization', state, { interactionId }),
    ...(status === 'canceled' ? [transaction('CancelAuthorization', 'Success', of(amount))] : []),
    ...(received > 0 ? [transaction('Charge', 'Success', of(received))] : []),
    ...(charge && !isRelease && charge.amount_refunded > 0
      ? (['Refund', 'Chargeback'] as const).map((type) => transaction(type, 'Success', of(charge.amount_refunded)))
      : []),
  ];
}

/** Every event arrives once, when it happens. */
export const IN_ORDER: Deliveries = [[{ delay: 0, rank: 0, process: 0, fault: undefined, restarted: false }]];

/** What is needed to record events, of one process, over these two. */
export const dependenciesOf = (commercetools: FakeCommercetools, stripe: FakeStripe): RecordDependencies => ({
  payments: commercetoolsPayments(commercetools),
  carts: commercetoolsCarts(commercetools),
  stripe: stripeFacts(stripe),
  projectKey,
  paymentInterface: 'checkout-stripe',
  livemode: false,
  interactionType: () => undefined,
  known: memory(),
});

/** commercetools with a payment, if there is one, and the cart of a life. */
export function commercetoolsWith(before: Payment | undefined): FakeCommercetools {
  const commercetools = new FakeCommercetools().addCart(cart({ id: cartId }));
  return before ? commercetools.add(before) : commercetools;
}

/** The events of a life, as the ledger reads them; those of intent only of a payment that it made. */
export function eventsOf(life: PaymentLife, before: Payment | undefined) {
  const ids = { paymentIntentId: life.paymentIntent.id, paymentId: before?.id ?? '', paymentKey, cartId };
  return life.emissions
    .filter((emission) => emission.by === 'stripe' || before !== undefined)
    .map((emission) => ({ moment: emission.moment, event: readEmission(emission, ids) }));
}

/**
 * Delivers the events of a life, and returns what commercetools shows after all have arrived. Events that have happened when an event is handled wait
 * behind it, in the process that will handle them.
 */
export async function run(
  life: PaymentLife,
  before: Payment | undefined,
  plan: Deliveries,
): Promise<FakeCommercetools> {
  const commercetools = commercetoolsWith(before);
  const stripe = new FakeStripe();
  const processes: [RecordDependencies, RecordDependencies] = [
    dependenciesOf(commercetools, stripe),
    dependenciesOf(commercetools, stripe),
  ];
  const last = life.truths.length - 1;
  const arrivals = eventsOf(life, before)
    .flatMap(({ event, moment: happened }, index) => {
      const ways = plan[index % plan.length] ?? [];
      return ways.map((way) => ({ ...way, event, happened, moment: Math.min(last, happened + way.delay) }));
    })
    .sort((a, b) => a.moment - b.moment || a.rank - b.rank);
  for (const [index, { event, moment, process, fault, restarted }] of arrivals.entries()) {
    stripe.show(life.truths[moment] as Truth);
    if (restarted) processes[process].known = memory();
    commercetools.faults.length = 0;
    commercetools.faults.push(fault);
    const waiting = arrivals
      .slice(index + 1)
      .filter((other) => other.process === process && other.happened <= moment)
      .map((other) => other.event);
    await untilHandled(() => recordPaymentEvent(processes[process], event, undefined, () => waiting));
  }
  return commercetools;
}

/** A message is delivered again until it is handled. */
async function untilHandled(handle: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await handle();
      return;
    } catch (error) {
      if (!(error instanceof TransientError) || attempt === 5) throw error;
    }
  }
}

/**
 * A payment's transactions in a comparable form: Charges as their sum, an Authorization together with its raises, the
 * others one by one.
 */
export function shown(payment: Payment | undefined): string[] {
  if (!payment) return ['no payment'];
  const charged = chargedOf(payment);
  const isPart = ({ type, interactionId }: Transaction) =>
    type === 'Authorization' && (interactionId?.includes(':') ?? false);
  const raised = payment.transactions.filter(isPart).reduce((sum, { amount }) => sum + amount.centAmount, 0);
  return [
    ...(charged > 0 ? [`Charge:Success ${charged}`] : []),
    ...payment.transactions
      .filter((each) => !(each.type === 'Charge' && each.state === 'Success') && !isPart(each))
      .map((each) => {
        if (each.type !== 'Authorization' || raised === 0) return each;
        return { ...each, amount: { ...each.amount, centAmount: each.amount.centAmount + raised } };
      })
      .map(({ type, state, amount, interactionId }) => `${type}:${state} ${amount.centAmount} [${interactionId}]`),
  ].sort();
}

/** Σ successful or pending Refunds, in centAmount. */
export const refundedOf = ({ transactions }: Payment): number =>
  transactions
    .filter(({ type, state }) => type === 'Refund' && state !== 'Failure')
    .reduce((sum, { amount }) => sum + amount.centAmount, 0);

/** Σ Charge:Success, in centAmount. */
export const chargedOf = (payment: Payment): number =>
  payment.transactions
    .filter(({ type, state }) => type === 'Charge' && state === 'Success')
    .reduce((sum, { amount }) => sum + amount.centAmount, 0);

/** What a payment must show after every event of a life has arrived, derived from the life alone. */
export function expected(life: PaymentLife, beginning: Beginning): string[] {
  const { paymentIntent, past } = life;
  const {
    id,
    status,
    amount,
    amount_received: received,
    latest_charge: attempted,
    next_action: action,
  } = paymentIntent;
  const isHeld = status === 'requires_action' && action !== null && action.type !== 'use_stripe_sdk';
  const waits = !['succeeded', 'requires_capture', 'processing', 'canceled'].includes(status);
  const moneyAsked = past.authorised || past.processed || (status === 'canceled' && attempted);
  if (beginning === 'unknown' && !moneyAsked) return ['no payment'];
  const initial = beginning === 'opened-by-the-original' ? 'Initial' : undefined;
  const authorization = () => {
    if (past.authorised || status === 'succeeded') return 'Success';
    if (status === 'processing' || isHeld) return 'Pending';
    if (status === 'canceled') return 'Failure';
    return waits && past.processed ? 'Failure' : initial;
  };
  const state = authorization();
  return [
    ...(state ? [`Authorization:${state} ${state === 'Initial' ? 10_000 : authorized(life, beginning)} [${id}]`] : []),
    ...(received > 0 ? [`Charge:Success ${received}`] : []),
    ...(status === 'canceled' && amount > received ? [`CancelAuthorization:Success ${amount - received} [${id}]`] : []),
    ...life.realRefunds.map((refund) => `Refund:${refundState(refund.status)} ${refund.amount} [${refund.id}]`),
    ...life.disputes.flatMap((dispute) => {
      const chargeback = chargebackState(life, dispute);
      return chargeback ? [`Chargeback:${chargeback} ${dispute.amount} [${dispute.id}]`] : [];
    }),
  ].sort();
}

/**
 * commercetools never changes a transaction's amount: the original's is the amount it was opened with. Amounts
 * authorised beyond that are visible only if the authorization can be incremented.
 */
function authorized({ paymentIntent, past }: PaymentLife, beginning: Beginning): number {
  const { amount, status, payment_method_options: options } = paymentIntent;
  if (beginning !== 'opened-by-the-original') return amount;
  const isRaisable = options?.card?.request_incremental_authorization === 'if_available';
  return isRaisable && (past.authorised || status === 'succeeded') ? Math.max(10_000, amount) : 10_000;
}

const refundState = (status: string | null): string => {
  if (status === 'succeeded') return 'Success';
  return status === 'failed' || status === 'canceled' ? 'Failure' : 'Pending';
};

function chargebackState({ past }: PaymentLife, dispute: PaymentLife['disputes'][number]): string | undefined {
  if (!past.formal.has(dispute.id)) return undefined;
  if (dispute.status === 'won' || dispute.status === 'prevented') return 'Failure';
  const wholes = dispute.balance_transactions.filter(({ reporting_category: of }) => of !== 'dispute_reversal');
  const signs = wholes.map(({ amount }) => Math.sign(amount));
  const balance = signs.reduce((sum, sign) => sum + sign, 0);
  if (balance < 0) return 'Success';
  return signs.length > 0 || past.won.has(dispute.id) ? 'Failure' : 'Pending';
}

/** The state changes of a write, with the transactions' types. */
export const stateChanges = (
  before: Payment,
  actions: readonly PaymentUpdateAction[],
): { type: string; from: string; to: string }[] =>
  actions.flatMap((action) => {
    if (action.action !== 'changeTransactionState') return [];
    const changed = before.transactions.find(({ id }) => id === action.transactionId);
    return [{ type: changed?.type ?? 'none', from: changed?.state ?? 'none', to: action.state }];
  });
