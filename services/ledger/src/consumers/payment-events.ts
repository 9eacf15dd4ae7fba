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

export interface PaymentEventsDependencies extends RecordDependencies {
  results: Results;
  log: Logger;
  /** Stores the payment method, after the payment shows the event. */
  afterwards?: (
    event: PaymentEvent,
    outcome: Extract<RecordOutcome, { kind: 'recorded' }>,
    attempt: number,
  ) => Promise<void>;
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
    const { attributes, value, headers, receivedAt, attempt, isAssigned, mayCall, behind } = delivery;
    const { results, log, afterwards } = dependencies;
    assertOwnProject(headers, dependencies.projectKey);
    const methodEvent = toMethodEvent(attributes, value);
    if (methodEvent) return handleMethodEvent(dependencies, methodEvent, delivery);
    const event = toPaymentEvent(attributes, value);
    if (!event) {
      countEvent('other', 'ignored');
      countRedriven(headers, 'ignored');
      return [];
    }
    const span = trace.getActiveSpan();
    span?.setAttributes({
      'stripe.event.id': event.id,
      'stripe.event.type': event.type,
      'commercetools.project.key': dependencies.projectKey,
      ...(event.paymentIntentId && { 'stripe.payment_intent.id': event.paymentIntentId }),
    });
    const { stripe, answered } = stripeOf(dependencies.stripe, mayCall);
    let waiting = new Map<PaymentEvent, Date>();
    const outcome = await recordPaymentEvent({ ...dependencies, stripe }, event, isAssigned, () => {
      waiting = waitingEvents(behind(), dependencies.projectKey);
      return [...waiting.keys()];
    });
    if (outcome.kind === 'recorded') {
      const { cartId } = outcome.collected.ownership;
      span?.setAttributes({
        'commercetools.payment.id': outcome.payment.id,
        ...(cartId && { 'commercetools.cart.id': cartId }),
      });
      if (outcome.written) observeDelays(event.type, { occurredAt: event.occurredAt, receivedAt });
      for (const joined of outcome.joined ?? []) {
        observeDelays(joined.type, {
          occurredAt: joined.occurredAt,
          receivedAt: waiting.get(joined) ?? receivedAt,
        });
      }
      countChanges(outcome.changes);
      logAttention(event, outcome, log);
      await results.publish(event, outcome);
      await afterwards?.(event, outcome, attempt);
    }
    countEvent(event.type, labelOf(outcome));
    countRedriven(headers, labelOf(outcome));
    if (event.detail.kind === 'payment-failed') countDecline(declineOf(event));
    const decline = declineOf(event);
    log.info(
      {
        eventId: event.id,
        type: event.type,
        paymentIntentId: event.paymentIntentId,
        ...(outcome.kind === 'recorded' && { paymentId: outcome.payment.id, created: outcome.created }),
        ...(decline && { code: decline.code, declineCode: decline.declineCode }),
        outcome: labelOf(outcome),
      },
      'payment event handled',
    );
    return [...(answered() ? ['stripe'] : []), ...(outcome.kind === 'recorded' ? ['commercetools', 'kafka'] : [])];
  };

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
function logAttention(
  { type, detail }: PaymentEvent,
  { attachment, payment, collected }: Extract<RecordOutcome, { kind: 'recorded' }>,
  log: Logger,
): void {
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
