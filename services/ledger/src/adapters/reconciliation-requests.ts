import {
  CHECKPOINTS,
  derivedEventId,
  type EventRecord,
  eventRecord,
  PAYMENT_EVENTS,
  SOURCES,
} from '@connector/contracts';
import type { DeletedRecords, Producer } from '@connector/kafka';

/**
 * Asks reconcile for Stripe's events of the time whose records are gone. Resolves once Kafka has the request; asked twice for the same
 * records it is one request. Throws as a send to Kafka does.
 */
export const requestReconciliation =
  (producer: Pick<Producer, 'send'>, now: () => Date = () => new Date()) =>
  (deleted: DeletedRecords): Promise<void> =>
    producer.send(CHECKPOINTS, reconciliationRequest(deleted, now()));

/** The request as it lies on the topic of checkpoints, until reconcile answers under the same key. */
function reconciliationRequest({ partition, from, to, handledUntil }: DeletedRecords, at: Date): EventRecord {
  const key = `reconciliation:${PAYMENT_EVENTS}:${partition}:${to}`;
  return eventRecord(
    'checkout.reconciliation.requested',
    { key, id: derivedEventId('checkout.reconciliation.requested', key), source: SOURCES.ledger, time: at },
    {
      reason: 'records_deleted',
      topic: PAYMENT_EVENTS,
      partition,
      fromOffset: String(from),
      toOffset: String(to),
      ...(handledUntil && { since: handledUntil.toISOString() }),
      until: at.toISOString(),
    },
  );
}
