/** How long a replica near by that the leader named is read from, in ms. */
const REPLICA_FOR_MS = 60_000;

/** Where one partition is read. It belongs to one assignment: a new one makes new ones, and what comes late for the old is dropped. */
export class PartitionPosition {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read; undefined until the broker has said where the partition begins, or ends. */
  next: bigint | undefined;
  isPaused = false;
  isRevoked = false;
  /** Not asked for before, as `performance.now()` has it: something is wrong with it. */
  notBefore = 0;
  /** When a broker last answered for it, as `performance.now()` has it. */
  answeredAt = Number.NEGATIVE_INFINITY;
  #replica: { readonly nodeId: number; readonly until: number } | undefined;

  /** `topic` is its name in the cluster. */
  constructor(topic: string, partition: number, next: bigint | undefined) {
    this.topic = topic;
    this.partition = partition;
    this.next = next;
  }

  /** The broker to read from, where `leader` leads. */
  readerOf(leader: number): number {
    return this.#replica && performance.now() < this.#replica.until ? this.#replica.nodeId : leader;
  }

  /** The leader says that this broker is nearer; -1 = no. */
  preferReplica(nodeId: number): void {
    this.#replica = nodeId >= 0 ? { nodeId, until: performance.now() + REPLICA_FOR_MS } : this.#replica;
  }

  preferLeader(): void {
    this.#replica = undefined;
  }
}
