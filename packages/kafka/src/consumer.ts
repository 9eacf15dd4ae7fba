import { setTimeout as sleep } from 'node:timers/promises';
import { attributesOf, type EventAttributes, headerOf, UnreadableEventError } from '@connector/contracts';
import { backOffMs, PermanentError, TransientError } from '@connector/errors';
import type { Part } from '@connector/lifecycle';
import { context, contextFrom, metrics } from '@connector/telemetry';
import type { EachBatchPayload, Consumer as KafkaConsumer, KafkaMessage } from 'kafkajs';
import type { CircuitOptions } from './circuit.ts';
import { ANEW_AFTER_MS, type Kafka } from './client.ts';
import { deadLetterOf } from './dead-letters.ts';
import { Dependencies, type DependencyOptions } from './dependencies.ts';
import { createErrorFromCode } from './kafkajs-internals/protocol.ts';
import { KeyLanes } from './key-lanes.ts';
import { PartitionProgress } from './partition-progress.ts';
import type { Producer } from './producer.ts';
import { processing } from './spans.ts';

/** One arrival of an event. The same event may arrive again, and may have been handled before. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** When Kafka got it. */
  readonly receivedAt: Date;
  readonly attributes: EventAttributes;
  /** 1 for the first try of this arrival. */
  readonly attempt: number;
  /** False once the partition may belong to another process: begin no further side effect then. */
  stillOurs(): boolean;
  /**
   * False while that dependency fails for everybody and this try is not the one that finds out whether it works again: a call would only
   * keep others waiting.
   */
  mayCall(dependency: string): boolean;
}

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
   * Told the keys of a batch before any of its messages is handled, when several wait: what they all need can be fetched in one go. The batch
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
  /** Told of every failed try that will be repeated, and of every dead letter, with the message's headers. */
  onFailure?: (outcome: 'retried' | 'dead_lettered', headers: Readonly<Record<string, string>>) => void;
  /**
   * How long the group waits for a member that died before its partitions go to others, in ms. It may be short: handling goes on beside
   * fetching and heartbeats, so a slow handler never looks dead.
   */
  sessionTimeoutMs?: number;
}

/** A membership in the group: everything received under it is void when the partitions are dealt anew. */
interface Membership {
  over: boolean;
  /** How many unfinished messages a partition may have before it is paused. */
  share: number;
  readonly partitions: Partitions;
  readonly ended: AbortController;
}

interface Task {
  readonly delivery: Omit<Delivery, 'attempt' | 'attributes' | 'mayCall'>;
  readonly message: KafkaMessage;
  readonly membership: Membership;
  readonly progress: PartitionProgress;
  readonly finish: () => void;
  /** Resolves when what the batch needs has been looked up, or that took too long. */
  readonly lookedAhead: Promise<void>;
}

const COMMIT_INTERVAL_MS = 500;
const REBALANCE_IN_PROGRESS = 27;
/** A rebalance takes two session timeouts at most. */
const STUCK_AFTER_SESSIONS = 2.5;
/** Two clients in turn did not come back. */
const DEAD_AFTER_SESSIONS = 6;
/** Fewer messages are no backlog: looking ahead would delay them for nothing. */
const LOOK_AHEAD_FROM = 8;
const LOOK_AHEAD_MS = 1_000;
/** What a dependency answers to a wrong or expired key, or one that lacks a right: it passes once somebody has mended that, however late. */
const UNAUTHORIZED = 'unauthorized';

/**
 * Consumes a topic so that messages of one key are handled in order and those of different keys in parallel, and commits only
 * what is done: an offset moves when every message below it had its effect or lies in the dead letter topic.
 */
export function createConsumer(kafka: Kafka, options: ConsumerOptions): Part & { readonly joined: boolean } {
  return new KeyOrderedConsumer(kafka, options);
}

class KeyOrderedConsumer implements Part {
  readonly name: string;
  readonly #kafka: Kafka;
  readonly #options: Required<Omit<ConsumerOptions, 'dependencies' | 'circuit' | 'retry' | 'lookAhead' | 'onFailure'>> &
    Pick<ConsumerOptions, 'retry' | 'lookAhead' | 'onFailure'>;
  readonly #group: string;
  readonly #topic: string;
  #consumer: KafkaConsumer;
  readonly #lanes: KeyLanes;
  readonly #dependencies: Dependencies;
  readonly #stopping = new AbortController();
  readonly #paused = new Set<number>();
  #membership: Membership = newMembership();
  #joined = false;
  #lastContact = Date.now();
  #aliveSince = Date.now();
  #commitTimer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;
  #parked = 0;

  constructor(kafka: Kafka, options: ConsumerOptions) {
    this.#kafka = kafka;
    this.#options = {
      concurrency: 32,
      window: Math.max(1_000, 4 * (options.concurrency ?? 0)),
      maxAhead: 10_000,
      unknownErrorAttempts: 5,
      parkLimitMs: 15 * 60_000,
      appVersion: '',
      sessionTimeoutMs: 10_000,
      ...options,
    };
    this.name = `consumer of ${options.topic}`;
    this.#group = kafka.prefixed(options.groupId);
    this.#topic = kafka.prefixed(options.topic);
    this.#lanes = new KeyLanes(this.#options.concurrency);
    this.#dependencies = new Dependencies(options.dependencies ?? [], {
      ...options.circuit,
      onChange: (dependency, open) => {
        metrics.circuitOpen.set({ dependency }, open ? 1 : 0);
        kafka.log[open ? 'warn' : 'info'](
          { dependency, open },
          open ? 'calls fail broadly, messages are held' : 'calls work again',
        );
      },
    });
    for (const dependency of this.#dependencies.names) metrics.circuitOpen.set({ dependency }, 0);
    metrics.parkedKeys.set(0);
    metrics.consumerJoined.set({ group: options.groupId }, 0);
    metrics.consumerRebalances.inc({ group: options.groupId }, 0);
    for (const restart of ['true', 'false']) metrics.consumerCrashes.inc({ group: options.groupId, restart }, 0);
    this.#consumer = this.#makeConsumer();
  }

  get joined(): boolean {
    return this.#joined;
  }

  notReady(): string | undefined {
    return this.#joined ? undefined : 'not a member of its group';
  }

  dead(): string | undefined {
    const silentMs = Date.now() - this.#lastContact;
    return silentMs > DEAD_AFTER_SESSIONS * this.#options.sessionTimeoutMs
      ? `no contact to the group for ${silentMs} ms`
      : undefined;
  }

  async start(): Promise<void> {
    void this.#join();
    this.#commitTimer = setInterval(() => {
      void this.#commit();
      this.#recreateWhenStuck();
    }, COMMIT_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#dependencies.close();
    clearInterval(this.#commitTimer);
    // What is being handled finishes; what waits is left for the next member.
    await this.#lanes.idle();
    await this.#committing;
    await this.#commit();
    await this.#consumer.disconnect();
    this.#joined = false;
  }

  #makeConsumer(): KafkaConsumer {
    const { sessionTimeoutMs, groupId } = this.#options;
    const consumer = this.#kafka.client.consumer({
      ...(this.#kafka.rackId && { rackId: this.#kafka.rackId }),
      groupId: this.#group,
      allowAutoTopicCreation: false,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: 2 * sessionTimeoutMs,
      heartbeatInterval: Math.min(3_000, sessionTimeoutMs / 3),
      // Some 80 events; one that is larger still comes, alone.
      maxBytesPerPartition: 256 * 1024,
      // A partition that is resumed while others have nothing new is only asked for when the wait is over.
      maxWaitTimeInMs: 250,
      metadataMaxAge: 60_000,
      retry: {
        initialRetryTime: 200,
        maxRetryTime: 5_000,
        retries: 10,
        restartOnFailure: async () => !this.#stopping.signal.aborted,
      },
    });
    const { GROUP_JOIN, REBALANCING, HEARTBEAT, CRASH, STOP } = consumer.events;
    const touch = () => {
      this.#lastContact = Date.now();
    };
    // Fetching needs no membership: it says nothing about the group.
    consumer.on(HEARTBEAT, () => {
      if (this.#joined && consumer === this.#consumer) touch();
    });
    consumer.on(REBALANCING, () => {
      if (consumer !== this.#consumer) return;
      this.#leave();
      void this.#commit();
    });
    consumer.on(GROUP_JOIN, ({ payload }) => {
      if (consumer !== this.#consumer) return;
      touch();
      this.#leave();
      this.#membership = newMembership();
      this.#joined = true;
      metrics.consumerRebalances.inc({ group: groupId });
      metrics.consumerJoined.set({ group: groupId }, 1);
      // Where fetching was paused belongs to the membership that is over.
      this.#resume([...this.#paused]);
      const partitions = payload.memberAssignment[this.#topic] ?? [];
      this.#membership.share = Math.ceil(this.#options.window / Math.max(1, partitions.length));
      this.#kafka.log.info({ group: groupId, partitions: partitions.length }, 'joined the group');
    });
    consumer.on(CRASH, ({ payload: { error, restart } }) => {
      if (consumer !== this.#consumer) return;
      // It is alive and tries again: a broker that is away must not get this process restarted.
      touch();
      this.#leave();
      metrics.consumerCrashes.inc({ group: groupId, restart: String(restart) });
      this.#kafka.log.error({ error, restart }, 'the consumer crashed');
      // kafkajs gives up for good on what passes, too: a broker that is just starting has no group coordinator yet.
      if (!restart) void this.#beginAnew();
    });
    // From here on kafkajs refuses to pause and resume.
    consumer.on(STOP, () => {
      if (consumer === this.#consumer) this.#leave();
    });
    return consumer;
  }

  #leave(): void {
    this.#joined = false;
    metrics.consumerJoined.set({ group: this.#options.groupId }, 0);
    this.#membership.over = true;
    this.#membership.ended.abort();
    // What waits at the gate was received under this membership, all of it.
    this.#dependencies.sendAway();
  }

  /** Puts a new client in the place of one that kafkajs gave up, and joins with it. */
  async #beginAnew(): Promise<void> {
    await sleep(ANEW_AFTER_MS, undefined, { signal: this.#stopping.signal }).catch(() => {});
    if (this.#stopping.signal.aborted) return;
    this.#consumer = this.#makeConsumer();
    await this.#join();
  }

  /** A client that is in no group for longer than any rebalance takes will not come back by itself. */
  #recreateWhenStuck(): void {
    const { groupId, sessionTimeoutMs } = this.#options;
    if (
      Date.now() - this.#aliveSince < STUCK_AFTER_SESSIONS * sessionTimeoutMs ||
      this.#lastContact > this.#aliveSince
    ) {
      if (this.#lastContact > this.#aliveSince) this.#aliveSince = this.#lastContact;
      return;
    }
    this.#aliveSince = Date.now();
    this.#kafka.log.error({ group: groupId }, 'a consumer that is in no group is recreated');
    metrics.consumerCrashes.inc({ group: groupId, restart: 'false' });
    this.#leave();
    const stuck = this.#consumer;
    this.#consumer = this.#makeConsumer();
    void stuck.disconnect().catch(() => {});
    void this.#join();
  }

  async #join(): Promise<void> {
    const consumer = this.#consumer;
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      if (consumer !== this.#consumer) return;
      try {
        await consumer.connect();
        await consumer.subscribe({ topics: [this.#topic], fromBeginning: true });
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: 4,
          eachBatch: (payload) => this.#receive(payload),
        });
        return;
      } catch (error) {
        this.#kafka.log.warn({ error, attempt }, 'the consumer cannot start yet');
        await sleep(backOffMs(attempt, { capMs: 5_000 }), undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  /** Takes a batch into memory and returns at once: handling goes on beside fetching, so heartbeats never wait for it. */
  async #receive({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const membership = this.#membership;
    // kafkajs may go on fetching under a generation that is over: what is dropped here would be fetched again for ever. Told of a
    // rebalance, it joins again.
    if (membership.over && !this.#stopping.signal.aborted) throw createErrorFromCode(REBALANCE_IN_PROGRESS);
    const progress = membership.partitions.getOrInsert(batch.partition);
    const consumed = { messaging_system: 'kafka', messaging_operation_name: 'poll' };
    const lookedAhead = this.#lookAhead(batch.messages);
    for (const message of batch.messages) {
      if (!isRunning() || isStale() || membership.over || this.#stopping.signal.aborted) break;
      const task: Task = {
        message,
        membership,
        progress,
        lookedAhead,
        finish: progress.begin(BigInt(message.offset)),
        delivery: this.#deliveryOf(batch.partition, message, membership),
      };
      this.#lanes.append(task.delivery.key, () => this.#process(task));
      resolveOffset(message.offset);
    }
    metrics.consumedMessages.inc(
      {
        ...consumed,
        messaging_destination_name: this.#options.topic,
        messaging_consumer_group_name: this.#options.groupId,
        messaging_destination_partition_id: String(batch.partition),
        error_type: '',
      },
      batch.messages.length,
    );
    if (isFull(progress, membership.share, this.#options.maxAhead) && !this.#paused.has(batch.partition)) {
      this.#paused.add(batch.partition);
      this.#consumer.pause([{ topic: this.#topic, partitions: [batch.partition] }]);
    }
    await heartbeat();
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

  #deliveryOf(partition: number, message: KafkaMessage, membership: Membership): Task['delivery'] {
    const headers: Record<string, string> = {};
    for (const name of Object.keys(message.headers ?? {})) headers[name] = headerOf(message.headers, name) ?? '';
    return {
      topic: this.#options.topic,
      partition,
      offset: message.offset,
      key: message.key?.toString() ?? `${partition}:${message.offset}`,
      value: message.value ?? Buffer.alloc(0),
      headers,
      receivedAt: new Date(Number(message.timestamp)),
      stillOurs: () => !membership.over,
    };
  }

  async #process(task: Task): Promise<void> {
    const { topic, groupId } = this.#options;
    const started = performance.now();
    const outcome = await this.#untilDone(task);
    if (outcome === 'abandoned') return;
    task.finish();
    metrics.processDuration.observe(
      {
        messaging_system: 'kafka',
        messaging_operation_name: 'process',
        messaging_destination_name: topic,
        messaging_consumer_group_name: groupId,
        messaging_destination_partition_id: String(task.delivery.partition),
        error_type: outcome === 'done' ? '' : 'dead_lettered',
      },
      (performance.now() - started) / 1000,
    );
    this.#resumeWhenDrained(task);
  }

  async #untilDone(task: Task): Promise<'done' | 'dead-lettered' | 'abandoned'> {
    const parking = { sinceMs: 0, failedForMs: 0, firstFailedAt: 0 };
    await task.lookedAhead;
    let failed: string | undefined;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const mayCall = await this.#dependencies.pass(failed);
        if (this.#mustLetGo(task)) return 'abandoned';
        const failure = await this.#lanes.inSlot(() => this.#try(task, attempt, mayCall));
        if (failure === undefined) return 'done';
        if (this.#mustLetGo(task)) return 'abandoned';
        failed = failure.error instanceof TransientError ? failure.error.dependency : undefined;
        const verdict = await this.#judge(failure.error, attempt, parking, task);
        if (verdict.kind === 'dead-letter') {
          if (await this.#setAside(task, verdict.reason, failure.error, attempt, parking.firstFailedAt))
            return 'dead-lettered';
          return 'abandoned';
        }
        this.#options.onFailure?.('retried', task.delivery.headers);
        if (!(await this.#wait(verdict.waitMs, task))) return 'abandoned';
      }
    } finally {
      if (parking.firstFailedAt > 0) {
        this.#parked -= 1;
        metrics.parkedKeys.set(this.#parked);
      }
    }
  }

  #mustLetGo(task: Task): boolean {
    return task.membership.over || this.#stopping.signal.aborted;
  }

  /** One try; answers what went wrong, wrapped so that `undefined` can be thrown too. */
  async #try(task: Task, attempt: number, mayCall: Delivery['mayCall']): Promise<{ error: unknown } | undefined> {
    const { delivery } = task;
    if (this.#mustLetGo(task))
      return { error: new TransientError('the partition is no longer ours', { reason: 'revoked' }) };
    try {
      const helped = await processing(
        delivery,
        { group: this.#options.groupId, clientId: this.#kafka.clientId },
        (span) => {
          if (attempt > 1) span.setAttribute('connector.attempt', attempt);
          const attributes = attributesOf(task.message.headers);
          return this.#options.handle({ ...delivery, attributes, attempt, mayCall });
        },
      );
      this.#dependencies.succeeded(helped ?? []);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  /** Whether a failed message is tried again, and when, or is set aside, and why. */
  async #judge(
    error: unknown,
    attempt: number,
    parking: { sinceMs: number; failedForMs: number; firstFailedAt: number },
    { delivery }: Task,
  ): Promise<{ kind: 'retry'; waitMs: number } | { kind: 'dead-letter'; reason: string }> {
    const now = Date.now();
    if (error instanceof UnreadableEventError) return { kind: 'dead-letter', reason: 'unreadable' };
    if (error instanceof PermanentError) return { kind: 'dead-letter', reason: error.reason };
    if (parking.firstFailedAt === 0) {
      parking.firstFailedAt = now;
      parking.sinceMs = now;
      this.#parked += 1;
      metrics.parkedKeys.set(this.#parked);
    }
    const transient = error instanceof TransientError;
    metrics.ledgerRetries.inc({ reason: transient ? error.reason : 'unknown' });
    this.#kafka.log.warn(
      { error, attempt, partition: delivery.partition, offset: delivery.offset },
      'a message is tried again later',
    );
    if (!transient) {
      if (attempt >= this.#options.unknownErrorAttempts) return { kind: 'dead-letter', reason: 'unknown_error' };
      return { kind: 'retry', waitMs: backOffMs(attempt, this.#options.retry) };
    }
    const { reason, dependency } = error;
    this.#dependencies.failed(dependency, delivery.key);
    // The clock of a parked key runs only while what fails works for others: no outage makes dead letters, however long, nor does a key
    // of ours that is refused.
    const isOnItsOwn = reason !== UNAUTHORIZED && (await this.#dependencies.worksForOthers(dependency));
    if (isOnItsOwn) parking.failedForMs += now - parking.sinceMs;
    parking.sinceMs = now;
    if (parking.failedForMs >= this.#options.parkLimitMs) return { kind: 'dead-letter', reason: 'transient_exhausted' };
    return { kind: 'retry', waitMs: Math.max(error.retryAfterMs ?? 0, backOffMs(attempt, this.#options.retry)) };
  }

  /** Puts the message into the dead letter topic, for as long as it takes; false when the partition went to another member first. */
  async #setAside(
    task: Task,
    reason: string,
    error: unknown,
    attempts: number,
    firstFailedAt: number,
  ): Promise<boolean> {
    const { deadLetterTopic, groupId, appVersion, producer, topic } = this.#options;
    const record = deadLetterOf(task.delivery, task.message.timestamp, {
      reason,
      error,
      attempts,
      firstFailedAt: new Date(firstFailedAt || Date.now()),
      consumerGroup: groupId,
      appVersion,
    });
    for (let attempt = 1; ; attempt += 1) {
      try {
        // The dead letter stays in the trace of its event.
        await context.with(contextFrom(record.headers), () => producer.send(deadLetterTopic, record));
        metrics.deadLetters.inc({ topic, reason });
        this.#options.onFailure?.('dead_lettered', task.delivery.headers);
        this.#kafka.log.error(
          { error, reason, attempts, partition: task.delivery.partition, offset: task.delivery.offset },
          'a message became a dead letter',
        );
        return true;
      } catch (cause) {
        this.#kafka.log.warn({ error: cause, attempt }, 'the dead letter topic does not take a message yet');
        if (!(await this.#wait(backOffMs(attempt), task))) return false;
      }
    }
  }

  /** Waits, unless the partition is taken away or the process goes down: then answers false. */
  async #wait(ms: number, task: Task): Promise<boolean> {
    const signal = AbortSignal.any([task.membership.ended.signal, this.#stopping.signal]);
    if (signal.aborted) return false;
    return sleep(ms, true, { signal }).catch(() => false);
  }

  #resumeWhenDrained({ delivery, progress, membership }: Task): void {
    if (membership.over || !this.#paused.has(delivery.partition)) return;
    if (!isFull(progress, membership.share / 2, this.#options.maxAhead)) this.#resume([delivery.partition]);
  }

  #resume(partitions: number[]): void {
    if (partitions.length === 0) return;
    for (const partition of partitions) this.#paused.delete(partition);
    this.#consumer.resume([{ topic: this.#topic, partitions }]);
  }

  /**
   * One commit at a time: while the broker is away kafkajs tries each for half a minute, and of several the oldest could come last and
   * take the offsets back.
   */
  #commit(): Promise<void> {
    this.#committing ??= this.#commitOnce().finally(() => {
      this.#committing = undefined;
    });
    return this.#committing;
  }

  async #commitOnce(): Promise<void> {
    const { partitions } = this.#membership;
    const moved = [...partitions].flatMap(([partition, progress]) => {
      const next = progress.committable;
      return next === undefined ? [] : [{ partition, progress, next }];
    });
    if (moved.length === 0) return;
    try {
      await this.#consumer.commitOffsets(
        moved.map(({ partition, next }) => ({ topic: this.#topic, partition, offset: String(next) })),
      );
      for (const { progress, next } of moved) progress.committed(next);
      metrics.consumerLastCommit.set({ group: this.#options.groupId }, Date.now() / 1000);
    } catch (error) {
      // The next commit covers these offsets too; until then a crash only means that they are handled again.
      this.#kafka.log.debug({ error }, 'offsets were not committed');
    }
  }
}

/** Progress by partition, made when a partition is first heard of. */
class Partitions extends Map<number, PartitionProgress> {
  getOrInsert(partition: number): PartitionProgress {
    const known = this.get(partition) ?? new PartitionProgress();
    this.set(partition, known);
    return known;
  }
}

const isFull = (progress: PartitionProgress, share: number, maxAhead: number): boolean =>
  progress.unfinished > share || progress.size > maxAhead;

const newMembership = (): Membership => ({
  over: false,
  share: Number.POSITIVE_INFINITY,
  partitions: new Partitions(),
  ended: new AbortController(),
});
