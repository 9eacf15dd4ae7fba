import { backOffMs } from '@connector/errors';
import type { Logger } from '@connector/telemetry';
import type { ClusterView } from '../cluster/cluster-view.ts';
import type { BrokerAddress, BrokerConnection } from '../kafkajs-internals/connection.ts';
import { API, createErrorFromCode } from '../kafkajs-internals/protocol.ts';
import type { PartitionQueue, PendingRecord } from './partition-queue.ts';
import { PRODUCE_VERSIONS, type Produced, produceRequest } from './produce-request.ts';

export interface LaneLimits {
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
  /** Time-out for an answer, in ms: the first one, and the one after an answer was missing. */
  readonly requestTimeoutMs: { readonly first: number; readonly repeated: number };
}

export interface LaneDependencies {
  readonly log: Logger;
  readonly cluster: ClusterView;
  open(address: BrokerAddress): Promise<BrokerConnection>;
  /** The partitions that this broker leads now. */
  queues(): Iterable<PartitionQueue>;
  onWritten(records: readonly PendingRecord[], startedAt: number): void;
  /** The broker refused this one record permanently. */
  onRefused(record: PendingRecord, startedAt: number, error: ReturnType<typeof createErrorFromCode>): void;
  /** This many records will be sent again because of an error of this type. */
  onRepeat(type: string, records: number): void;
}

/** The broker stops waiting for its followers this long before we stop waiting for the broker, in ms. */
const BROKER_EARLIER_MS = 500;
/**
 * How long a request is still awaited after another broker became the partition's leader, in ms: a live broker answers
 * that it no longer leads.
 */
const MOVED_GRACE_MS = 500;
const REPEAT_PAUSE = { baseMs: 50, capMs: 500 };
const CONNECT_PAUSE = { baseMs: 100, capMs: 1_000 };

interface UnderWay {
  readonly queues: readonly PartitionQueue[];
  readonly startedAt: number;
}

/**
 * Sends the records of the partitions that one broker leads, one request at a time. Records that arrive meanwhile are
 * sent together in the next request. A broker that is dead, slow or half-open delays only its own partitions, and those
 * only until another broker leads them.
 */
export class LeaderLane {
  readonly nodeId: number;
  readonly #limits: LaneLimits;
  readonly #with: LaneDependencies;
  #connection: BrokerConnection | undefined;
  #busy = false;
  #underWay: UnderWay | undefined;
  /** Missing answers and failed connections in a row. */
  #silences = 0;
  #connectNotBefore = 0;
  /** The first partition that the last request had no room for. */
  #passedOver: PartitionQueue | undefined;
  #stopped = false;

  constructor(nodeId: number, limits: LaneLimits, dependencies: LaneDependencies) {
    this.nodeId = nodeId;
    this.#limits = limits;
    this.#with = dependencies;
  }

  /** Start of the open request, from `performance.now()`. */
  get underWaySince(): number | undefined {
    return this.#underWay?.startedAt;
  }

  /** Sends what can be sent. Called whenever something may have changed. */
  pump(): void {
    if (!this.#busy && !this.#stopped) void this.#run();
  }

  /** The leaders may have changed. An answer from a former leader may never come. */
  leadersChanged(): void {
    const { cluster } = this.#with;
    const isElsewhere = ({ topic, partition }: PartitionQueue) => {
      const leader = cluster.leaderOf(topic, partition);
      return leader >= 0 && leader !== this.nodeId;
    };
    const { queues = [], startedAt = 0 } = this.#underWay ?? {};
    if (queues.some(isElsewhere) && performance.now() - startedAt > MOVED_GRACE_MS)
      this.#connection?.close('another broker leads');
    else this.pump();
  }

  stop(): void {
    this.#stopped = true;
    this.#connection?.close('stopped');
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      // Waits a tick, so that records of the same tick are sent together.
      await Promise.resolve();
      while (!this.#stopped && this.#ready().length > 0) {
        const connection = await this.#connected();
        if (!connection) break;
        await this.#sendNext(connection);
      }
    } finally {
      this.#busy = false;
    }
  }

  #ready(): PartitionQueue[] {
    const now = performance.now();
    return [...this.#with.queues()].filter((queue) => queue.isReady(now));
  }

  async #connected(): Promise<BrokerConnection | undefined> {
    if (this.#connection?.isOpen) return this.#connection;
    const wait = this.#connectNotBefore - performance.now();
    const address = this.#with.cluster.addressOf(this.nodeId);
    if (wait > 0 || !address) {
      if (wait > 0) this.#pumpIn(wait);
      return undefined;
    }
    try {
      const connection = await this.#with.open(address);
      if (this.#stopped) connection.close('stopped');
      this.#connection = connection;
      return connection;
    } catch (error) {
      this.#silences += 1;
      const pause = backOffMs(this.#silences, CONNECT_PAUSE);
      this.#connectNotBefore = performance.now() + pause;
      this.#with.log.warn({ error, broker: this.nodeId, pause }, 'cannot connect to a Kafka broker');
      this.#with.cluster.refresh();
      this.#pumpIn(pause);
      return undefined;
    }
  }

  async #sendNext(connection: BrokerConnection): Promise<void> {
    const batch = this.#take();
    if (batch.length === 0) return;
    const startedAt = performance.now();
    this.#underWay = { queues: batch.map(({ queue }) => queue), startedAt };
    const { first, repeated } = this.#limits.requestTimeoutMs;
    const timeoutMs = this.#silences > 0 ? repeated : first;
    try {
      const version = connection.version(API.produce, PRODUCE_VERSIONS.oldest, PRODUCE_VERSIONS.newest);
      const produced = await connection.send(produceRequest(argumentsOf(batch, timeoutMs), version), timeoutMs);
      this.#silences = 0;
      this.#settle(batch, produced, startedAt);
    } catch (error) {
      // The records may or may not be written. They are sent again in either case, on another connection.
      connection.destroy('it did not answer');
      this.#connection = undefined;
      this.#silences += 1;
      this.#with.log.warn({ error, broker: this.nodeId }, 'a Kafka broker did not answer');
      for (const { queue, records } of batch) this.#repeat(queue, records, (error as Error).name);
    } finally {
      this.#underWay = undefined;
    }
  }

  #take(): Share[] {
    const { maxBatchRecords, maxBatchBytes } = this.#limits;
    const ready = this.#ready();
    // The next request begins with the partition that this one has no room for, so that no partition starves, however
    // much is sent to the others.
    const start = this.#passedOver ? Math.max(0, ready.indexOf(this.#passedOver)) : 0;
    this.#passedOver = undefined;
    const batch: Share[] = [];
    let [count, bytes] = [maxBatchRecords, maxBatchBytes];
    for (const queue of [...ready.slice(start), ...ready.slice(0, start)]) {
      const records = queue.take(count, bytes, batch.length === 0 ? 1 : 0);
      if (records.length === 0) {
        this.#passedOver ??= queue;
        continue;
      }
      batch.push({ queue, records });
      count -= records.length;
      for (const record of records) bytes -= record.bytes;
    }
    return batch;
  }

  #settle(batch: readonly Share[], { partitions }: Produced, startedAt: number): void {
    const codes = new Map(partitions.map(({ topic, partition, errorCode }) => [`${topic}/${partition}`, errorCode]));
    for (const { queue, records } of batch) {
      const code = codes.get(`${queue.topic}/${queue.partition}`);
      if (code === 0) {
        this.#with.onWritten(queue.written(), startedAt);
        continue;
      }
      // A record that the answer does not name is not written.
      const error = createErrorFromCode(code ?? UNNAMED);
      if (code !== undefined && isFinal(error)) {
        const refused = queue.refused();
        if (refused) this.#with.onRefused(refused, startedAt, error);
        continue;
      }
      if (SAYS_NOT_LEADER.has(error.code))
        this.#with.cluster.doubt(queue.topic, queue.partition, error.code === UNKNOWN_PARTITION);
      if (error.code === REQUEST_TIMED_OUT) this.#silences += 1;
      this.#repeat(queue, records, error.type);
    }
  }

  #repeat(queue: PartitionQueue, records: readonly PendingRecord[], type: string): void {
    const pause = backOffMs(queue.failures + 1, REPEAT_PAUSE);
    queue.repeat(performance.now(), pause);
    this.#with.onRepeat(type, records.length);
    this.#with.cluster.refresh();
    this.#pumpIn(pause);
  }

  #pumpIn(ms: number): void {
    // The partition may belong to another lane by then; the cluster's answer will say so.
    setTimeout(() => this.pump(), ms + 1);
  }
}

interface Share {
  readonly queue: PartitionQueue;
  readonly records: readonly PendingRecord[];
}

const argumentsOf = (batch: readonly Share[], timeoutMs: number) => ({
  acks: -1,
  timeout: Math.max(timeoutMs - BROKER_EARLIER_MS, Math.ceil(timeoutMs / 2)),
  topicData: [...Map.groupBy(batch, ({ queue }) => queue.topic)].map(([topic, shares]) => ({
    topic,
    partitions: shares.map(({ queue, records }) => ({
      partition: queue.partition,
      messages: records.map(({ message }) => message),
    })),
  })),
});

const UNKNOWN_PARTITION = 3;
const REQUEST_TIMED_OUT = 7;
/** NETWORK_EXCEPTION: the answer did not contain the partition. */
const UNNAMED = 13;
/** Unknown partition, leader not available, not the leader, storage error, fenced or unknown epoch. */
const SAYS_NOT_LEADER: ReadonlySet<number> = new Set([3, 5, 6, 56, 74, 76]);

/**
 * Whether sending again cannot help. An error that kafkajs does not know is newer than kafkajs; it is repeated until
 * the deadline.
 */
const isFinal = ({ code, retriable }: { code: number; retriable: boolean }): boolean => !retriable && code > 0;
