import { type EventRecord, MAX_MESSAGE_BYTES } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import type { Component } from '@connector/lifecycle';
import type { Kafka } from './client.ts';
import { ProduceRouter } from './produce/router.ts';
import { inSendSpan, SentRecord, settle, sizeOf } from './produce/sent-record.ts';

export interface ProducerOptions {
  /** Topics of this producer, without the configured prefix. It is not ready while one of them is missing. */
  topics?: readonly string[];
  /** A send fails after this long without the broker's acknowledgement, in ms; the record may still be written. */
  deadlineMs?: number;
  /** The most records in a request. */
  maxBatchRecords?: number;
  /** The most bytes in a request; low enough that no partition's part can exceed the topic's limit. */
  maxBatchBytes?: number;
  /** The largest record the topics take, in bytes. */
  maxRecordBytes?: number;
  /** The most waiting records; further ones fail at once. */
  maxWaiting?: number;
  /**
   * How many of these may wait for one broker while others lead as well; default all. A broker that is away then leaves
   * room for others.
   */
  maxWaitingPerLeader?: number;
  /**
   * Time-out for a broker's answer, after which the connection counts as dead, in ms: the first one, and the one while
   * answers are missing.
   */
  requestTimeoutMs?: { readonly first: number; readonly repeated: number };
}

export interface Producer extends Component {
  /**
   * Resolves when the broker has confirmed the record's partition without an error: the record is as durable as the
   * topic requires (all in-sync replicas). Until then the record is sent again after every temporary failure, so it may
   * be written twice. Throws TransientError when nothing is known at the deadline, PermanentError (`too_large`) for a
   * record that no topic accepts.
   */
  send(topic: string, record: EventRecord): Promise<void>;
  /** Whether sends will probably succeed: the cluster was reached, and some leader accepts records. */
  readonly healthy: boolean;
}

/** How often deadlines are checked, in ms. A timer for each record would cost too much. */
const SWEEP_MS = 100;

/**
 * The only producer of a process. Each broker gets the records of its partitions, one request at a time
 * (docs/adr/0017). Records that arrive during a request are sent together in the next one: this multiplies throughput,
 * does not delay a single record, and keeps the order within a key. A record that the broker did not confirm is sent
 * again until its deadline.
 *
 * There is no idempotent mode (docs/adr/0002): a repeated send can write a duplicate, which every reader of these
 * topics accepts.
 */
export const createProducer = (kafka: Kafka, options: ProducerOptions = {}): Producer =>
  new RoutedProducer(kafka, options);

class RoutedProducer implements Producer {
  readonly name = 'kafka producer';
  readonly #kafka: Kafka;
  readonly #topics: readonly string[];
  readonly #deadlineMs: number;
  readonly #maxRecordBytes: number;
  readonly #maxWaiting: number;
  readonly #maxWaitingPerLeader: number;
  readonly #router: ProduceRouter;
  #isSweeping = false;
  #isStopping = false;
  #drained: (() => void) | undefined;

  constructor(kafka: Kafka, options: ProducerOptions) {
    const { maxBatchRecords = 500, maxBatchBytes = MAX_MESSAGE_BYTES / 2, maxWaiting = 20_000 } = options;
    const { requestTimeoutMs = { first: 2_500, repeated: 4_500 } } = options;
    this.#kafka = kafka;
    this.#topics = options.topics ?? [];
    this.#deadlineMs = options.deadlineMs ?? 5_000;
    this.#maxRecordBytes = options.maxRecordBytes ?? MAX_MESSAGE_BYTES;
    this.#maxWaiting = maxWaiting;
    this.#maxWaitingPerLeader = options.maxWaitingPerLeader ?? maxWaiting;
    this.#router = new ProduceRouter(kafka, {
      limits: { maxBatchRecords, maxBatchBytes, requestTimeoutMs },
      onWritten: (records, startedAt) => settle(records as readonly SentRecord[], startedAt),
      onRefused: (record, startedAt, cause) => settle([record as SentRecord], startedAt, refusalOf(cause)),
    });
  }

  get healthy(): boolean {
    return this.#router.problem === undefined;
  }

  notReady(): string | undefined {
    return this.#router.problem;
  }

  async start(): Promise<void> {
    await this.#router.start(this.#topics.map(this.#kafka.prefixed));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#router.isConnected && this.#isSweeping) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    for (const { record } of this.#router.pending()) settle([record as SentRecord], record.since, stopping());
    this.#router.stop();
  }

  /** A property, because callers pass it on by itself. */
  readonly send = (topic: string, record: EventRecord): Promise<void> => {
    const { span, headers } = inSendSpan(topic, record, this.#kafka);
    const bytes = sizeOf(record.key, record.value, headers);
    return new Promise<void>((resolve, reject) => {
      const message = { key: record.key, value: record.value, headers };
      const sent = new SentRecord({ topic, span, message, bytes }, resolve, reject);
      const name = this.#kafka.prefixed(topic);
      const refusal = this.#whyRefused(name, sent);
      if (refusal) return settle([sent], sent.since, refusal);
      this.#router.add(name, sent);
      if (this.#isSweeping) return;
      this.#isSweeping = true;
      setTimeout(this.#sweep, SWEEP_MS);
    });
  };

  /** Why a record is refused at once; `name` is the topic's name in the cluster. */
  #whyRefused(name: string, sent: SentRecord): Error | undefined {
    const { waiting } = this.#router;
    if (sent.bytes > this.#maxRecordBytes) return tooLarge();
    if (this.#isStopping) return stopping();
    if (waiting >= this.#maxWaiting) return overloaded('too many records wait');
    if (waiting < this.#maxWaitingPerLeader) return undefined;
    if (!this.#router.isCrowded(name, sent, this.#maxWaitingPerLeader)) return undefined;
    return overloaded('too many records wait for one broker');
  }

  /** Fails the records that are past their deadline, and continues while any record waits. */
  readonly #sweep = (): void => {
    const now = performance.now();
    for (const { leader, record } of this.#router.pending()) {
      if (record.isSettled || now - record.since < this.#deadlineMs) continue;
      this.#router.failed(leader);
      settle([record as SentRecord], record.since, unacknowledged());
    }
    this.#isSweeping = this.#router.check();
    if (this.#isSweeping) setTimeout(this.#sweep, SWEEP_MS);
    else this.#drained?.();
  };
}

/** MESSAGE_TOO_LARGE and RECORD_LIST_TOO_LARGE. */
const TOO_LARGE: ReadonlySet<number> = new Set([10, 18]);

const refusalOf = (cause: { readonly code: number }): Error =>
  TOO_LARGE.has(cause.code)
    ? tooLarge(cause)
    : new TransientError('Kafka refused a record', { reason: 'kafka', dependency: 'kafka', cause });

const tooLarge = (cause?: unknown) =>
  new PermanentError('the record is larger than the topic accepts', { reason: 'too_large', cause });

const stopping = () => new TransientError('the producer is stopping', { reason: 'stopping' });

const overloaded = (message: string) => new TransientError(message, { reason: 'overloaded', dependency: 'kafka' });

const unacknowledged = () =>
  new TransientError('Kafka did not acknowledge in time', { reason: 'kafka_timeout', dependency: 'kafka' });
