import { setTimeout as sleep } from 'node:timers/promises';
import type { Component } from '@connector/lifecycle';
import { metrics } from '@connector/telemetry';
import type { KafkaMessage } from 'kafkajs';
import type { Kafka } from './client.ts';
import type { CircuitOptions } from './consume/circuit.ts';
import type { Delivery } from './consume/delivery.ts';
import { Dependencies, type DependencyOptions } from './consume/dependencies.ts';
import type { SkippedRange } from './consume/fetch-lane.ts';
import { GroupClient } from './consume/group-client.ts';
import type { GroupGeneration } from './consume/group-generation.ts';
import { KeyedQueue } from './consume/keyed-queue.ts';
import { ReceivedMessage } from './consume/message.ts';
import { type Committable, OffsetTracker } from './consume/offset-tracker.ts';
import type { PartitionPosition } from './consume/partition-position.ts';
import { type ConsumerHooks, type ProcessContext, processWithRetry } from './consume/process.ts';
import { headersOf } from './headers.ts';
import type { Producer } from './producer.ts';

export interface ConsumerOptions {
  /** Group and topic, without the configured prefix. */
  groupId: string;
  topic: string;
  /** Where messages that can never succeed go. */
  deadLetterTopic: string;
  producer: Producer;
  /**
   * Handles one message; its return is what makes the offset committable. Throw TransientError for what passes (tried again for as
   * long as it lasts), PermanentError for what never will; anything else is tried `unknownErrorAttempts` times. Answers the names of the
   * dependencies that did their part.
   */
  handle: (delivery: Delivery) => Promise<readonly string[] | undefined>;
  /**
   * Called with the keys of a batch before any of its messages is handled, when several wait: what they all need can be fetched in one go. The batch
   * waits for it, for a second at most; its failure changes nothing.
   */
  lookAhead?: (keys: readonly string[]) => Promise<void>;
  /** Messages handled at once, over all keys; of one key always one. */
  concurrency?: number;
  /** Messages held in memory at most, roughly, over all partitions: a partition beyond its share is paused. */
  window?: number;
  /** Messages of a partition that may be done while an older one is not; they are handled again after a crash. */
  maxAhead?: number;
  unknownErrorAttempts?: number;
  /** How long one key may fail while others succeed before its message becomes a dead letter, in ms. */
  parkLimitMs?: number;
  /** The systems that handling depends on; each failure of theirs is a TransientError with the `dependency`'s name. */
  dependencies?: readonly DependencyOptions[];
  retry?: { baseMs?: number; capMs?: number };
  circuit?: CircuitOptions;
  appVersion?: string;
  hooks?: ConsumerHooks;
  /**
   * Called with messages that will never come: deleted by retention before they were read, or lost by the brokers. The consumer goes on at
   * the partition's beginning.
   */
  onSkipped?: (range: SkippedRange) => void;
  /**
   * How long the group waits for a member that died before its partitions go to others, in ms. It may be short: handling goes on beside
   * fetching and heartbeats, so a slow handler never looks dead.
   */
  sessionTimeoutMs?: number;
}

/** What is read and handled under one generation. */
interface Assignment {
  readonly generation: GroupGeneration;
  /** How many unfinished messages a partition may have before it is paused. */
  readonly share: number;
  readonly trackers: ReadonlyMap<number, OffsetTracker>;
}

const COMMIT_INTERVAL_MS = 500;
/** Fewer messages are no backlog: looking ahead would delay them for nothing. */
const LOOK_AHEAD_FROM = 8;
const LOOK_AHEAD_MS = 1_000;
/** A rebalance takes two session timeouts at most. */
const STUCK_AFTER_SESSIONS = 2.5;
/** Two clients in turn did not come into the group although the brokers answer. */
const DEAD_AFTER_SESSIONS = 6;
/** A broker that answered a question about the cluster within this time, in ms, is there. */
const CLUSTER_ANSWERS_MS = 5_000;

/**
 * Consumes a topic so that messages of one key are handled in order and those of different keys in parallel, and commits only
 * what is done: an offset moves when every message below it had its effect or lies in the dead letter topic.
 */
export function createConsumer(kafka: Kafka, options: ConsumerOptions): Component & { readonly joined: boolean } {
  return new KeyOrderedConsumer(kafka, options);
}

class KeyOrderedConsumer implements Component {
  readonly name: string;
  readonly #kafka: Kafka;
  readonly #options: Required<Pick<ConsumerOptions, 'window' | 'maxAhead' | 'sessionTimeoutMs'>> & ConsumerOptions;
  readonly #queue: KeyedQueue;
  readonly #dependencies: Dependencies;
  readonly #processing: ProcessContext;
  readonly #stopping = new AbortController();
  #client: GroupClient;
  #assignment: Assignment | undefined;
  #committing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Since when this process is in no group, as `performance.now()` has it. */
  #notJoinedSince = performance.now();
  /** When the client was last recreated because of that. */
  #recreatedAt = performance.now();

  constructor(kafka: Kafka, options: ConsumerOptions) {
    const { concurrency = 32, topic, groupId, hooks = {} } = options;
    this.#kafka = kafka;
    this.#options = {
      window: Math.max(1_000, 4 * concurrency),
      maxAhead: 10_000,
      sessionTimeoutMs: 10_000,
      ...options,
    };
    this.name = `consumer of ${topic}`;
    this.#queue = new KeyedQueue(concurrency);
    this.#dependencies = new Dependencies(options.dependencies ?? [], {
      ...options.circuit,
      onChange: (dependency, open) => {
        hooks.onCircuit?.(dependency, open);
        const what = open ? 'calls fail broadly, messages are held' : 'calls work again';
        kafka.log[open ? 'warn' : 'info']({ dependency, open }, what);
      },
    });
    this.#processing = {
      unknownErrorAttempts: 5,
      parkLimitMs: 15 * 60_000,
      appVersion: '',
      ...options,
      hooks,
      dependencies: this.#dependencies,
      queue: this.#queue,
      log: kafka.log,
      clientId: kafka.clientId,
      parked: new Set(),
    };
    for (const dependency of this.#dependencies.names) hooks.onCircuit?.(dependency, false);
    hooks.onParked?.(0);
    metrics.consumerJoined.set({ group: groupId }, 0);
    metrics.consumerRebalances.inc({ group: groupId }, 0);
    for (const restart of ['true', 'false']) metrics.consumerCrashes.inc({ group: groupId, restart }, 0);
    this.#client = this.#createClient();
  }

  get joined(): boolean {
    return this.#assignment?.generation.isAssigned ?? false;
  }

  notReady(): string | undefined {
    return this.#client.problem ?? (this.joined ? undefined : 'not a member of its group');
  }

  dead(): string | undefined {
    const { sessionTimeoutMs } = this.#options;
    const awayMs = this.joined ? 0 : performance.now() - this.#notJoinedSince;
    // While no broker answers, a restart would not help.
    const isDead = awayMs > DEAD_AFTER_SESSIONS * sessionTimeoutMs && this.#client.clusterSilentMs < CLUSTER_ANSWERS_MS;
    return isDead ? `not in its group for ${Math.round(awayMs)} ms` : undefined;
  }

  async start(): Promise<void> {
    this.#client.start();
    this.#timer = setInterval(() => {
      void this.#commit();
      this.#recreateWhenStuck();
    }, COMMIT_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#dependencies.close();
    clearInterval(this.#timer);
    this.#client.stopFetching();
    // What is being handled finishes; what waits is left for the next member.
    await this.#queue.idle();
    await this.#committing;
    await this.#commit();
    await this.#client.stop();
  }

  #createClient(): GroupClient {
    const { groupId, topic, sessionTimeoutMs } = this.#options;
    const client: GroupClient = new GroupClient(this.#kafka, {
      groupId: this.#kafka.prefixed(groupId),
      topic: this.#kafka.prefixed(topic),
      sessionTimeoutMs,
      onJoined: (generation) => {
        if (client === this.#client) this.#joined(generation);
      },
      beforeRebalance: () => this.#commit(),
      onEnded: () => {
        if (client === this.#client) this.#left();
      },
      onMessages: (position, messages) => this.#receive(position, messages),
      onSkipped: (range) => this.#skipped({ ...range, topic }),
    });
    return client;
  }

  #joined(generation: GroupGeneration): void {
    const { groupId: group, window } = this.#options;
    const { partitions } = generation;
    this.#assignment = {
      generation,
      share: Math.ceil(window / Math.max(1, partitions.length)),
      trackers: new Map(partitions.map((partition) => [partition, new OffsetTracker()])),
    };
    metrics.consumerRebalances.inc({ group });
    metrics.consumerJoined.set({ group }, 1);
    this.#kafka.log.info({ group, partitions: partitions.length }, 'joined the group');
  }

  #left(): void {
    this.#assignment = undefined;
    this.#notJoinedSince = performance.now();
    metrics.consumerJoined.set({ group: this.#options.groupId }, 0);
    // What waits at the gate was received under the generation that ended, all of it.
    this.#dependencies.sendAway();
  }

  /** A client that is in no group for longer than any rebalance takes may not come back by itself. */
  #recreateWhenStuck(): void {
    const { groupId: group, sessionTimeoutMs } = this.#options;
    if (this.joined) return;
    this.#client.lookAtCluster();
    // Without its topic there is nothing to join for; a restart brings none.
    if (this.#client.problem) this.#notJoinedSince = performance.now();
    const since = Math.max(this.#notJoinedSince, this.#recreatedAt);
    if (performance.now() - since < STUCK_AFTER_SESSIONS * sessionTimeoutMs) return;
    this.#recreatedAt = performance.now();
    this.#kafka.log.error({ group }, 'a consumer that does not come into its group is recreated');
    metrics.consumerCrashes.inc({ group, restart: 'true' });
    void this.#client.stop();
    this.#client = this.#createClient();
    this.#client.start();
  }

  /** Takes messages into memory and returns at once: handling goes on beside fetching and heartbeats. */
  #receive(position: PartitionPosition, messages: readonly KafkaMessage[]): void {
    const assignment = this.#assignment;
    const tracker = assignment?.trackers.get(position.partition);
    if (!assignment || !tracker || this.#stopping.signal.aborted) return;
    const { topic, groupId, maxAhead } = this.#options;
    const lookedAhead = this.#lookAhead(messages);
    const isFull = (share: number) => tracker.unfinished > share || tracker.size > maxAhead;
    for (const raw of messages) {
      const delivery = deliveryOf(topic, position.partition, raw, assignment.generation);
      const message = new ReceivedMessage(raw, delivery, assignment.generation, this.#stopping.signal);
      const finish = tracker.begin(BigInt(raw.offset), raw.timestamp);
      this.#queue.append(delivery.key, async () => {
        await lookedAhead;
        await this.#process(message, finish);
        if (!position.isPaused || isFull(assignment.share / 2)) return;
        position.isPaused = false;
        this.#client.fetchNow();
      });
    }
    position.isPaused = isFull(assignment.share);
    const labels = { ...ofTopic(topic, groupId, position.partition), messaging_operation_name: 'poll', error_type: '' };
    metrics.consumedMessages.inc(labels, messages.length);
  }

  async #process(message: ReceivedMessage, finish: () => void): Promise<void> {
    const { topic, groupId } = this.#options;
    const started = performance.now();
    const outcome = await processWithRetry(message, this.#processing);
    if (outcome === 'abandoned') return;
    finish();
    const error_type = outcome === 'done' ? '' : outcome;
    const labels = {
      ...ofTopic(topic, groupId, message.delivery.partition),
      messaging_operation_name: 'process',
      error_type,
    };
    metrics.processDuration.observe(labels, (performance.now() - started) / 1000);
  }

  async #lookAhead(messages: readonly KafkaMessage[]): Promise<void> {
    const { lookAhead } = this.#options;
    if (!lookAhead || messages.length < LOOK_AHEAD_FROM || this.#dependencies.blocksAll) return;
    const keys = new Set(messages.flatMap(({ key }) => (key ? [key.toString()] : [])));
    const enough = new AbortController();
    const done = lookAhead([...keys]).catch((error: unknown) => {
      this.#kafka.log.debug({ error }, 'looking ahead failed');
    });
    await Promise.race([done, sleep(LOOK_AHEAD_MS, undefined, { signal: enough.signal }).catch(() => {})]);
    enough.abort();
  }

  #skipped(range: SkippedRange): void {
    const { topic, partition, from, to, reason } = range;
    this.#kafka.log.error(
      { topic, partition, from: String(from), to: String(to), reason },
      'messages are gone from the topic before they were handled',
    );
    this.#options.onSkipped?.(range);
  }

  /** One commit at a time: of several under way the oldest could come last and take the offsets back. */
  #commit(): Promise<void> {
    this.#committing ??= this.#commitOnce().finally(() => {
      this.#committing = undefined;
    });
    return this.#committing;
  }

  async #commitOnce(): Promise<void> {
    if (!this.#assignment) return;
    const { generation, trackers } = this.#assignment;
    const moved = new Map<number, Committable>();
    for (const [partition, { committable }] of trackers) if (committable) moved.set(partition, committable);
    if (moved.size === 0) return;
    try {
      await this.#client.commit(generation, moved);
      for (const [partition, { next }] of moved) trackers.get(partition)?.committed(next);
      metrics.consumerLastCommit.set({ group: this.#options.groupId }, Date.now() / 1000);
    } catch (error) {
      // The next commit covers these offsets too; until then a crash only means that they are handled again.
      this.#kafka.log.debug({ error }, 'offsets were not committed');
    }
  }
}

const ofTopic = (topic: string, group: string, partition: number) => ({
  messaging_system: 'kafka',
  messaging_destination_name: topic,
  messaging_consumer_group_name: group,
  messaging_destination_partition_id: String(partition),
});

function deliveryOf(topic: string, partition: number, message: KafkaMessage, generation: GroupGeneration) {
  const headers = headersOf(message);
  return {
    topic,
    partition,
    offset: message.offset,
    key: message.key?.toString() ?? `${partition}:${message.offset}`,
    value: message.value ?? Buffer.alloc(0),
    headers,
    receivedAt: new Date(Number(message.timestamp)),
    isAssigned: () => generation.isAssigned,
  };
}
