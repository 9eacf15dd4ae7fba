import { setTimeout as sleep } from 'node:timers/promises';
import type { Component } from '@connector/lifecycle';
import { metrics } from '@connector/telemetry';
import { type Kafka, withAdmin } from './client.ts';
import { ageOfOldest, type DeletedRecords, deletedUnread, lagOf } from './lag.ts';

/** Without Kafka nobody waits longer for the first look, in ms. */
const FIRST_LOOK_MS = 5_000;

export interface LagOptions {
  /** Group and topic, without the configured prefix. */
  groupId: string;
  topic: string;
  everyMs: number;
  /** Called once with what was deleted before the group had handled it; at the next look again when it throws. */
  onDeleted?: (deleted: DeletedRecords) => Promise<void>;
}

export interface LagExporter extends Component {
  refresh(): Promise<void>;
  /** Tells of messages that the consumer itself found gone. */
  skipped(deleted: DeletedRecords): void;
}

/**
 * Exports how far a group is behind, for every partition and whoever has it: a consumer that has stopped, or is not in its group,
 * could not tell by itself. Its start waits for the first look, so that it sees what is gone before a consumer that is started next goes on
 * behind it and commits.
 */
export const createLagExporter = (kafka: Kafka, options: LagOptions): LagExporter => new GroupLag(kafka, options);

class GroupLag implements LagExporter {
  readonly name = 'consumer lag';
  readonly #kafka: Kafka;
  readonly #options: LagOptions;
  /** Deleted messages that were counted and logged, and those that somebody was asked for; by partition and end. */
  readonly #noticed = new Set<string>();
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(kafka: Kafka, options: LagOptions) {
    this.#kafka = kafka;
    this.#options = options;
    metrics.consumerDeletedRecords.inc({ topic: options.topic }, 0);
  }

  async start(): Promise<void> {
    const first = new AbortController();
    await Promise.race([this.#look(), sleep(FIRST_LOOK_MS, undefined, { signal: first.signal }).catch(() => {})]);
    first.abort();
    this.#timer = setInterval(() => void this.#look(), this.#options.everyMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  skipped(deleted: DeletedRecords): void {
    void this.#reportDeleted(deleted);
  }

  async refresh(): Promise<void> {
    const { groupId, topic } = this.#options;
    const name = this.#kafka.prefixed(topic);
    await withAdmin(this.#kafka, async (admin) => {
      // What is committed is asked first: a lag may then look too large for a moment, never too small.
      const [committed] = await admin.fetchOffsets({ groupId: this.#kafka.prefixed(groupId), topics: [name] });
      const bounds = await admin.fetchTopicOffsets(name);
      for (const deleted of deletedUnread(bounds, committed?.partitions ?? [])) await this.#reportDeleted(deleted);
      const partitions = lagOf(bounds, committed?.partitions ?? []);
      for (const { partition, lag } of partitions) {
        metrics.consumerLag.set({ topic, partition: String(partition) }, lag);
      }
      const waiting = partitions.filter(({ lag }) => lag > 0);
      const age = await ageOfOldest(waiting, (ms) => admin.fetchTopicOffsetsByTimestamp(name, ms));
      metrics.consumerLagSeconds.set({ topic }, age);
    });
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.refresh();
    } catch (error) {
      // The last known lag stays; that Kafka is away is logged by the consumer and the producer.
      this.#kafka.log.debug({ error }, 'the lag is not known now');
    } finally {
      this.#isLooking = false;
    }
  }

  async #reportDeleted(deleted: DeletedRecords): Promise<void> {
    const { topic, onDeleted } = this.#options;
    const { partition, to } = deleted;
    const name = `${partition}:${to}`;
    if (!this.#noticed.has(name)) {
      this.#noticed.add(name);
      this.#note(deleted);
    }
    if (this.#told.has(name)) return;
    this.#told.add(name);
    try {
      await onDeleted?.(deleted);
    } catch (error) {
      this.#told.delete(name);
      // What is there has to be handled all the same; the next look tries again, as long as the group's offset still shows it.
      this.#kafka.log.error({ error, topic, partition }, 'nobody could be asked for the deleted messages');
    }
  }

  #note({ partition, from, to, handledUntil }: DeletedRecords): void {
    const { topic } = this.#options;
    metrics.consumerDeletedRecords.inc({ topic }, Number(to - from));
    const where = { topic, partition, from: String(from), to: String(to), handledUntil };
    this.#kafka.log.error(where, 'messages were deleted before they were handled');
  }
}
