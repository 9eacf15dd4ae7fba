import { PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ, PAYMENT_TRANSACTIONS } from '@connector/contracts';
import { type BroadcastMessage, createBroadcastConsumer, type Kafka } from '@connector/kafka';
import { type SeenDeadLetter, seenMessage } from '@connector/ledger/explain';
import type { SubscribeToEvents } from './shop/live.ts';
import type { SandboxEvent } from './shop/storyteller.ts';

/**
 * Follows the system's topics from now on, for people who watch. Messages that it misses while Kafka is away stay
 * missed.
 */
export function createTimeline(kafka: Kafka): {
  subscribe: SubscribeToEvents;
  start(): Promise<void>;
  stop(): Promise<void>;
} {
  const listeners = new Set<(event: SandboxEvent) => void>();
  const listener = createBroadcastConsumer(kafka, {
    topics: [PAYMENT_EVENTS, PAYMENT_TRANSACTIONS, PAYMENT_EVENTS_DLQ],
    name: 'sandbox-timeline',
    onMessage: (message) => {
      const event = toSandboxEvent(message, new Date());
      if (event) for (const listener of listeners) listener(event);
    },
  });
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: async () => listener.start?.(),
    stop: async () => listener.stop?.(),
  };
}

/**
 * Undefined for messages that are not part of a payment's story, such as the resolution of a dead letter, which explain
 * reads together with its letter.
 */
function toSandboxEvent(message: BroadcastMessage, seenAt: Date): SandboxEvent | undefined {
  const { topic, key, value, headers, partition, offset } = message;
  const paymentReference = paymentIdIn(value);
  // traceparent: version, trace id, span id, flags.
  const traceId = headers.traceparent?.split('-')[1];
  const common = { key, ...(paymentReference && { paymentReference }), ...(traceId && { traceId }) };
  if (topic === PAYMENT_EVENTS || topic === PAYMENT_TRANSACTIONS) {
    return {
      ...common,
      message: seenMessage(topic, { partition, offset, value, headers, timestamp: seenAt.getTime() }),
    };
  }
  if ('dlq-resolves' in headers) return undefined;
  const deadLetter: SeenDeadLetter = {
    id: `${partition}:${offset}`,
    at: seenAt,
    type: headers.ce_type ?? '',
    eventId: headers.ce_id ?? '',
    reason: headers['dlq-reason'] ?? 'unknown',
  };
  return { ...common, deadLetter };
}

/** Our own events have the commercetools payment's id; Stripe's are recognised by their key. */
function paymentIdIn(value: Buffer): string | undefined {
  try {
    const { paymentId } = JSON.parse(value.toString()) as { paymentId?: unknown };
    return typeof paymentId === 'string' ? paymentId : undefined;
  } catch {
    // A message that is not JSON is shown only by its headers.
    return undefined;
  }
}
