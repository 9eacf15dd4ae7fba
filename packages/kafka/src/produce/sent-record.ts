import { type EventRecord, headerOf } from '@connector/contracts';
import { injectContext, markFailed, metrics, type Span, SpanKind, startSpan } from '@connector/telemetry';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Kafka } from '../client.ts';
import type { PendingRecord } from './partition-queue.ts';

/** A record for sending, with its span. */
export class SentRecord implements PendingRecord {
  readonly topic: string;
  readonly message: PendingRecord['message'];
  readonly bytes: number;
  readonly span: Span;
  readonly since = performance.now();
  isSettled = false;
  alone?: boolean;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;

  constructor(
    { topic, span, message, bytes }: Pick<SentRecord, 'topic' | 'span' | 'message' | 'bytes'>,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    this.topic = topic;
    this.span = span;
    this.message = message;
    this.bytes = bytes;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  settle(error?: Error): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    if (error) markFailed(this.span, error);
    this.span.end();
    if (error) this.#reject(error);
    else this.#resolve();
    return true;
  }
}

/** Starts the span of a send, and returns the record's headers with the client's own headers and the trace. */
export function inSendSpan(topic: string, record: EventRecord, kafka: Kafka) {
  const span = startSpan(`send ${topic}`, { kind: SpanKind.PRODUCER });
  if (span.isRecording()) {
    span.setAttributes({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
      'messaging.client.id': kafka.clientId,
      'messaging.kafka.message.key': record.key,
      'messaging.message.id': headerOf(record.headers, 'ce_id') ?? '',
    });
  }
  const within = trace.setSpan(context.active(), span);
  return { span, headers: injectContext({ ...kafka.headers, ...record.headers }, within) };
}

/** Bytes of a record with its headers, and an allowance for Kafka's own framing. */
export function sizeOf(key: string, value: Buffer, headers: Record<string, string>): number {
  let bytes = key.length + value.length + 100;
  for (const name in headers) bytes += name.length + (headers[name] as string).length + 10;
  return bytes;
}

/**
 * Gives the senders of one topic's records their result, and observes the duration of the deciding send; `started` is
 * from `performance.now()`.
 */
export function settle(items: readonly SentRecord[], started: number, error?: Error): void {
  const [first] = items;
  const settled = items.filter((item) => item.settle(error)).length;
  if (!first || settled === 0) return;
  const labels = sent(first.topic, error?.name ?? '');
  metrics.sentMessages.inc(labels, settled);
  const { span } = items.find((item) => item.span.isRecording()) ?? first;
  const seconds = (performance.now() - started) / 1000;
  context.with(trace.setSpan(ROOT_CONTEXT, span), () => metrics.messagingDuration.observe(labels, seconds));
}

const sent = (topic: string, error_type: string) => ({
  messaging_system: 'kafka',
  messaging_operation_name: 'send',
  messaging_destination_name: topic,
  error_type,
});

/** Creates the counters of these topics with 0, so that the first message is already an increase in Prometheus. */
export function startSentMessages(...topics: readonly string[]): void {
  for (const topic of topics)
    for (const error of ['', 'TransientError']) metrics.sentMessages.inc(sent(topic, error), 0);
  for (const error_type of ['NOT_LEADER_FOR_PARTITION', 'REQUEST_TIMED_OUT', 'KafkaJSRequestTimeoutError'])
    metrics.repeatedSends.inc({ error_type }, 0);
}
