import type { Delivery } from '@connector/kafka';
import { type Logger, trace } from '@connector/telemetry';
import { isPartlyReinstated } from '../domain/disputes.ts';
import { declineOf } from '../domain/interaction.ts';
import { type MethodEvent, toMethodEvent } from '../domain/method-event.ts';
import { type PaymentEvent, toPaymentEvent } from '../domain/payment-event.ts';
import {
  countChanges,
  countDecline,
  countEvent,
  countPartialReinstatement,
  countPaymentWithoutCart,
  countRedriven,
  type HandledOutcome,
  observeDelays,
} from '../metrics.ts';
import type { FollowOutcome } from '../use-cases/follow-payment-method.ts';
import type { Results } from '../use-cases/ports.ts';
import { type RecordDependencies, type RecordOutcome, recordPaymentEvent } from '../use-cases/record-payment-event.ts';
import { assertOwnProject } from './own-project.ts';
import { mustCall, stripeOf } from './stripe-of-delivery.ts';
import { waitingEvents } from './waiting-events.ts';

type Recorded = Extract<RecordOutcome, { kind: 'recorded' }>;

export interface PaymentEventsDependencies extends RecordDependencies {
  results: Results;
  log: Logger;
  /** Stores the payment method, after the payment shows the event. */
  afterwards?: (event: PaymentEvent, outcome: Recorded, attempt: number) => Promise<void>;
  /** Handles an event about a payment method. */
  follow: (event: MethodEvent) => Promise<FollowOutcome>;
}

/**
 * Handles one message of the payments topic: translates, records, publishes the result. Returns the dependencies that
 * worked.
 */
export const handlePaymentEvent =
  (dependencies: PaymentEventsDependencies) =>
  async (delivery: Delivery): Promise<readonly string[]> => {
    const { attributes, value, headers } = delivery;
    assertOwnProject(headers, dependencies.projectKey);
    const methodEvent = toMethodEvent(attributes, value);
    if (methodEvent) return handleMethodEvent(dependencies, methodEvent, delivery);
    const event = toPaymentEvent(attributes, value);
    if (event) return handleOne(dependencies, event, delivery);
    countEvent('other', 'ignored');
    countRedriven(headers, 'ignored');
    return [];
  };

async function handleOne(
  dependencies: PaymentEventsDependencies,
  event: PaymentEvent,
  delivery: Delivery,
): Promise<readonly string[]> {
  const { projectKey, log } = dependencies;
  trace.getActiveSpan()?.setAttributes({
    'stripe.event.id': event.id,
    'stripe.event.type': event.type,
    'commercetools.project.key': projectKey,
    ...(event.paymentIntentId && { 'stripe.payment_intent.id': event.paymentIntentId }),
  });
  const { stripe, answered } = stripeOf(dependencies.stripe, delivery.mayCall);
  let waiting: ReadonlyMap<PaymentEvent, Date> = new Map();
  const outcome = await recordPaymentEvent({ ...dependencies, stripe }, event, delivery.isAssigned, () => {
    waiting = waitingEvents(delivery.behind(), projectKey);
    return [...waiting.keys()];
  });
  if (outcome.kind === 'recorded') await followUp(dependencies, event, outcome, delivery, waiting);
  const label = labelOf(outcome);
  countEvent(event.type, label);
  countRedriven(delivery.headers, label);
  const decline = declineOf(event);
  if (event.detail.kind === 'payment-failed') countDecline(decline);
  log.info(
    {
      eventId: event.id,
      type: event.type,
      paymentIntentId: event.paymentIntentId,
      ...(outcome.kind === 'recorded' && { paymentId: outcome.payment.id, created: outcome.created }),
      ...(decline && { code: decline.code, declineCode: decline.declineCode }),
      outcome: label,
    },
    'payment event handled',
  );
  return [...(answered() ? ['stripe'] : []), ...(outcome.kind === 'recorded' ? ['commercetools', 'kafka'] : [])];
}

/**
 * Measures and publishes what was recorded, and does what comes after. `waiting` are the events that were in the partition behind this one,
 * by when they were received.
 */
async function followUp(
  { results, log, afterwards }: PaymentEventsDependencies,
  event: PaymentEvent,
  outcome: Recorded,
  { receivedAt, attempt }: Delivery,
  waiting: ReadonlyMap<PaymentEvent, Date>,
): Promise<void> {
  const { cartId } = outcome.collected.ownership;
  trace.getActiveSpan()?.setAttributes({
    'commercetools.payment.id': outcome.payment.id,
    ...(cartId && { 'commercetools.cart.id': cartId }),
  });
  if (outcome.written) observeDelays(event.type, { occurredAt: event.occurredAt, receivedAt });
  for (const joined of outcome.joined ?? []) {
    const { type, occurredAt } = joined;
    observeDelays(type, { occurredAt, receivedAt: waiting.get(joined) ?? receivedAt });
  }
  countChanges(outcome.changes);
  logAttention(event, outcome, log);
  await results.publish(event, outcome);
  await afterwards?.(event, outcome, attempt);
}

async function handleMethodEvent(
  { follow, log }: PaymentEventsDependencies,
  event: MethodEvent,
  { headers, mayCall }: Delivery,
): Promise<readonly string[]> {
  const { id: eventId, type, methodId: paymentMethod } = event;
  trace.getActiveSpan()?.setAttributes({ 'stripe.event.id': eventId, 'stripe.event.type': type });
  mustCall('stripe', mayCall);
  const outcome = await follow(event);
  countEvent(type, outcome);
  countRedriven(headers, outcome);
  log.info({ eventId, type, paymentMethod, outcome }, 'payment method event handled');
  return outcome === 'ignored' ? [] : ['stripe', 'commercetools'];
}

/** Counts and logs what the payment itself does not show and a person should look at. */
function logAttention({ type, detail }: PaymentEvent, { attachment, payment, collected }: Recorded, log: Logger): void {
  const about = { paymentId: payment.id, paymentIntentId: collected.paymentIntentId };
  if (attachment && attachment !== 'attached') {
    countPaymentWithoutCart(attachment);
    log.warn({ ...about, cartId: collected.ownership.cartId, reason: attachment }, 'a payment is on no cart');
  }
  if (detail.kind === 'payment-suspected') {
    const { id: suspicionId, reason, fraud_type: fraudType } = detail.suspicion;
    log.warn({ ...about, type, suspicionId, reason: reason ?? fraudType }, 'a payment should be looked at');
  }
  if (type !== 'charge.dispute.funds_reinstated' || detail.kind !== 'dispute-changed') return;
  if (!isPartlyReinstated(detail.dispute)) return;
  countPartialReinstatement();
  log.warn({ ...about, disputeId: detail.dispute.id }, 'a small part of disputed money came back');
}

const labelOf = (outcome: RecordOutcome): HandledOutcome =>
  outcome.kind === 'recorded' ? outcome.standing : 'ignored';
