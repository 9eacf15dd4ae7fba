import { CHECKPOINTS, derivedEventId, eventRecord, SOURCES } from '@connector/contracts';
import { type Kafka, type Producer, scanTopic } from '@connector/kafka';
import { parseRequest, type ReconcileRequest } from '../domain/reconcile-request.ts';
import type { ReconcileRequests } from '../use-cases/ports.ts';

const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** Requests on the compacted topic `connector.checkpoints`; the latest record of a key counts. */
export const kafkaRequests = (kafka: Kafka, producer: Pick<Producer, 'send'>): ReconcileRequests => ({
  async open() {
    const open = new Map<string, ReconcileRequest>();
    await scanTopic(kafka, CHECKPOINTS, ({ key, value, headers }) => {
      const request = parseRequest(key, headers.ce_type, value);
      if (request) open.set(key, request);
      else open.delete(key);
    });
    return [...open.values()];
  },
  replace({ key, data }) {
    const id = derivedEventId(key, data.since ?? '');
    return producer.send(
      CHECKPOINTS,
      eventRecord('checkout.reconciliation.requested', { key, id, source: SOURCES.reconcile }, data),
    );
  },
  complete({ key }, { since, until }) {
    const data = { since: isoOf(since), until: isoOf(until) };
    const id = derivedEventId(key, 'completed', data.until);
    return producer.send(
      CHECKPOINTS,
      eventRecord('checkout.reconciliation.completed', { key, id, source: SOURCES.reconcile }, data),
    );
  },
});
