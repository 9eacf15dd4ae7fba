import { type EventRecord, MAX_MESSAGE_BYTES } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import type { Component } from '@connector/lifecycle';
import type { Kafka } from './client.ts';
import { ProduceRouter } from './produce/router.ts';
import { inSendSpan, SentRecord, settle, sizeOf } from './produce/sent-record.ts';

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

/**
 * One producer per process. Each broker gets what it leads in one request at a time (docs/adr/0017): records that arrive while one
 * is under way leave together in the next, which multiplies throughput and costs a lone record nothing, and the records of a key
 * keep their order. Whatever the broker did not name as written is sent again until its deadline.
 *
 * There is no idempotent mode (docs/adr/0002): a repeated send makes a duplicate, which every reader of these topics takes.
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

  /** Why a record is not taken at all; `name` is the topic's in the cluster. */
  #whyRefused(name: string, sent: SentRecord): Error | undefined {
    const { waiting } = this.#router;
    if (sent.bytes > this.#maxRecordBytes) return tooLarge();
    if (this.#isStopping) return stopping();
    if (waiting >= this.#maxWaiting) return overloaded('too many records wait');
    if (waiting < this.#maxWaitingPerLeader) return undefined;
    if (!this.#router.isCrowded(name, sent, this.#maxWaitingPerLeader)) return undefined;
    return overloaded('too many records wait for one broker');
  }

  /** Fails what has waited past its deadline, and goes on while anything waits. */
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
  new PermanentError('the record is larger than the topic takes', { reason: 'too_large', cause });

const stopping = () => new TransientError('the producer is stopping', { reason: 'stopping' });

const overloaded = (message: string) => new TransientError(message, { reason: 'overloaded', dependency: 'kafka' });

const unacknowledged = () =>
  new TransientError('Kafka did not acknowledge in time', { reason: 'kafka_timeout', dependency: 'kafka' });
