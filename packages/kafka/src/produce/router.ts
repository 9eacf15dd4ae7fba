import { metrics } from '@connector/telemetry';
import type { Kafka } from '../client.ts';
import { ClusterView } from '../cluster/cluster-view.ts';
import { type LaneDependencies, type LaneLimits, LeaderLane } from './leader-lane.ts';
import { PartitionQueue, type PendingRecord } from './partition-queue.ts';
import { partitionOf } from './partitioner.ts';

export interface RouterOptions extends Pick<LaneDependencies, 'onWritten' | 'onRefused'> {
  readonly limits: LaneLimits;
}

/** Records of a topic by partition, and records from before its partitions were known. */
interface TopicQueues {
  readonly queues: PartitionQueue[];
  early: PendingRecord[];
}

/**
 * How long a failed send counts, in ms. A pod that is not ready gets no traffic, so nothing would be sent that could
 * show that Kafka is back. After this time the pod counts as ready again.
 */
const FAILURE_COUNTS_MS = 10_000;
/**
 * While an answer is late by this much, in ms, the cluster is asked once per such time: another broker may be the
 * leader.
 */
const SLOW_MS = 1_000;

/** Gives each record to its partition, and each partition to its leader's lane. */
export class ProduceRouter {
  readonly #kafka: Kafka;
  readonly #options: RouterOptions;
  readonly #cluster: ClusterView;
  readonly #topics = new Map<string, TopicQueues>();
  readonly #lanes = new Map<number, LeaderLane>();
  /** Time of the last failed send, by leader; -1 = without a leader. */
  readonly #failedAt = new Map<number, number>();
  #waiting = 0;

  constructor(kafka: Kafka, options: RouterOptions) {
    this.#kafka = kafka;
    this.#options = options;
    this.#cluster = new ClusterView(kafka, () => this.#clusterChanged());
  }

  /**
   * Follows `topics`, by their names in the cluster, from the start, so that a missing topic shows before the first
   * send to it.
   */
  start(topics: readonly string[] = []): void {
    this.#cluster.start();
    for (const topic of topics) {
      this.#topics.set(topic, this.#topics.get(topic) ?? { queues: [], early: [] });
      this.#cluster.partitionsOf(topic);
    }
  }

  stop(): void {
    for (const lane of this.#lanes.values()) lane.stop();
    this.#cluster.stop();
  }

  get isConnected(): boolean {
    return this.#cluster.isKnown;
  }

  /** Approximate number of records that wait for their acknowledgement; exact after each `check`. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Why sends will probably fail; undefined while at least one leader accepts records. */
  get problem(): string | undefined {
    if (!this.#cluster.isKnown) return 'not connected';
    const missing = [...this.#topics.keys()].flatMap((topic) => this.#cluster.problemOf(topic) ?? []);
    if (missing.length > 0) return missing.join('; ');
    const now = performance.now();
    const failing = [...this.#failedAt].filter(([, at]) => now - at < FAILURE_COUNTS_MS).map(([id]) => id);
    if (failing.length === 0) return undefined;
    const takes = this.#leaders().some((id) => id >= 0 && !failing.includes(id));
    return takes ? undefined : 'the last send failed';
  }

  /** Notes that a record for this leader was not acknowledged in time. */
  failed(leader: number): void {
    this.#failedAt.set(leader, performance.now());
  }

  /** Whether `most` records already wait for this record's leader, while other brokers lead as well. */
  isCrowded(topic: string, record: PendingRecord, most: number): boolean {
    const known = this.#topics.get(topic);
    const own = known && this.#queueOf(topic, known, record);
    if (!own) return false;
    const leader = this.#cluster.leaderOf(topic, own.partition);
    let waiting = 0;
    for (const queue of this.#queuesOf(leader)) waiting += queue.size;
    return waiting >= most && this.#leaders().some((other) => other >= 0 && other !== leader);
  }

  /** `topic` is its name in the cluster. */
  add(topic: string, record: PendingRecord): void {
    this.#waiting += 1;
    const known = this.#topics.get(topic) ?? { queues: [], early: [] };
    this.#topics.set(topic, known);
    const queue = this.#queueOf(topic, known, record);
    if (!queue) {
      known.early.push(record);
      return;
    }
    queue.add(record);
    this.#laneOf(this.#cluster.leaderOf(topic, queue.partition))?.pump();
  }

  /** All records whose senders may wait, with their present leader. */
  *pending(): Generator<{ readonly leader: number; readonly record: PendingRecord }> {
    for (const [topic, { queues, early }] of this.#topics) {
      for (const record of early) yield { leader: -1, record };
      for (const queue of queues) {
        const leader = this.#cluster.leaderOf(topic, queue.partition);
        for (const record of queue.pending) yield { leader, record };
      }
    }
  }

  /** Removes finished records, and reacts to late answers; returns whether any record still waits. */
  check(): boolean {
    const now = performance.now();
    let [waiting, isSlow] = [0, false];
    for (const known of this.#topics.values()) {
      known.early = known.early.filter(({ isSettled }) => !isSettled);
      // Nothing is sent for a partition without a leader, so its failed records would stay until it has one.
      for (const queue of known.queues) queue.forgetSettled();
    }
    for (const { record } of this.pending()) {
      if (record.isSettled) continue;
      waiting += 1;
      isSlow ||= now - record.since > SLOW_MS;
    }
    this.#waiting = waiting;
    if (isSlow) this.#cluster.refresh(SLOW_MS);
    for (const lane of this.#lanes.values()) lane.pump();
    return waiting > 0;
  }

  /** Leaders of the partitions of all topics in use. */
  #leaders(): number[] {
    return [...this.#topics].flatMap(([topic, { queues }]) =>
      queues.map(({ partition }) => this.#cluster.leaderOf(topic, partition)),
    );
  }

  #queueOf(topic: string, { queues }: TopicQueues, record: PendingRecord): PartitionQueue | undefined {
    const partitions = this.#cluster.partitionsOf(topic);
    if (!partitions) return undefined;
    for (let next = queues.length; next < partitions.size; next += 1) queues.push(new PartitionQueue(topic, next));
    return queues[partitionOf(record.message.key as string, partitions.size)];
  }

  #clusterChanged(): void {
    for (const [topic, known] of this.#topics) {
      // A recreated topic may have fewer partitions.
      const gone = known.queues.slice(this.#cluster.partitionsOf(topic)?.size ?? known.queues.length);
      const early = [...gone.flatMap((queue) => queue.withdraw()), ...known.early.splice(0)];
      for (const record of early) {
        const queue = record.isSettled ? undefined : this.#queueOf(topic, known, record);
        if (queue) queue.add(record);
        else if (!record.isSettled) known.early.push(record);
      }
    }
    for (const leader of new Set(this.#leaders())) this.#laneOf(leader);
    for (const lane of this.#lanes.values()) lane.leadersChanged();
  }

  #laneOf(nodeId: number): LeaderLane | undefined {
    if (nodeId < 0) return undefined;
    let lane = this.#lanes.get(nodeId);
    if (!lane) {
      lane = new LeaderLane(nodeId, this.#options.limits, this.#laneDependencies(nodeId));
      this.#lanes.set(nodeId, lane);
    }
    return lane;
  }

  #laneDependencies(nodeId: number): LaneDependencies {
    return {
      log: this.#kafka.log,
      cluster: this.#cluster,
      open: this.#kafka.open,
      queues: () => this.#queuesOf(nodeId),
      onWritten: (records, startedAt) => {
        this.#failedAt.delete(nodeId);
        this.#waiting -= records.length;
        this.#options.onWritten(records, startedAt);
      },
      onRefused: this.#options.onRefused,
      onRepeat: (type, records) => metrics.repeatedSends.inc({ error_type: type }, records),
    };
  }

  *#queuesOf(nodeId: number): Generator<PartitionQueue> {
    for (const [topic, { queues }] of this.#topics) {
      for (const queue of queues) if (this.#cluster.leaderOf(topic, queue.partition) === nodeId) yield queue;
    }
  }
}
