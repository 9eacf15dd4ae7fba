import { type Ownership, ownershipOf } from '@connector/payment-model';
import type { StripeMoney } from '../domain/decide.ts';
import type { Fact } from '../domain/facts.ts';
import type { PaymentEvent } from '../domain/payment-event.ts';
import {
  type ChargeObject,
  isUnderWay,
  latestChargeOf,
  type PaymentIntentObject,
  plannedOf,
} from '../domain/stripe-objects.ts';
import { isSilent } from '../domain/whose-event.ts';
import type { StripeFacts } from './ports.ts';

/** The facts of an event, after reading from Stripe what the event alone does not say. */
export interface CollectedFacts {
  readonly facts: readonly Fact[];
  readonly paymentIntentId: string;
  readonly ownership: Ownership;
  /**
   * Set when a payment was attempted at Stripe, so that a commercetools payment must exist: the amount from the event,
   * or from Stripe's present state.
   */
  readonly money?: StripeMoney;
}

/** Statuses that are final, or whose Authorization and captures are: Stripe need not be read for later changes. */
const SETTLED = new Set(['succeeded', 'requires_capture']);

/**
 * Collects the facts of an event. Reads from Stripe all refunds of the charge (refund events), the dispute (dispute
 * events), and the PaymentIntent if its state may have changed (under way, failed, canceled) or the event does not name
 * its owner. Returns undefined for an object without a PaymentIntent.
 */
export async function collectFacts(stripe: StripeFacts, event: PaymentEvent): Promise<CollectedFacts | undefined> {
  const { detail } = event;
  switch (detail.kind) {
    case 'payment-opened':
    case 'operation-requested':
      return { facts: [], paymentIntentId: detail.data.paymentIntentId, ownership: ofIntent(event) };
    case 'operation-refused': {
      const { refusal, data } = detail;
      const { transactionType: type, amount } = refusal;
      const { operationId } = data;
      const fact: Fact = { kind: 'refusedOperation', type, amount, operationId, refusedAt: event.occurredAt };
      return { facts: [fact], paymentIntentId: data.paymentIntentId, ownership: ofIntent(event) };
    }
    case 'payment-intent-changed':
    case 'payment-failed':
    case 'shopper-must-act': {
      const told = detail.paymentIntent;
      const now = SETTLED.has(told.status) ? told : await stripe.paymentIntent(told.id);
      return ofPaymentIntent(now, event, isUnderWay(told));
    }
    case 'charge-changed':
      return ofCharge(stripe, event, detail.charge, chargeFact(detail.charge, event));
    case 'charge-refunded':
      return ofRefunds(stripe, event, detail.charge.id);
    case 'refund-changed': {
      const { charge, payment_intent: paymentIntentId } = detail.refund;
      const refunded = charge ?? (paymentIntentId && latestChargeOf(await stripe.paymentIntent(paymentIntentId)));
      return refunded ? ofRefunds(stripe, event, refunded) : undefined;
    }
    case 'payment-suspected': {
      const { payment_intent: paymentIntentId } = detail.suspicion;
      if (!paymentIntentId) return undefined;
      const { metadata } = await stripe.paymentIntent(paymentIntentId);
      return { facts: [], paymentIntentId, ownership: ownershipOf(metadata) };
    }
    case 'dispute-changed': {
      const { dispute: told } = detail;
      const { dispute, charge } = await stripe.dispute(told.id);
      const fact: Fact = { kind: 'dispute', dispute, told };
      if (charge) return ofCharge(stripe, event, charge, fact);
      if (!dispute.payment_intent) return undefined;
      const paymentIntent = await stripe.paymentIntent(dispute.payment_intent);
      return { ...ofPaymentIntent(paymentIntent, event, false), facts: [fact] };
    }
  }
}

async function ofRefunds(
  stripe: StripeFacts,
  event: PaymentEvent,
  chargeId: string,
): Promise<CollectedFacts | undefined> {
  const { charge, refunds } = await stripe.refundsOf(chargeId);
  return ofCharge(stripe, event, charge, { kind: 'refunds', charge, refunds });
}

/** A charge's owner is in its own metadata, copied from the PaymentIntent at creation; else in the PaymentIntent's. */
async function ofCharge(
  stripe: StripeFacts,
  event: PaymentEvent,
  charge: ChargeObject,
  fact: Fact,
): Promise<CollectedFacts | undefined> {
  const paymentIntentId = charge.payment_intent;
  if (!paymentIntentId) return undefined;
  const { metadata } = isSilent(charge.metadata) ? await stripe.paymentIntent(paymentIntentId) : charge;
  const ownership = ownershipOf(metadata);
  const money = charge.status === 'failed' ? {} : { money: moneyOfCharge(charge) };
  return { facts: [fact], paymentIntentId, ownership: { ...ownership, ...ofIntent(event) }, ...money };
}

const chargeFact = (charge: ChargeObject, { occurredAt: reportedAt }: PaymentEvent): Fact => ({
  kind: 'charge',
  charge,
  reportedAt,
});

const moneyOfCharge = ({ amount, amount_captured: captured, currency }: ChargeObject): StripeMoney => ({
  amount: Math.max(amount, captured ?? 0),
  currency,
});

function ofPaymentIntent(
  paymentIntent: PaymentIntentObject,
  event: PaymentEvent,
  wasProcessing: boolean,
): CollectedFacts {
  const { id, status, currency, metadata } = paymentIntent;
  const moneyAsked =
    SETTLED.has(status) ||
    status === 'processing' ||
    wasProcessing ||
    (status === 'canceled' && latestChargeOf(paymentIntent));
  return {
    facts: [{ kind: 'paymentIntent', paymentIntent, wasProcessing, reportedAt: event.occurredAt }],
    paymentIntentId: id,
    ownership: { ...ownershipOf(metadata), ...ofIntent(event) },
    ...(moneyAsked && { money: { amount: plannedOf(paymentIntent), currency } }),
  };
}

/** What an event reports without a call to Stripe; undefined when a call is needed. */
export function toldBy(event: PaymentEvent): Pick<CollectedFacts, 'facts' | 'money'> | undefined {
  const { detail } = event;
  switch (detail.kind) {
    case 'payment-opened':
    case 'operation-requested':
    case 'shopper-must-act':
      return { facts: [] };
    case 'charge-changed':
      return { facts: [chargeFact(detail.charge, event)], money: moneyOfCharge(detail.charge) };
    case 'payment-intent-changed': {
      const { facts, money } = ofPaymentIntent(detail.paymentIntent, event, false);
      return { facts, ...(money && { money }) };
    }
    default:
      return undefined;
  }
}

/** Events of intent name the payment themselves. */
function ofIntent(event: PaymentEvent): Ownership {
  const { detail } = event;
  if (detail.kind === 'payment-opened') {
    const { paymentId, paymentKey, cartId } = detail.data;
    return { paymentId, paymentKey, cartId };
  }
  return event.paymentId ? { paymentId: event.paymentId } : {};
}

/**
 * The PaymentIntent's present amount, if it has money. Undefined without money, or when the known amount equals
 * amountPlanned. Stripe is read only when the two differ, because an event may be older than the last change of the
 * amount.
 */
export async function heldAmount(
  stripe: Pick<StripeFacts, 'paymentIntent'>,
  { paymentIntentId, money }: CollectedFacts,
  isPlanned: (money: StripeMoney) => boolean,
): Promise<StripeMoney | undefined> {
  if (!money || isPlanned(money)) return undefined;
  const now = await stripe.paymentIntent(paymentIntentId);
  const { status, currency } = now;
  return SETTLED.has(status) || isUnderWay(now) ? { amount: plannedOf(now), currency } : undefined;
}
