import { randomUUID } from 'node:crypto';
import { headerOf } from '@connector/contracts';
import { type Kafka, withAdmin } from './client.ts';

/** A message as it lies in a topic. */
export interface StoredMessage {
  readonly partition: number;
  readonly offset: string;
  /** Kafka's timestamp, ms since the epoch. */
  readonly timestamp: number;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads a topic from its beginning, or from what it was given at `since`, to where it ends now, each partition in order, and resolves
 * when all was given to `onMessage`. Nothing is committed.
 */
export async function scanTopic(
  kafka: Kafka,
  topic: string,
  onMessage: (message: StoredMessage) => void,
  since?: Date,
): Promise<void> {
  const name = kafka.prefixed(topic);
  const groupId = kafka.prefixed(`scan-${randomUUID()}`);
  const [offsets, starts] = await withAdmin(kafka, async (admin) => [
    await admin.fetchTopicOffsets(name),
    since ? await admin.fetchTopicOffsetsByTimestamp(name, since.getTime()) : [],
  ]);
  const startOf = new Map(starts.map(({ partition, offset }) => [partition, offset]));
  const open = new Map(
    offsets
      .filter(({ partition, low, high }) => BigInt(startOf.get(partition) ?? low) < BigInt(high))
      .map(({ partition, high }) => [partition, BigInt(high)]),
  );
  if (open.size === 0) return;
  const consumer = kafka.client.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 500 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [name], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      // One that kafkajs restarts goes on from where it was.
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
      const running = consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
          const end = open.get(batch.partition);
          for (const message of batch.messages) {
            if (end === undefined || BigInt(message.offset) >= end) break;
            // What is fetched before the consumer has gone to where it is to begin.
            if (since && Number(message.timestamp) < since.getTime()) continue;
            const headers: Record<string, string> = {};
            for (const header of Object.keys(message.headers ?? {})) {
              headers[header] = headerOf(message.headers, header) ?? '';
            }
            onMessage({
              partition: batch.partition,
              offset: message.offset,
              timestamp: Number(message.timestamp),
              key: message.key?.toString() ?? '',
              value: message.value ?? Buffer.alloc(0),
              headers,
            });
            resolveOffset(message.offset);
          }
          if (end !== undefined && BigInt(batch.lastOffset()) >= end - 1n) open.delete(batch.partition);
          await heartbeat();
          if (open.size === 0) resolve();
        },
      });
      running.catch(reject);
      for (const partition of open.keys()) {
        const offset = startOf.get(partition);
        if (offset) consumer.seek({ topic: name, partition, offset });
      }
    });
  } finally {
    await consumer.disconnect();
    await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch(() => {});
  }
}

/** The value of the last message with `key` in a topic, as compacted topics mean it; undefined when there is none. */
export async function readLatest(kafka: Kafka, topic: string, key: string): Promise<Buffer | undefined> {
  let latest: Buffer | undefined;
  await scanTopic(kafka, topic, (message) => {
    if (message.key === key) latest = message.value.length > 0 ? message.value : undefined;
  });
  return latest;
}
