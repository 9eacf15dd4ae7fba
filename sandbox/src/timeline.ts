import { CHECKOUT_SESSIONS, PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ, PAYMENT_TRANSACTIONS } from '@connector/contracts';
import { type BroadcastMessage, createBroadcastConsumer, type Kafka } from '@connector/kafka';
import type { SandboxEvent, SubscribeToEvents } from './shop/index.ts';

/** Follows the system's topics from now on, for people who watch; what it misses while Kafka is away stays missed. */
export function createTimeline(kafka: Kafka): {
  subscribe: SubscribeToEvents;
  start(): Promise<void>;
  stop(): Promise<void>;
} {
  const listeners = new Set<(event: SandboxEvent) => void>();
  const listener = createBroadcastConsumer(kafka, {
    topics: [PAYMENT_EVENTS, PAYMENT_TRANSACTIONS, PAYMENT_EVENTS_DLQ, CHECKOUT_SESSIONS],
    name: 'sandbox-timeline',
    onMessage: (message) => {
      const event = toSandboxEvent(message);
      for (const listener of listeners) listener(event);
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

function toSandboxEvent({ topic, key, value, headers }: BroadcastMessage): SandboxEvent {
  const paymentReference = paymentIdIn(value);
  // traceparent: version, trace id, span id, flags.
  const traceId = headers.traceparent?.split('-')[1];
  return {
    topic,
    key,
    id: headers.ce_id ?? '',
    type: headers.ce_type ?? '',
    // Not the event's own time: Stripe's are whole seconds, and would stand before what led to them.
    time: new Date().toISOString(),
    ...(paymentReference && { paymentReference }),
    ...(traceId && { traceId }),
  };
}

/** Our own events name the commercetools payment; Stripe's are recognised by their key. */
function paymentIdIn(value: Buffer): string | undefined {
  try {
    const { paymentId } = JSON.parse(value.toString()) as { paymentId?: unknown };
    return typeof paymentId === 'string' ? paymentId : undefined;
  } catch {
    // A message that is no JSON is shown by its headers alone.
    return undefined;
  }
}
