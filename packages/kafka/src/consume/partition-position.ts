/** How long a near replica that the leader named is used, in ms. */
const REPLICA_FOR_MS = 60_000;

/**
 * The reading position in one partition. It belongs to one assignment; a new assignment makes new positions, and late
 * answers for old ones are dropped.
 */
export class PartitionPosition {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read; undefined until the broker has said where the partition begins or ends. */
  next: bigint | undefined;
  isPaused = false;
  isRevoked = false;
  /** No request before this time of `performance.now()`, after an error. */
  notBefore = 0;
  /** Time of the last answer of a broker for this partition, from `performance.now()`. */
  answeredAt = Number.NEGATIVE_INFINITY;
  #replica: { readonly nodeId: number; readonly until: number } | undefined;

  /** `topic` is its name in the cluster. */
  constructor(topic: string, partition: number, next: bigint | undefined) {
    this.topic = topic;
    this.partition = partition;
    this.next = next;
  }

  /** The broker to read from, when `leader` is the leader. */
  readerOf(leader: number): number {
    return this.#replica && performance.now() < this.#replica.until ? this.#replica.nodeId : leader;
  }

  /** The near replica that the leader named; -1 = none. */
  preferReplica(nodeId: number): void {
    this.#replica = nodeId >= 0 ? { nodeId, until: performance.now() + REPLICA_FOR_MS } : this.#replica;
  }

  preferLeader(): void {
    this.#replica = undefined;
  }
}
