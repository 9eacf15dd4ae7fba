import { setTimeout as sleep } from 'node:timers/promises';
import type { Component } from '@connector/lifecycle';
import { metrics } from '@connector/telemetry';
import { type Kafka, withAdmin } from './client.ts';
import { ageOfOldest, type DeletedRecords, deletedUnread, lagOf } from './lag.ts';

/** Longest wait of the start for the first look when Kafka is away, in ms. */
const FIRST_LOOK_MS = 5_000;

export interface LagOptions {
  /** Group and topic, without the configured prefix. */
  groupId: string;
  topic: string;
  everyMs: number;
  /**
   * Called once with messages that were deleted before the group handled them. When it throws, the next look calls it
   * again.
   */
  onDeleted?: (deleted: DeletedRecords) => Promise<void>;
}

export interface LagExporter extends Component {
  refresh(): Promise<void>;
  /** Takes the consumer's own report about missing messages. */
  skipped(deleted: DeletedRecords): void;
}

/**
 * Exports how far a group is behind, for every partition, whichever member has it: a consumer that has stopped, or is
 * not in its group, could not report this itself. Its start waits for the first look, so that deleted messages are seen
 * before a consumer that starts later continues behind them and commits.
 */
export const createLagExporter = (kafka: Kafka, options: LagOptions): LagExporter => new GroupLag(kafka, options);

class GroupLag implements LagExporter {
  readonly name = 'consumer lag';
  readonly #kafka: Kafka;
  readonly #options: LagOptions;
  /** Deleted messages that were counted and logged, and those that were reported; by partition and end. */
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
      // Committed offsets are read first. A lag may then be too large for a moment, but never too small.
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
      // The last known lag stays. The consumer and the producer log that Kafka is away.
      this.#kafka.log.debug({ error }, 'the consumer lag cannot be read at the moment');
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
      // The remaining messages must be handled in any case. The next look tries again, as long as the group's offset
      // still shows the gap.
      this.#kafka.log.error(
        { error, topic, partition },
        'could not request that the deleted messages are listed again',
      );
    }
  }

  #note({ partition, from, to, handledUntil }: DeletedRecords): void {
    const { topic } = this.#options;
    metrics.consumerDeletedRecords.inc({ topic }, Number(to - from));
    const where = { topic, partition, from: String(from), to: String(to), handledUntil };
    this.#kafka.log.error(where, 'messages were deleted before they were handled');
  }
}
