import type { Component } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';
import type { KafkaMessage } from 'kafkajs';
import type { Kafka } from './client.ts';
import { Absence } from './consume/absence.ts';
import { ConsumerMetrics } from './consume/consumer-metrics.ts';
import type { ConsumerOptions } from './consume/consumer-options.ts';
import { Dependencies } from './consume/dependencies.ts';
import type { SkippedRange } from './consume/fetch-lane.ts';
import { GroupClient } from './consume/group-client.ts';
import type { GroupGeneration } from './consume/group-generation.ts';
import { KeyedQueue } from './consume/keyed-queue.ts';
import { lookAheadOf } from './consume/look-ahead.ts';
import { deliveryOf, ReceivedMessage } from './consume/message.ts';
import { type Assignment, OffsetCommitter } from './consume/offset-committer.ts';
import { OffsetTracker } from './consume/offset-tracker.ts';
import type { PartitionPosition } from './consume/partition-position.ts';
import { type ProcessContext, processWithRetry } from './consume/process.ts';

const COMMIT_INTERVAL_MS = 500;
/** A broker that answered a question about the cluster within this time, in ms, counts as reachable. */
const CLUSTER_ANSWERS_MS = 5_000;

/**
 * Consumes a topic: messages of one key are handled in order, those of different keys in parallel. It commits only
 * finished work: an offset moves when every message below it had its effect or is in the dead letter topic.
 */
export function createConsumer(kafka: Kafka, options: ConsumerOptions): Component & { readonly joined: boolean } {
  return new KeyOrderedConsumer(kafka, options);
}

class KeyOrderedConsumer implements Component {
  readonly name: string;
  readonly #kafka: Kafka;
  readonly #options: Required<Pick<ConsumerOptions, 'window' | 'maxAhead' | 'sessionTimeoutMs'>> & ConsumerOptions;
  readonly #queue: KeyedQueue<ReceivedMessage>;
  readonly #dependencies: Dependencies;
  readonly #processing: ProcessContext;
  readonly #counts: ConsumerMetrics;
  readonly #absence: Absence;
  readonly #committer: OffsetCommitter;
  readonly #stopping = new AbortController();
  #client: GroupClient;
  #assignment: Assignment | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(kafka: Kafka, options: ConsumerOptions) {
    const { concurrency = 32, topic, groupId } = options;
    const limits = { window: Math.max(1_000, 4 * concurrency), maxAhead: 10_000, sessionTimeoutMs: 10_000 };
    this.#kafka = kafka;
    this.#options = { ...limits, ...options };
    this.name = `consumer of ${topic}`;
    this.#queue = new KeyedQueue(concurrency);
    this.#dependencies = dependenciesOf(options, kafka.log);
    this.#processing = {
      unknownErrorAttempts: 5,
      parkLimitMs: 15 * 60_000,
      appVersion: '',
      hooks: {},
      ...options,
      dependencies: this.#dependencies,
      queue: this.#queue,
      log: kafka.log,
      clientId: kafka.clientId,
      parked: new Set(),
    };
    this.#processing.hooks.onParked?.(0);
    this.#counts = new ConsumerMetrics(topic, groupId);
    this.#absence = new Absence(this.#options.sessionTimeoutMs);
    this.#committer = new OffsetCommitter({
      groupId,
      log: kafka.log,
      assignment: () => this.#assignment,
      commit: (generation, moved) => this.#client.commit(generation, moved),
    });
    this.#client = this.#createClient();
  }

  get joined(): boolean {
    return this.#assignment?.generation.isAssigned ?? false;
  }

  notReady(): string | undefined {
    return this.#client.problem ?? (this.joined ? undefined : 'not a member of its group');
  }

  dead(): string | undefined {
    // While no broker answers, a restart would not help.
    const isDead = !this.joined && this.#absence.isForGood && this.#client.clusterSilentMs < CLUSTER_ANSWERS_MS;
    return isDead ? `not in its group for ${Math.round(this.#absence.ms)} ms` : undefined;
  }

  async start(): Promise<void> {
    this.#client.start();
    this.#timer = setInterval(() => {
      void this.#committer.commit();
      this.#recreateWhenStuck();
    }, COMMIT_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#dependencies.close();
    clearInterval(this.#timer);
    this.#client.stopFetching();
    // Messages that are being handled finish; waiting ones are left to the next member.
    await this.#queue.idle();
    await this.#committer.commitLast();
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
      beforeRebalance: () => this.#committer.commit(),
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
    this.#counts.joined();
    this.#kafka.log.info({ group, partitions: partitions.length }, 'joined the group');
  }

  #left(): void {
    this.#assignment = undefined;
    this.#absence.beginNow();
    this.#counts.left();
    // Everything that waits for a circuit was received under the ended generation.
    this.#dependencies.releaseWaiters();
  }

  #recreateWhenStuck(): void {
    if (this.joined) return;
    this.#client.lookAtCluster();
    // Without its topic there is no reason to join, and a restart would not bring it back.
    if (this.#client.problem) this.#absence.beginNow();
    if (!this.#absence.isStuck) return;
    this.#absence.recreatedNow();
    this.#kafka.log.error({ group: this.#options.groupId }, 'a consumer that does not join its group is recreated');
    this.#counts.recreated();
    void this.#client.stop();
    this.#client = this.#createClient();
    this.#client.start();
  }

  /** Takes messages into memory and returns at once, because handling must not block fetching and heartbeats. */
  #receive(position: PartitionPosition, messages: readonly KafkaMessage[]): void {
    const { partition } = position;
    const assignment = this.#assignment;
    const tracker = assignment?.trackers.get(partition);
    if (!assignment || !tracker || this.#stopping.signal.aborted) return;
    const { topic, maxAhead, lookAhead } = this.#options;
    const lookedAhead = lookAheadOf(messages, this.#dependencies.blocksAll ? undefined : lookAhead, this.#kafka.log);
    const isFull = (share: number) => tracker.unfinished > share || tracker.size > maxAhead;
    for (const raw of messages) {
      const delivery = deliveryOf(topic, partition, raw, assignment.generation);
      const message = new ReceivedMessage(raw, delivery, assignment.generation, this.#stopping.signal);
      const finish = tracker.begin(BigInt(raw.offset), raw.timestamp);
      this.#queue.append(delivery.key, message, async () => {
        await lookedAhead;
        await this.#process(message, finish);
        if (!position.isPaused || isFull(assignment.share / 2)) return;
        position.isPaused = false;
        this.#client.fetchNow();
      });
    }
    position.isPaused = isFull(assignment.share);
    this.#counts.received(partition, messages.length);
  }

  async #process(message: ReceivedMessage, finish: () => void): Promise<void> {
    const started = performance.now();
    const outcome = await processWithRetry(message, this.#processing);
    if (outcome === 'abandoned') return;
    finish();
    this.#counts.processed(message.delivery.partition, outcome, started);
  }

  #skipped(range: SkippedRange): void {
    const { topic, partition, from, to, reason } = range;
    this.#kafka.log.error(
      { topic, partition, from: String(from), to: String(to), reason },
      'messages were deleted or lost before they were handled',
    );
    this.#options.onSkipped?.(range);
  }
}

function dependenciesOf({ dependencies = [], circuit, hooks }: ConsumerOptions, log: Logger): Dependencies {
  const created = new Dependencies(dependencies, {
    ...circuit,
    onChange: (dependency, open) => {
      hooks?.onCircuit?.(dependency, open);
      const what = open
        ? 'calls to a dependency fail broadly, messages that need it are held'
        : 'calls to a dependency succeed again';
      log[open ? 'warn' : 'info']({ dependency, open }, what);
    },
  });
  for (const dependency of created.names) hooks?.onCircuit?.(dependency, false);
  return created;
}
