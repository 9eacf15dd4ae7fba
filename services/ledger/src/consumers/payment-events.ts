import type { Delivery } from '@connector/kafka';
import { type Logger, metrics, trace } from '@connector/telemetry';
import type { Results } from '../adapters/results.ts';
import { declineOf } from '../domain/interaction.ts';
import { type PaymentEvent, toPaymentEvent } from '../domain/payment-event.ts';
import { countEvent, type LedgerOutcome } from '../metrics.ts';
import { type RecordDependencies, type RecordOutcome, recordPaymentEvent } from '../use-cases/record-payment-event.ts';

export interface PaymentEventsDependencies extends RecordDependencies {
  results: Results;
  log: Logger;
  /** What is done besides, once the payment shows the event: keeping the payment method. */
  afterwards?: (
    event: PaymentEvent,
    outcome: Extract<RecordOutcome, { kind: 'recorded' }>,
    attempt: number,
  ) => Promise<void>;
}

/** Handles one message of the payments topic: translate, record, tell the result. */
export const handlePaymentEvent =
  (dependencies: PaymentEventsDependencies) =>
  async ({ attributes, value, attempt, stillOurs }: Delivery): Promise<void> => {
    const { results, log, afterwards } = dependencies;
    const event = toPaymentEvent(attributes, value);
    if (!event) {
      countEvent('other', 'ignored');
      return;
    }
    const span = trace.getActiveSpan();
    span?.setAttribute('stripe.event.type', event.type);
    if (event.paymentIntentId) span?.setAttribute('stripe.payment_intent.id', event.paymentIntentId);
    const outcome = await recordPaymentEvent(dependencies, event, stillOurs);
    if (outcome.kind === 'recorded') {
      span?.setAttribute('commercetools.payment.id', outcome.payment.id);
      await results.publish(event, outcome);
      const delay = (Date.now() - event.occurredAt.getTime()) / 1000;
      if (outcome.written) metrics.ledgerEventDelay.observe({ event_type: event.type }, Math.max(0, delay));
      await afterwards?.(event, outcome, attempt);
    }
    countEvent(event.type, labelOf(outcome));
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
  };

function labelOf(outcome: RecordOutcome): LedgerOutcome {
  if (outcome.kind !== 'recorded') return 'ignored';
  return outcome.written ? 'applied' : 'duplicate';
}
