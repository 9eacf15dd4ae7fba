import type { Kafka } from '../client.ts';
import type { ClusterView } from '../cluster/cluster-view.ts';
import { FetchLane, type FetchLaneOptions } from './fetch-lane.ts';
import { PartitionPosition } from './partition-position.ts';

export interface FetcherOptions
  extends Pick<
    FetchLaneOptions,
    'maxWaitMs' | 'minBytes' | 'maxBytesPerPartition' | 'startAt' | 'onMessages' | 'onSkipped'
  > {
  readonly kafka: Kafka;
  readonly cluster: ClusterView;
}

const CHECK_MS = 500;
/** While an answer is late by this much, in ms, the cluster is asked once per such time. */
const SLOW_MS = 1_000;

/** Reads assigned partitions, each from its leader, and delivers each partition's messages in order. */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #lanes = new Map<number, FetchLane>();
  #positions: PartitionPosition[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  get positions(): readonly PartitionPosition[] {
    return this.#positions;
  }

  /** Reads exactly these partitions from now on. A partition without a position gets one from its broker. */
  assign(
    assigned: Iterable<{ readonly topic: string; readonly partition: number; readonly next: bigint | undefined }>,
  ): void {
    for (const position of this.#positions) position.isRevoked = true;
    this.#positions = [...assigned].map(({ topic, partition, next }) => new PartitionPosition(topic, partition, next));
    this.pump();
  }

  /** Reads these partitions as well. */
  add(topic: string, partitions: Iterable<number>, next: bigint | undefined): void {
    for (const partition of partitions) this.#positions.push(new PartitionPosition(topic, partition, next));
    this.pump();
  }

  /** Called when leaders or pauses may have changed. */
  pump(): void {
    const { cluster } = this.#options;
    for (const position of this.#positions) {
      const reader = position.readerOf(cluster.leaderOf(position.topic, position.partition));
      if (reader >= 0) this.#laneOf(reader);
    }
    for (const lane of this.#lanes.values()) lane.leadersChanged();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.assign([]);
    for (const lane of this.#lanes.values()) lane.stop();
  }

  #check(): void {
    const { cluster, maxWaitMs } = this.#options;
    for (const lane of this.#lanes.values()) if (lane.waitedMs > maxWaitMs + SLOW_MS) cluster.refresh(SLOW_MS);
    this.pump();
  }

  #laneOf(nodeId: number): FetchLane {
    const { kafka, cluster } = this.#options;
    let lane = this.#lanes.get(nodeId);
    if (!lane) {
      const { log, rackId, open } = kafka;
      const positions = () => this.#readFrom(nodeId);
      lane = new FetchLane(nodeId, { ...this.#options, log, rackId, open, cluster, positions });
      this.#lanes.set(nodeId, lane);
    }
    return lane;
  }

  #readFrom(nodeId: number): PartitionPosition[] {
    const now = performance.now();
    return this.#positions.filter((position) => {
      const leader = this.#options.cluster.leaderOf(position.topic, position.partition);
      return position.readerOf(leader) === nodeId && !position.isPaused && now >= position.notBefore;
    });
  }
}
