import type { Kafka } from '../client.ts';
import type { BrokerAddress, BrokerConnection } from '../kafkajs-internals/connection.ts';
import { API, createErrorFromCode, ERROR } from '../kafkajs-internals/protocol.ts';
import { AnyBroker } from './any-broker.ts';
import { METADATA_VERSIONS, type Metadata, metadataRequest, type PartitionMetadata } from './metadata-request.ts';

/**
 * Pause between questions while nothing fails, in ms. They find added partitions, and deleted topics that nobody sends
 * to at the moment.
 */
const MAX_AGE_MS = 15_000;
/** Failures within this time, in ms, are answered by one question to the cluster. */
const MIN_INTERVAL_MS = 100;
const ANSWER_TIMEOUT_MS = 3_000;
/** Pause between questions while no broker answers, in ms. */
const NOBODY_PAUSE_MS = 1_000;

/** A missing topic or leader is asked for at once for the first time span, and after each pause later, in ms. */
const EAGER_FOR_MS = 30_000;
const INCOMPLETE_PAUSE_MS = 5_000;

/**
 * A topic that existed counts as missing when the cluster has said so for this long, in ms: a broker that has just
 * started may not know the topic yet.
 */
const MISSING_AFTER_MS = 5_000;

/** What is known about a partition, and whether its supposed leader denies that it exists. */
type KnownPartition = PartitionMetadata & { readonly isUnknown?: boolean };

/**
 * The leaders of partitions, by the newest answer of any broker. It uses a connection of its own: a broker answers the
 * requests of one connection in turn, so a question behind a produce request would wait for that request.
 */
export class ClusterView {
  readonly #kafka: Kafka;
  readonly #onChange: () => void;
  readonly #anyBroker: AnyBroker;
  readonly #brokers = new Map<number, BrokerAddress>();
  readonly #topics = new Map<string, Map<number, KnownPartition>>();
  /**
   * By topic: Kafka's error in place of the topic's partitions, and since when the cluster answers it, from
   * `performance.now()`.
   */
  readonly #problems = new Map<string, { readonly code: number; readonly since: number }>();
  #incompleteSince: number | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking = false;
  #askAgain = false;
  #dueAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #known = false;
  /** True between `start` and `stop`. */
  #isRunning = false;

  /** `onChange` is called after each answer of the cluster. */
  constructor(kafka: Kafka, onChange: () => void) {
    this.#kafka = kafka;
    this.#onChange = onChange;
    this.#anyBroker = new AnyBroker(kafka, () => this.#brokers.values());
  }

  start(): void {
    this.#isRunning = true;
    this.#anyBroker.start();
    this.refresh();
  }

  /** Whether the cluster has already answered. */
  get isKnown(): boolean {
    return this.#known;
  }

  /** ms since a broker last answered a question about the cluster. */
  get silentMs(): number {
    return this.#anyBroker.silentMs;
  }

  addressOf(nodeId: number): BrokerAddress | undefined {
    return this.#brokers.get(nodeId);
  }

  /**
   * The topic's partitions by number; undefined until the cluster has answered. The first call for a topic makes this
   * view follow it.
   */
  partitionsOf(topic: string): ReadonlyMap<number, PartitionMetadata> | undefined {
    const known = this.#topics.get(topic);
    if (!known) {
      this.#topics.set(topic, new Map());
      this.refresh();
    }
    return known && known.size > 0 ? known : undefined;
  }

  /**
   * Why nothing can be sent to a topic or read from it, as a sentence; undefined while it can, and before the cluster
   * has answered.
   */
  problemOf(topic: string): string | undefined {
    const problem = this.#problems.get(topic);
    if (!problem || (this.#topics.get(topic)?.size ?? 0) > 0) return undefined;
    if (problem.code === ERROR.unknownTopicOrPartition) return `the topic ${topic} does not exist`;
    return `the topic ${topic}: ${createErrorFromCode(problem.code).message}`;
  }

  /** Node id of the partition's leader; -1 when it has none or the leader is unknown. */
  leaderOf(topic: string, partition: number): number {
    return this.#topics.get(topic)?.get(partition)?.leader ?? -1;
  }

  /**
   * A broker said that it does not lead the partition, or (`isUnknown`) that the partition does not exist. The
   * cluster's next answer is then accepted, whatever its epoch.
   */
  doubt(topic: string, partition: number, isUnknown = false): void {
    const known = this.#topics.get(topic)?.get(partition);
    if (known) this.#topics.get(topic)?.set(partition, { ...known, epoch: -1, isUnknown });
    this.refresh();
  }

  /** Asks the cluster. If it was asked less than `minIntervalMs` ago, asks when that time is over. */
  refresh(minIntervalMs = MIN_INTERVAL_MS): void {
    if (!this.#isRunning) return;
    if (this.#asking) this.#askAgain = true;
    else this.#schedule(this.#askedAt + minIntervalMs - performance.now());
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    this.#anyBroker.stop();
  }

  #schedule(waitMs: number): void {
    const dueAt = performance.now() + Math.max(0, waitMs);
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), Math.max(0, waitMs));
  }

  async #ask(): Promise<void> {
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#asking = true;
    this.#askAgain = false;
    this.#askedAt = performance.now();
    let found = false;
    try {
      const metadata = await this.askAny((connection) => {
        const version = connection.version(API.metadata, METADATA_VERSIONS.oldest, METADATA_VERSIONS.newest);
        return connection.send(metadataRequest([...this.#topics.keys()], version), ANSWER_TIMEOUT_MS);
      });
      if (!this.#isRunning) return;
      this.#learn(metadata);
      found = true;
    } catch (error) {
      this.#kafka.log.warn({ error }, 'no Kafka broker answers which broker leads which partition');
    } finally {
      this.#asking = false;
      if (this.#isRunning) {
        const soonMs = this.#askAgain ? MIN_INTERVAL_MS : this.#holdsForMs();
        this.#schedule(found ? soonMs : NOBODY_PAUSE_MS);
      }
    }
    if (found) this.#onChange();
  }

  /**
   * How long an answer is valid, in ms. Leaders are elected in seconds; a topic that is missing for longer may stay
   * missing.
   */
  #holdsForMs(): number {
    const now = performance.now();
    this.#incompleteSince = this.#isIncomplete() ? (this.#incompleteSince ?? now) : undefined;
    if (this.#incompleteSince === undefined) return MAX_AGE_MS;
    return now - this.#incompleteSince < EAGER_FOR_MS ? MIN_INTERVAL_MS : INCOMPLETE_PAUSE_MS;
  }

  #isIncomplete(): boolean {
    if (this.#problems.size > 0) return true;
    return [...this.#topics.values()].some(
      (partitions) => partitions.size === 0 || [...partitions.values()].some(({ leader }) => leader < 0),
    );
  }

  /** Asks any broker. Throws the error of the last one. */
  askAny<T>(ask: (connection: BrokerConnection) => Promise<T>): Promise<T> {
    return this.#anyBroker.ask(ask);
  }

  #learn({ brokers, topics }: Metadata): void {
    this.#known = true;
    this.#brokers.clear();
    for (const { nodeId, host, port } of brokers) this.#brokers.set(nodeId, { host, port });
    for (const { topic, errorCode, partitions } of topics) {
      const known = this.#topics.get(topic);
      if (!known) continue;
      this.#noteProblem(topic, errorCode);
      if (errorCode === 0) forgetRemade(known, partitions);
      else if (this.#isGone(topic)) known.clear();
      for (const told of partitions) {
        const before = known.get(told.partition);
        // A broker that was away answers with old knowledge at first.
        if (before && told.epoch >= 0 && told.epoch < before.epoch) continue;
        known.set(told.partition, told);
      }
    }
  }

  /**
   * Logged once per change. Without this line, a topic that is missing, or that we may not see, would only show in
   * failing sends.
   */
  #noteProblem(topic: string, code: number): void {
    if ((this.#problems.get(topic)?.code ?? 0) === code) return;
    const { log } = this.#kafka;
    if (code === 0) {
      this.#problems.delete(topic);
      log.info({ topic }, 'Kafka answers again which broker leads the topic');
      return;
    }
    this.#problems.set(topic, { code, since: performance.now() });
    const error = createErrorFromCode(code);
    if (code === ERROR.unknownTopicOrPartition)
      log.warn({ topic, error }, `the topic ${topic} does not exist: the command ensure-topics creates missing topics`);
    else log.warn({ topic, error }, `Kafka does not answer which broker leads the topic ${topic}`);
  }

  /** Whether an existing topic was deleted. When it comes back, it is a new topic. */
  #isGone(topic: string): boolean {
    const { code, since = 0 } = this.#problems.get(topic) ?? {};
    return code === ERROR.unknownTopicOrPartition && performance.now() - since >= MISSING_AFTER_MS;
  }
}

/**
 * A partition that its leader does not know and the cluster does not list was deleted: the topic was recreated with
 * fewer partitions. A partition that is only missing from the list may be too new for the answering broker.
 */
function forgetRemade(known: Map<number, KnownPartition>, told: readonly PartitionMetadata[]): void {
  const named = new Set(told.map(({ partition }) => partition));
  const missing = [...known.values()].filter(({ partition }) => !named.has(partition));
  if (missing.some(({ isUnknown }) => isUnknown)) for (const { partition } of missing) known.delete(partition);
}
