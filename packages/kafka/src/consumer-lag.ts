import type { Part } from '@connector/service-kit';
import { metrics } from '@connector/telemetry';
import { type Kafka, withAdmin } from './client.ts';

const EVERY_MS = 15_000;

/** Where a partition begins and ends. */
interface Bounds {
  partition: number;
  low: string;
  high: string;
}

/** Messages of each partition that the group has not committed; all of them where it never committed or what it committed is gone. */
export function lagOf(bounds: readonly Bounds[], committed: readonly { partition: number; offset: string }[]) {
  const offsets = new Map(committed.map(({ partition, offset }) => [partition, BigInt(offset)]));
  return bounds.map(({ partition, low, high }) => {
    const [first, end, next] = [BigInt(low), BigInt(high), offsets.get(partition) ?? -1n];
    const from = next > first ? next : first;
    return { partition, lag: end > from ? Number(end - from) : 0 };
  });
}

/**
 * Exports how far a group is behind, for every partition and whoever has it: a consumer that has stopped, or is not in its group,
 * could not tell by itself.
 */
export function createLagExporter(
  kafka: Kafka,
  { groupId, topic, everyMs = EVERY_MS }: { groupId: string; topic: string; everyMs?: number },
): Part & { refresh(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let looking = false;

  const refresh = async () => {
    const name = kafka.prefixed(topic);
    await withAdmin(kafka, async (admin) => {
      // What is committed is asked first: a lag may then be told too large for a moment, never too small.
      const [committed] = await admin.fetchOffsets({ groupId: kafka.prefixed(groupId), topics: [name] });
      const bounds = await admin.fetchTopicOffsets(name);
      for (const { partition, lag } of lagOf(bounds, committed?.partitions ?? [])) {
        metrics.consumerLag.set({ topic, partition: String(partition) }, lag);
      }
    });
  };
  const tick = async () => {
    if (looking) return;
    looking = true;
    try {
      await refresh();
    } catch (error) {
      // The last known lag stays; that Kafka is away is told by the consumer and the producer.
      kafka.log.debug({ error }, 'the lag cannot be told now');
    } finally {
      looking = false;
    }
  };
  return {
    name: 'consumer lag',
    refresh,
    start: async () => {
      void tick();
      timer = setInterval(() => void tick(), everyMs);
      timer.unref();
    },
    stop: async () => clearInterval(timer),
  };
}
