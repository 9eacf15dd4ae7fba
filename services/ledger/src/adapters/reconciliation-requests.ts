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
 * Asks `reconcile` to read Stripe's events of the time whose records were deleted. Resolves when Kafka has the request;
 * two calls for the same records make one request. Throws what a send to Kafka throws.
 */
export const requestReconciliation =
  (producer: Pick<Producer, 'send'>, now: () => Date = () => new Date()) =>
  (deleted: DeletedRecords): Promise<void> =>
    producer.send(CHECKPOINTS, reconciliationRequest(deleted, now()));

/** The request as a record on the topic of checkpoints; `reconcile` answers under the same key. */
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
