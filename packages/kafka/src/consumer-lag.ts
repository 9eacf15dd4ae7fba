import { setTimeout as sleep } from 'node:timers/promises';
import type { Component } from '@connector/lifecycle';
import { metrics } from '@connector/telemetry';
import { type Kafka, withAdmin } from './client.ts';

/** Where a partition begins and ends. */
interface Bounds {
  partition: number;
  low: string;
  high: string;
}

/**
 * Messages of each partition that the group has not committed, and the offset of the first of them; all messages where it never committed
 * or what it committed is gone.
 */
export function lagOf(bounds: readonly Bounds[], committed: readonly { partition: number; offset: string }[]) {
  const offsets = new Map(committed.map(({ partition, offset }) => [partition, BigInt(offset)]));
  return bounds.map(({ partition, low, high }) => {
    const [first, end, next] = [BigInt(low), BigInt(high), offsets.get(partition) ?? -1n];
    const from = next > first ? next : first;
    return { partition, lag: end > from ? Number(end - from) : 0, from };
  });
}

/** Messages of a partition that are gone although the group had not handled them: offsets `from` to before `to`. */
export interface DeletedRecords {
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  /** Kafka's timestamp of the last message that was handled, where the group noted it. */
  readonly handledUntil?: Date;
}

/**
 * What was deleted unread, by retention or by hand. Where the group has committed nothing, or what it had committed has expired, nobody
 * can say that the deleted messages were handled.
 */
export function deletedUnread(
  bounds: readonly Bounds[],
  committed: readonly { partition: number; offset: string; metadata?: string | null }[],
): DeletedRecords[] {
  const known = new Map(committed.map((each) => [each.partition, each]));
  return bounds.flatMap(({ partition, low }) => {
    const { offset = '-1', metadata } = known.get(partition) ?? {};
    const [from, to] = [BigInt(offset) < 0n ? 0n : BigInt(offset), BigInt(low)];
    if (from >= to) return [];
    const handledUntil = handledUntilOf(metadata);
    return [{ partition, from, to, ...(handledUntil && { handledUntil }) }];
  });
}

/** A commit notes the timestamp of the last message that it covers, in ms since the epoch. */
function handledUntilOf(metadata: string | null | undefined): Date | undefined {
  const ms = /^\d{1,15}$/.test(metadata ?? '') ? Number(metadata) : 0;
  return ms > 0 ? new Date(ms) : undefined;
}

/** Without Kafka nobody waits longer for the first look, in ms. */
const FIRST_LOOK_MS = 5_000;

const YOUNGEST_S = 1;
/** Older than any topic keeps its messages. */
const OLDEST_S = 90 * 24 * 60 * 60;
/** Halvings of the range between the two, on a logarithmic scale: the answer is 1 % too low at most. */
const HALVINGS = 11;

/**
 * Age in seconds of the oldest of these messages, given by partition and offset; 0 below a second. Kafka tells the first offset that is as
 * young as a moment (`offsetsAt`, ms since the epoch), and no message has to be fetched: so it is known of a group that consumes nothing.
 */
export async function ageOfOldest(
  messages: readonly { partition: number; from: bigint }[],
  offsetsAt: (ms: number) => Promise<readonly { partition: number; offset: string }[]>,
  now = Date.now(),
): Promise<number> {
  if (messages.length === 0) return 0;
  const isOlderThan = async (seconds: number) => {
    const offsets = await offsetsAt(Math.round(now - seconds * 1000));
    const first = new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
    return messages.some(({ partition, from }) => (first.get(partition) ?? 0n) > from);
  };
  if (!(await isOlderThan(YOUNGEST_S))) return 0;
  let [low, high] = [YOUNGEST_S, OLDEST_S];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = Math.sqrt(low * high);
    if (await isOlderThan(middle)) low = middle;
    else high = middle;
  }
  return low;
}

export interface LagOptions {
  /** Group and topic, without the configured prefix. */
  groupId: string;
  topic: string;
  everyMs: number;
  /** Called once with what was deleted before the group had handled it; at the next look again when it throws. */
  onDeleted?: (deleted: DeletedRecords) => Promise<void>;
}

/**
 * Exports how far a group is behind, for every partition and whoever has it: a consumer that has stopped, or is not in its group,
 * could not tell by itself. Its start waits for the first look, so that it sees what is gone before a consumer that is started next goes on
 * behind it and commits.
 */
export function createLagExporter(
  kafka: Kafka,
  { groupId, topic, everyMs, onDeleted }: LagOptions,
): Component & {
  refresh(): Promise<void>;
  /** Tells of messages that the consumer itself found gone. */
  skipped(deleted: DeletedRecords): void;
} {
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  const noticed = new Set<string>();
  const told = new Set<string>();
  metrics.consumerDeletedRecords.inc({ topic }, 0);

  const reportDeleted = async (deleted: DeletedRecords) => {
    const { partition, from, to, handledUntil } = deleted;
    const name = `${partition}:${to}`;
    if (!noticed.has(name)) {
      noticed.add(name);
      metrics.consumerDeletedRecords.inc({ topic }, Number(to - from));
      const where = { topic, partition, from: String(from), to: String(to), handledUntil };
      kafka.log.error(where, 'messages were deleted before they were handled');
    }
    if (told.has(name)) return;
    told.add(name);
    try {
      await onDeleted?.(deleted);
    } catch (error) {
      told.delete(name);
      // What is there has to be handled all the same; the next look tries again, as long as the group's offset still shows it.
      kafka.log.error({ error, topic, partition }, 'nobody could be asked for the deleted messages');
    }
  };

  const refresh = async () => {
    const name = kafka.prefixed(topic);
    await withAdmin(kafka, async (admin) => {
      // What is committed is asked first: a lag may then look too large for a moment, never too small.
      const [committed] = await admin.fetchOffsets({ groupId: kafka.prefixed(groupId), topics: [name] });
      const bounds = await admin.fetchTopicOffsets(name);
      for (const deleted of deletedUnread(bounds, committed?.partitions ?? [])) await reportDeleted(deleted);
      const partitions = lagOf(bounds, committed?.partitions ?? []);
      for (const { partition, lag } of partitions) {
        metrics.consumerLag.set({ topic, partition: String(partition) }, lag);
      }
      const waiting = partitions.filter(({ lag }) => lag > 0);
      const age = await ageOfOldest(waiting, (ms) => admin.fetchTopicOffsetsByTimestamp(name, ms));
      metrics.consumerLagSeconds.set({ topic }, age);
    });
  };
  const tick = async () => {
    if (looking) return;
    looking = true;
    try {
      await refresh();
    } catch (error) {
      // The last known lag stays; that Kafka is away is logged by the consumer and the producer.
      kafka.log.debug({ error }, 'the lag is not known now');
    } finally {
      looking = false;
    }
  };
  return {
    name: 'consumer lag',
    refresh,
    skipped: (deleted) => void reportDeleted(deleted),
    start: async () => {
      const first = new AbortController();
      await Promise.race([tick(), sleep(FIRST_LOOK_MS, undefined, { signal: first.signal }).catch(() => {})]);
      first.abort();
      timer = setInterval(() => void tick(), everyMs);
      timer.unref();
    },
    stop: async () => clearInterval(timer),
  };
}
