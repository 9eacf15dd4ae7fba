import type { Kafka } from '../client.ts';
import { ClusterView } from '../cluster/cluster-view.ts';
import type { FetchLaneOptions } from './fetch-lane.ts';
import { Fetcher } from './fetcher.ts';
import type { GroupGeneration } from './group-generation.ts';
import { GroupMember, type GroupMemberOptions } from './group-member.ts';
import type { Committable } from './offset-tracker.ts';

export interface GroupClientOptions
  extends Omit<GroupMemberOptions, 'kafka' | 'cluster' | 'onJoined'>,
    Pick<FetchLaneOptions, 'onMessages' | 'onSkipped'> {
  onJoined(generation: GroupGeneration): void;
}

/** In bytes, about 80 events. A larger single event is still delivered. */
const MAX_BYTES_PER_PARTITION = 256 * 1024;
/** In ms. A resumed partition may have to wait this long, if the others have nothing new. */
const MAX_WAIT_MS = 250;
const LOOK_EVERY_MS = 2_000;

/** A member of a group, together with its reading: the partitions of its generation, from their committed offsets. */
export class GroupClient {
  readonly #cluster: ClusterView;
  readonly #topic: string;
  readonly #fetcher: Fetcher;
  readonly #member: GroupMember;
  #isFetching = true;

  constructor(kafka: Kafka, options: GroupClientOptions) {
    const { topic, onJoined, onEnded, onMessages, onSkipped } = options;
    this.#topic = topic;
    this.#cluster = new ClusterView(kafka, () => this.#fetcher.pump());
    this.#fetcher = new Fetcher({
      kafka,
      cluster: this.#cluster,
      maxWaitMs: MAX_WAIT_MS,
      maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
      startAt: 'earliest',
      onMessages,
      onSkipped,
    });
    this.#member = new GroupMember({
      ...options,
      kafka,
      cluster: this.#cluster,
      onJoined: (generation, committed) => {
        onJoined(generation);
        if (!this.#isFetching) return;
        this.#fetcher.assign(
          generation.partitions.map((partition) => ({ topic, partition, next: committed.get(partition) })),
        );
      },
      onEnded: () => {
        this.#fetcher.assign([]);
        onEnded();
      },
    });
  }

  /** Asks whether the cluster is reachable, unless that was known within the last seconds. */
  lookAtCluster(): void {
    this.#cluster.refresh(LOOK_EVERY_MS);
  }

  /** Why the topic cannot be read, as a sentence; undefined while it can. */
  get problem(): string | undefined {
    return this.#cluster.problemOf(this.#topic);
  }

  /** ms since any broker last answered a question about the cluster. */
  get clusterSilentMs(): number {
    return this.#cluster.silentMs;
  }

  start(): void {
    this.#cluster.start();
    this.#member.start();
  }

  /** Called when a partition is no longer paused. */
  fetchNow(): void {
    this.#fetcher.pump();
  }

  stopFetching(): void {
    this.#isFetching = false;
    this.#fetcher.stop();
  }

  async stop(): Promise<void> {
    this.stopFetching();
    await this.#member.stop();
    this.#cluster.stop();
  }

  /** Throws kafkajs's errors, and Error when the group is in a later generation. */
  commit(generation: GroupGeneration, offsets: ReadonlyMap<number, Committable>): Promise<void> {
    return this.#member.commit(generation, offsets);
  }
}
