import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from '@connector/errors';
import type { Logger } from '@connector/telemetry';
import type { KafkaMessage } from 'kafkajs';
import type { ClusterView } from '../cluster/cluster-view.ts';
import type { BrokerAddress, BrokerConnection } from '../kafkajs-internals/connection.ts';
import { createErrorFromCode, ERROR, readable } from '../kafkajs-internals/protocol.ts';
import {
  askOffsets,
  askRecords,
  type FetchedPartition,
  type FetchLimits,
  type OffsetOf,
  type TopicAnswer,
} from './fetch-requests.ts';
import type { PartitionPosition } from './partition-position.ts';

export type StartAt = 'earliest' | 'latest';

/** Records that this reader will never get: deleted before they were read, or lost by a broker. */
export interface SkippedRange {
  /** Without the configured prefix when it leaves this package. */
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  /** The first existing offset, or the next offset that would have been read. */
  readonly to: bigint;
  readonly reason: 'deleted' | 'truncated';
}

export interface FetchLaneOptions extends FetchLimits {
  readonly log: Logger;
  readonly cluster: ClusterView;
  open(address: BrokerAddress): Promise<BrokerConnection>;
  /** Where reading starts in a partition without a position, or with one that the broker does not have. */
  readonly startAt: StartAt;
  /** The partitions and positions of the next request to this broker. */
  positions(): PartitionPosition[];
  onMessages(position: PartitionPosition, messages: readonly KafkaMessage[]): void;
  onSkipped(range: SkippedRange): void;
}

/** How long an answer for a partition that another broker leads now is still awaited, in ms. */
const MOVED_GRACE_MS = 500;
/** Pause for a partition after the broker answered it with an error, in ms. */
const ERROR_PAUSE_MS = 100;
/**
 * A request and its answer cost as much as handling a record. After an answer with few records the next request waits
 * this long, in ms, so that records that arrive close together are fetched together. A single record is still delivered
 * at once.
 */
const GATHER_MS = 10;
const FEW_RECORDS = 50;
const CONNECT_PAUSE = { baseMs: 100, capMs: 1_000 };

/**
 * Reads the partitions that one broker leads, one request at a time. A broker that is away delays only its own
 * partitions.
 */
export class FetchLane {
  readonly #nodeId: number;
  readonly #options: FetchLaneOptions;
  #connection: BrokerConnection | undefined;
  #busy = false;
  #underWay: { readonly positions: readonly PartitionPosition[]; readonly since: number } | undefined;
  /** Number of records in the last answer. */
  #received = 0;
  #failures = 0;
  #notBefore = 0;
  #stopped = false;

  constructor(nodeId: number, options: FetchLaneOptions) {
    this.#nodeId = nodeId;
    this.#options = options;
  }

  /** ms since the open request was sent; 0 without one. */
  get waitedMs(): number {
    return this.#underWay ? performance.now() - this.#underWay.since : 0;
  }

  pump(): void {
    if (!this.#busy && !this.#stopped && performance.now() >= this.#notBefore) void this.#run();
  }

  /** An answer from a broker that is no longer the leader may never come. */
  leadersChanged(): void {
    const { cluster, maxWaitMs } = this.#options;
    const isElsewhere = (position: PartitionPosition) => {
      const leader = cluster.leaderOf(position.topic, position.partition);
      return leader >= 0 && position.readerOf(leader) !== this.#nodeId;
    };
    if (this.#underWay?.positions.some(isElsewhere) && this.waitedMs > maxWaitMs + MOVED_GRACE_MS)
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
      for (let positions = this.#options.positions(); positions.length > 0; positions = this.#options.positions()) {
        const connection = await this.#connected();
        if (!connection || this.#stopped) break;
        this.#underWay = { positions, since: performance.now() };
        await this.#locate(
          connection,
          positions.filter(({ next }) => next === undefined),
        );
        await this.#fetch(
          connection,
          positions.filter(({ next }) => next !== undefined),
        );
        this.#underWay = undefined;
        this.#failures = 0;
        if (this.#received > 0 && this.#received < FEW_RECORDS) await sleep(GATHER_MS);
        if (this.#stopped) break;
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#underWay = undefined;
      this.#busy = false;
    }
  }

  async #connected(): Promise<BrokerConnection | undefined> {
    if (this.#connection?.isOpen) return this.#connection;
    const address = this.#options.cluster.addressOf(this.#nodeId);
    if (!address) return undefined;
    this.#connection = await this.#options.open(address);
    if (this.#stopped) this.#connection.close('stopped');
    return this.#connection;
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    this.#failures += 1;
    const pause = backOffMs(this.#failures, CONNECT_PAUSE);
    this.#notBefore = performance.now() + pause;
    this.#options.log.warn({ error, broker: this.#nodeId }, 'cannot read from a Kafka broker');
    this.#connection?.destroy('it did not answer');
    // The near replica may be gone permanently; the leader knows.
    for (const position of this.#options.positions()) position.preferLeader();
    this.#options.cluster.refresh();
    setTimeout(() => this.pump(), pause + 1);
  }

  /** Asks for the beginnings, or the ends, of partitions. */
  async #locate(connection: BrokerConnection, positions: readonly PartitionPosition[]): Promise<void> {
    if (positions.length === 0) return;
    const { startAt } = this.#options;
    const offsets = await this.#offsets(connection, positions, startAt === 'latest' ? 'end' : 'start');
    for (const position of positions) position.next ??= offsets.get(position);
  }

  async #offsets(
    connection: BrokerConnection,
    positions: readonly PartitionPosition[],
    which: OffsetOf,
  ): Promise<Map<PartitionPosition, bigint>> {
    const found = new Map<PartitionPosition, bigint>();
    const answers = await askOffsets(connection, positions, which);
    this.#each(answers, positions, (position, { offset }) => found.set(position, BigInt(offset)));
    return found;
  }

  async #fetch(connection: BrokerConnection, positions: readonly PartitionPosition[]): Promise<void> {
    this.#received = 0;
    if (positions.length === 0) return;
    const asked = new Map(positions.map((position) => [position, position.next as bigint]));
    const answers = await askRecords(connection, positions, this.#options);
    const outOfRange: PartitionPosition[] = [];
    this.#each(
      answers,
      positions,
      (position, fetched) => this.#take(position, fetched, asked.get(position) as bigint),
      (position) => outOfRange.push(position),
    );
    for (const position of outOfRange) await this.#backIntoRange(connection, position);
  }

  #take(position: PartitionPosition, fetched: FetchedPartition, asked: bigint): void {
    position.answeredAt = performance.now();
    if (fetched.preferredReadReplica !== undefined) position.preferReplica(fetched.preferredReadReplica);
    // Another lane may have read on meanwhile, or the partition may belong to another member.
    if (position.isRevoked || position.isPaused || position.next !== asked) return;
    const last = fetched.messages.at(-1);
    if (!last || BigInt(last.offset) < asked) return;
    // A broker returns whole batches, which may begin before the requested offset.
    const messages = readable(fetched).filter(({ offset }) => BigInt(offset) >= asked);
    position.next = BigInt(last.offset) + 1n;
    this.#received += messages.length;
    if (messages.length > 0) this.#options.onMessages(position, messages);
  }

  /**
   * Records were deleted before they were read, or the broker lost records that existed. Both are logged and counted.
   */
  async #backIntoRange(connection: BrokerConnection, position: PartitionPosition): Promise<void> {
    const { next } = position;
    if (next === undefined || position.isRevoked) return;
    const start = (await this.#offsets(connection, [position], 'start')).get(position);
    const end = (await this.#offsets(connection, [position], 'end')).get(position);
    // The near replica may be behind; the leader knows.
    position.preferLeader();
    if (start === undefined || end === undefined || position.isRevoked || (next >= start && next <= end)) return;
    const { topic, partition } = position;
    if (next < start) this.#options.onSkipped({ topic, partition, from: next, to: start, reason: 'deleted' });
    else this.#options.onSkipped({ topic, partition, from: end, to: next, reason: 'truncated' });
    position.next = this.#options.startAt === 'latest' ? end : start;
  }

  /** Gives each partition's answer to `use`, or handles its error. */
  #each<P extends { readonly partition: number; readonly errorCode: number }>(
    answers: readonly TopicAnswer<P>[],
    positions: readonly PartitionPosition[],
    use: (position: PartitionPosition, answer: P) => void,
    outOfRange: (position: PartitionPosition) => void = () => {},
  ): void {
    for (const { topic, partitions } of answers) {
      for (const answer of partitions) {
        const position = positions.find((one) => one.topic === topic && one.partition === answer.partition);
        if (!position) continue;
        if (answer.errorCode === 0) use(position, answer);
        else if (answer.errorCode === ERROR.offsetOutOfRange) outOfRange(position);
        else this.#refused(position, answer.errorCode);
      }
    }
  }

  #refused(position: PartitionPosition, code: number): void {
    const { topic, partition } = position;
    const error = createErrorFromCode(code);
    this.#options.log.debug(
      { error, topic, partition, broker: this.#nodeId },
      'cannot read a partition from this broker',
    );
    position.notBefore = performance.now() + ERROR_PAUSE_MS;
    position.preferLeader();
    this.#options.cluster.doubt(topic, partition);
    setTimeout(() => this.pump(), ERROR_PAUSE_MS + 1);
  }
}
