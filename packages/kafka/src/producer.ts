import { type EventRecord, headerOf, MAX_MESSAGE_BYTES } from '@connector/contracts';
import { backOffMs, PermanentError, TransientError } from '@connector/errors';
import type { Part } from '@connector/lifecycle';
import { injectContext, markFailed, metrics, type Span, SpanKind, startSpan } from '@connector/telemetry';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Producer as KafkaProducer } from 'kafkajs';
import type { Kafka } from './client.ts';
import { partitionByKey } from './partitioner.ts';

export interface ProducerOptions {
  /** After this long without the broker's acknowledgement a send fails, in ms; it may still land. */
  deadlineMs?: number;
  /** A micro-batch holds at most this many records. */
  maxBatchRecords?: number;
  /** A micro-batch holds at most this many bytes, so that no partition's share can exceed the topic's limit. */
  maxBatchBytes?: number;
  /** The largest record the topics take, in bytes. */
  maxRecordBytes?: number;
  /** Records that may wait at once; further ones fail at once. */
  maxWaiting?: number;
}

export interface Producer extends Part {
  /**
   * Resolves once the broker has the record as durably as the topic asks for (all in-sync replicas). Throws TransientError when
   * that is not known within the deadline, PermanentError (`too_large`) for a record that no topic takes.
   */
  send(topic: string, record: EventRecord): Promise<void>;
  /** Whether sends can be expected to work: connected, and the last one did or is a while ago. */
  readonly healthy: boolean;
}

/**
 * How long a failed send counts against the producer, in ms. A pod that is not ready gets no traffic, so nothing would ever be
 * sent that could show that Kafka is back: after this time it is tried again.
 */
const FAILURE_COUNTS_MS = 10_000;

/** Deadlines are looked at this often, in ms: a timer for each record would cost more than it is worth. */
const SWEEP_MS = 100;

interface Waiting {
  /** Without the prefix. */
  topic: string;
  span: Span;
  message: { key: string; value: Buffer; headers: Record<string, string> };
  bytes: number;
  /** When it came, as `performance.now()` has it. */
  since: number;
  settled: boolean;
  /** False when it was settled before. */
  settle: (error?: Error) => boolean;
}

/**
 * One producer per process. Records that arrive while a request is under way leave together in the next one, which multiplies
 * throughput and costs a lone record nothing. One request is under way at a time, so the records of a key keep their order.
 *
 * kafkajs's idempotent mode stays off: after a timed-out send it can use a sequence number again and have a different batch
 * swallowed as a duplicate although it was acknowledged. Without it a repeated send makes a duplicate, which every reader of
 * these topics takes.
 */
export function createProducer(kafka: Kafka, options: ProducerOptions = {}): Producer {
  const { deadlineMs = 5_000, maxBatchRecords = 500, maxBatchBytes = MAX_MESSAGE_BYTES / 2 } = options;
  const { maxRecordBytes = MAX_MESSAGE_BYTES, maxWaiting = 20_000 } = options;
  const producer = kafka.client.producer({
    allowAutoTopicCreation: false,
    createPartitioner: partitionByKey,
    idempotent: false,
    maxInFlightRequests: 1,
    metadataMaxAge: 60_000,
    retry: { retries: 1, initialRetryTime: 100, maxRetryTime: 500 },
  });
  const waiting: Waiting[] = [];
  let underWay: readonly Waiting[] = [];
  let sweeping = false;
  let sending = false;
  let connected = false;
  let failedAt = Number.NEGATIVE_INFINITY;
  let stopping = false;
  let drained: (() => void) | undefined;

  const failing = () => performance.now() - failedAt < FAILURE_COUNTS_MS;

  const takeBatch = (): Waiting[] => {
    const batch: Waiting[] = [];
    let bytes = 0;
    while (
      waiting[0] &&
      batch.length < maxBatchRecords &&
      (batch.length === 0 || bytes + waiting[0].bytes <= maxBatchBytes)
    ) {
      const next = waiting.shift() as Waiting;
      if (next.settled) continue;
      batch.push(next);
      bytes += next.bytes;
    }
    return batch;
  };

  const flush = async () => {
    sending = true;
    // Records of the same tick leave together.
    await Promise.resolve();
    while (waiting.length > 0 && connected) {
      const batch = takeBatch();
      if (batch.length === 0) continue;
      underWay = batch;
      await sendBatch(producer, kafka, batch, (ok) => {
        failedAt = ok ? Number.NEGATIVE_INFINITY : performance.now();
      });
      underWay = [];
    }
    sending = false;
    if (waiting.length === 0) drained?.();
  };

  const sweep = () => {
    const now = performance.now();
    for (const item of [...underWay, ...waiting]) {
      if (item.settled || now - item.since < deadlineMs) continue;
      failedAt = now;
      settle(
        [item],
        item.since,
        new TransientError('Kafka did not acknowledge in time', { reason: 'kafka_timeout', dependency: 'kafka' }),
      );
    }
    while (waiting[0]?.settled) waiting.shift();
    sweeping = underWay.length + waiting.length > 0;
    if (sweeping) setTimeout(sweep, SWEEP_MS);
  };

  const connect = async () => {
    for (let attempt = 1; !connected && !stopping; attempt += 1) {
      try {
        await producer.connect();
        connected = true;
        void flush();
      } catch (error) {
        kafka.log.warn({ error, attempt }, 'no connection to Kafka yet');
        await new Promise((resolve) => setTimeout(resolve, backOffMs(attempt, { capMs: 5_000 })));
      }
    }
  };

  return {
    name: 'kafka producer',
    get healthy() {
      return connected && !failing();
    },
    notReady: () => (connected ? (failing() ? 'the last send failed' : undefined) : 'not connected'),
    start: async () => {
      void connect();
    },
    stop: async () => {
      stopping = true;
      if (connected && (sending || waiting.length > 0)) {
        await new Promise<void>((resolve) => {
          drained = resolve;
          if (!sending) void flush();
        });
      }
      connected = false;
      await producer.disconnect();
    },
    send: (topic, record) => {
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
      const active = context.active();
      // A span that nobody records is the one around.
      const within = trace.getSpan(active) === span ? active : trace.setSpan(active, span);
      const headers = injectContext({ ...kafka.headers, ...record.headers }, within);
      const bytes = sizeOf(record.key, record.value, headers);
      return new Promise<void>((resolve, reject) => {
        const item: Waiting = {
          topic,
          span,
          message: { key: record.key, value: record.value, headers },
          bytes,
          since: performance.now(),
          settled: false,
          settle: (error) => {
            if (item.settled) return false;
            item.settled = true;
            if (error) markFailed(span, error);
            span.end();
            if (error) reject(error);
            else resolve();
            return true;
          },
        };
        const refuse = (error: Error) => settle([item], item.since, error);
        if (bytes > maxRecordBytes) refuse(tooLarge());
        else if (stopping) refuse(new TransientError('the producer is stopping', { reason: 'stopping' }));
        else if (waiting.length >= maxWaiting)
          refuse(new TransientError('too many records wait', { reason: 'overloaded', dependency: 'kafka' }));
        if (item.settled) return;
        waiting.push(item);
        if (!sweeping) {
          sweeping = true;
          setTimeout(sweep, SWEEP_MS);
        }
        if (!sending && connected) void flush();
      });
    },
  };
}

async function sendBatch(
  producer: KafkaProducer,
  kafka: Kafka,
  batch: Waiting[],
  report: (ok: boolean) => void,
): Promise<void> {
  const started = performance.now();
  const byTopic = Map.groupBy(batch, ({ topic }) => topic);
  const topicMessages = [...byTopic].map(([topic, items]) => ({
    topic: kafka.prefixed(topic),
    messages: items.map(({ message }) => message),
  }));
  const settleAll = (error?: Error) => {
    for (const items of byTopic.values()) settle(items, started, error);
  };
  try {
    await producer.sendBatch({ acks: -1, timeout: 4_000, topicMessages });
    report(true);
    settleAll();
  } catch (error) {
    if (isTooLarge(error)) {
      // The broker does not say which record it was: alone, each tells for itself.
      if (batch.length > 1) for (const item of batch) await sendBatch(producer, kafka, [item], report);
      else settleAll(tooLarge(error));
      return;
    }
    report(false);
    kafka.log.warn({ error, records: batch.length }, 'Kafka did not take a batch');
    settleAll(new TransientError('Kafka is not available', { reason: 'kafka', dependency: 'kafka', cause: error }));
  }
}

/** Settles records of one topic and observes the one send that decided on them; `started` as `performance.now()` has it. */
function settle(items: readonly Waiting[], started: number, error?: Error): void {
  const [first] = items;
  const settled = items.filter((item) => item.settle(error)).length;
  if (!first || settled === 0) return;
  const labels = sent(first.topic, error?.name ?? '');
  metrics.sentMessages.inc(labels, settled);
  const { span } = items.find((item) => item.span.isRecording()) ?? first;
  const seconds = (performance.now() - started) / 1000;
  context.with(trace.setSpan(ROOT_CONTEXT, span), () => metrics.messagingDuration.observe(labels, seconds));
}

const tooLarge = (cause?: unknown) =>
  new PermanentError('the record is larger than the topic takes', { reason: 'too_large', cause });

const isTooLarge = (error: unknown): boolean =>
  ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].includes((error as { type?: string }).type ?? '') ||
  ((error as { cause?: unknown }).cause !== undefined && isTooLarge((error as { cause: unknown }).cause));

/** Bytes of a record with its headers, and some for Kafka's own framing. */
function sizeOf(key: string, value: Buffer, headers: Record<string, string>): number {
  let bytes = key.length + value.length + 100;
  for (const name in headers) bytes += name.length + (headers[name] as string).length + 10;
  return bytes;
}

const sent = (topic: string, error_type: string) => ({
  messaging_system: 'kafka',
  messaging_operation_name: 'send',
  messaging_destination_name: topic,
  error_type,
});

/** Lets the counters of these topics begin at 0, so that the first message is already an increase. */
export function startSentMessages(...topics: readonly string[]): void {
  for (const topic of topics)
    for (const error of ['', 'TransientError']) metrics.sentMessages.inc(sent(topic, error), 0);
}
