import { type EventRecord, headerOf, MAX_MESSAGE_BYTES } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import type { Component } from '@connector/lifecycle';
import { injectContext, markFailed, metrics, type Span, SpanKind, startSpan } from '@connector/telemetry';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Kafka } from './client.ts';
import type { PendingRecord } from './produce/partition-queue.ts';
import { ProduceRouter } from './produce/router.ts';

export interface ProducerOptions {
  /** What is sent to, without the configured prefix: the producer is not ready while one of them is missing. */
  topics?: readonly string[];
  /** After this long without the broker's acknowledgement a send fails, in ms; it may still land. */
  deadlineMs?: number;
  /** A request holds at most this many records. */
  maxBatchRecords?: number;
  /** A request holds at most this many bytes, so that no partition's share can exceed the topic's limit. */
  maxBatchBytes?: number;
  /** The largest record the topics take, in bytes. */
  maxRecordBytes?: number;
  /** Records that may wait at once; further ones fail at once. */
  maxWaiting?: number;
  /** Of these, how many may wait for one broker while others lead as well; default as many. One that is away leaves room for them. */
  maxWaitingPerLeader?: number;
  /** How long a broker's answer is waited for before the connection counts as dead, in ms: at first, and while answers are missing. */
  requestTimeoutMs?: { readonly first: number; readonly repeated: number };
}

export interface Producer extends Component {
  /**
   * Resolves once the broker has named the record's partition without an error: it has the record as durably as the topic asks for
   * (all in-sync replicas). Until then it is sent again after every failure that may pass, so that a record may lie there twice.
   * Throws TransientError when nothing is known within the deadline, PermanentError (`too_large`) for a record that no topic takes.
   */
  send(topic: string, record: EventRecord): Promise<void>;
  /** Whether sends can be expected to work: the cluster was reached, and some broker that leads takes records. */
  readonly healthy: boolean;
}

/** Deadlines are looked at this often, in ms: a timer for each record would cost more than it is worth. */
const SWEEP_MS = 100;

/** A record as it is sent, with the span of its sending. */
class SentRecord implements PendingRecord {
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

/**
 * One producer per process. Each broker gets what it leads in one request at a time (docs/adr/0017): records that arrive while one
 * is under way leave together in the next, which multiplies throughput and costs a lone record nothing, and the records of a key
 * keep their order. Whatever the broker did not name as written is sent again until its deadline.
 *
 * There is no idempotent mode (docs/adr/0002): a repeated send makes a duplicate, which every reader of these topics takes.
 */
export function createProducer(kafka: Kafka, options: ProducerOptions = {}): Producer {
  const { deadlineMs = 5_000, maxBatchRecords = 500, maxBatchBytes = MAX_MESSAGE_BYTES / 2 } = options;
  const { maxRecordBytes = MAX_MESSAGE_BYTES, maxWaiting = 20_000 } = options;
  const { maxWaitingPerLeader = maxWaiting, topics = [] } = options;
  const { requestTimeoutMs = { first: 2_500, repeated: 4_500 } } = options;
  const router = new ProduceRouter(kafka, {
    limits: { maxBatchRecords, maxBatchBytes, requestTimeoutMs },
    onWritten: (records, startedAt) => settle(records as readonly SentRecord[], startedAt),
    onRefused: (record, startedAt, cause) => {
      const error = TOO_LARGE.has(cause.code)
        ? tooLarge(cause)
        : new TransientError('Kafka refused a record', { reason: 'kafka', dependency: 'kafka', cause });
      settle([record as SentRecord], startedAt, error);
    },
  });
  let sweeping = false;
  let stopping = false;
  let drained: (() => void) | undefined;

  const sweep = () => {
    const now = performance.now();
    for (const { leader, record } of router.pending()) {
      if (record.isSettled || now - record.since < deadlineMs) continue;
      router.failed(leader);
      const error = new TransientError('Kafka did not acknowledge in time', {
        reason: 'kafka_timeout',
        dependency: 'kafka',
      });
      settle([record as SentRecord], record.since, error);
    }
    sweeping = router.check();
    if (sweeping) setTimeout(sweep, SWEEP_MS);
    else drained?.();
  };

  return {
    name: 'kafka producer',
    get healthy() {
      return router.problem === undefined;
    },
    notReady: () => router.problem,
    start: async () => router.start(topics.map(kafka.prefixed)),
    stop: async () => {
      stopping = true;
      if (router.isConnected && sweeping) {
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      }
      for (const { record } of router.pending()) {
        settle(
          [record as SentRecord],
          record.since,
          new TransientError('the producer is stopping', { reason: 'stopping' }),
        );
      }
      router.stop();
    },
    send: (topic, record) => {
      const { span, headers } = inSendSpan(topic, record, kafka);
      const bytes = sizeOf(record.key, record.value, headers);
      return new Promise<void>((resolve, reject) => {
        const message = { key: record.key, value: record.value, headers };
        const sent = new SentRecord({ topic, span, message, bytes }, resolve, reject);
        const refuse = (error: Error) => settle([sent], sent.since, error);
        if (bytes > maxRecordBytes) return refuse(tooLarge());
        if (stopping) return refuse(new TransientError('the producer is stopping', { reason: 'stopping' }));
        if (router.waiting >= maxWaiting)
          return refuse(new TransientError('too many records wait', { reason: 'overloaded', dependency: 'kafka' }));
        if (router.waiting >= maxWaitingPerLeader && router.isCrowded(kafka.prefixed(topic), sent, maxWaitingPerLeader))
          return refuse(
            new TransientError('too many records wait for one broker', { reason: 'overloaded', dependency: 'kafka' }),
          );
        router.add(kafka.prefixed(topic), sent);
        if (!sweeping) {
          sweeping = true;
          setTimeout(sweep, SWEEP_MS);
        }
      });
    },
  };
}

/** Starts the span of a send, and answers the record's headers, with the client's own and the span in them. */
function inSendSpan(topic: string, record: EventRecord, kafka: Kafka) {
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

/** Settles records of one topic and observes the one send that decided on them; `started` as `performance.now()` has it. */
function settle(items: readonly SentRecord[], started: number, error?: Error): void {
  const [first] = items;
  const settled = items.filter((item) => item.settle(error)).length;
  if (!first || settled === 0) return;
  const labels = sent(first.topic, error?.name ?? '');
  metrics.sentMessages.inc(labels, settled);
  const { span } = items.find((item) => item.span.isRecording()) ?? first;
  const seconds = (performance.now() - started) / 1000;
  context.with(trace.setSpan(ROOT_CONTEXT, span), () => metrics.messagingDuration.observe(labels, seconds));
}

/** MESSAGE_TOO_LARGE and RECORD_LIST_TOO_LARGE. */
const TOO_LARGE: ReadonlySet<number> = new Set([10, 18]);

const tooLarge = (cause?: unknown) =>
  new PermanentError('the record is larger than the topic takes', { reason: 'too_large', cause });

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
  for (const error_type of ['NOT_LEADER_FOR_PARTITION', 'REQUEST_TIMED_OUT', 'KafkaJSRequestTimeoutError'])
    metrics.repeatedSends.inc({ error_type }, 0);
}
