import type { Component } from '@connector/lifecycle';
import type { KafkaMessage } from 'kafkajs';
import type { Kafka } from './client.ts';
import { ClusterView } from './cluster/cluster-view.ts';
import { Fetcher } from './consume/fetcher.ts';
import type { PartitionPosition } from './consume/partition-position.ts';
import { headersOf } from './headers.ts';
import { processing, type SpannedMessage } from './spans.ts';

export interface BroadcastMessage extends SpannedMessage {
  readonly value: Buffer;
  /**
   * Runs `work` in the message's `process` span. It is for the work that a message causes, not for looking at the
   * message.
   */
  within(work: () => void): void;
}

export interface BroadcastOptions {
  /** Topics without the configured prefix. */
  topics: readonly string[];
  /** The reader's name in spans. */
  name: string;
  /**
   * For readers that can wait: a broker collects this many bytes, for at most a second, before it answers. Default 1:
   * it answers at once.
   */
  minBytes?: number;
  /** Called in order for every message since the start. It must not throw, and must not block. */
  onMessage: (message: BroadcastMessage) => void;
}

export interface BroadcastConsumer extends Component {
  /**
   * Whether every partition is being read: brokers answered for each of them within the last seconds. While false,
   * messages arrive late or, before the first time, not at all.
   */
  readonly isHearing: boolean;
}

/** The longest time until a broker answers, in ms, also when there is nothing new. */
const MAX_WAIT_MS = 1_000;
/** A partition without an answer for longer than this, in ms, is not being read. */
const SILENCE_MS = 3 * MAX_WAIT_MS;
const MAX_BYTES_PER_PARTITION = 1024 * 1024;

/**
 * Reads topics in full in every process, from their end at the start. It is in no group: nothing is committed or
 * assigned, so no coordinator and no other pod can stop it (docs/adr/0018).
 */
export const createBroadcastConsumer = (kafka: Kafka, options: BroadcastOptions): BroadcastConsumer =>
  new Broadcast(kafka, options);

class Broadcast implements BroadcastConsumer {
  readonly name: string;
  readonly #kafka: Kafka;
  readonly #options: BroadcastOptions;
  /** The topic by its name in the cluster. */
  readonly #topics: ReadonlyMap<string, string>;
  /** How many partitions of each topic are read. */
  readonly #known = new Map<string, number>();
  readonly #cluster: ClusterView;
  #fetcher: Fetcher | undefined;

  constructor(kafka: Kafka, options: BroadcastOptions) {
    this.name = `broadcast consumer of ${options.topics.join(', ')}`;
    this.#kafka = kafka;
    this.#options = options;
    this.#topics = new Map(options.topics.map((topic) => [kafka.prefixed(topic), topic]));
    this.#cluster = new ClusterView(kafka, () => this.#follow());
  }

  get isHearing(): boolean {
    const { positions = [] } = this.#fetcher ?? {};
    const now = performance.now();
    return this.#known.size === this.#topics.size && positions.every(({ answeredAt }) => now - answeredAt < SILENCE_MS);
  }

  async start(): Promise<void> {
    this.#fetcher = new Fetcher({
      kafka: this.#kafka,
      cluster: this.#cluster,
      maxWaitMs: MAX_WAIT_MS,
      minBytes: this.#options.minBytes ?? 1,
      maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
      startAt: 'latest',
      onMessages: (position, messages) => this.#handleAll(position, messages),
      onSkipped: ({ topic, partition, from, to, reason }) =>
        this.#kafka.log.warn(
          { topic, partition, from: String(from), to: String(to), reason },
          'messages are not received',
        ),
    });
    this.#cluster.start();
    // ClusterView follows a topic after the first question about it.
    this.#follow();
  }

  async stop(): Promise<void> {
    this.#fetcher?.stop();
    this.#cluster.stop();
  }

  /** Reads partitions that did not exist before from their beginning, because all their records are new. */
  #follow(): void {
    for (const name of this.#topics.keys()) {
      const count = this.#cluster.partitionsOf(name)?.size ?? 0;
      const before = this.#known.get(name);
      if (count <= (before ?? 0)) continue;
      const added = Array.from({ length: count - (before ?? 0) }, (_, at) => (before ?? 0) + at);
      this.#fetcher?.add(name, added, before === undefined ? undefined : 0n);
      this.#known.set(name, count);
    }
    this.#fetcher?.pump();
  }

  #handleAll({ topic, partition }: PartitionPosition, messages: readonly KafkaMessage[]): void {
    const reader = { group: this.#options.name, clientId: this.#kafka.clientId };
    for (const message of messages) {
      const { key, value, offset } = message;
      const seen = {
        topic: this.#topics.get(topic) ?? topic,
        partition,
        offset,
        key: key?.toString() ?? '',
        headers: headersOf(message),
      };
      this.#options.onMessage({
        ...seen,
        value: value ?? Buffer.alloc(0),
        within: (work) => void processing(seen, reader, work),
      });
    }
  }
}
