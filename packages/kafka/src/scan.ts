import { TransientError } from '@connector/errors';
import type { KafkaMessage } from 'kafkajs';
import { type Kafka, withAdmin } from './client.ts';
import { ClusterView } from './cluster/cluster-view.ts';
import { Fetcher } from './consume/fetcher.ts';
import type { PartitionPosition } from './consume/partition-position.ts';
import { headersOf } from './headers.ts';
import { partitionOf } from './produce/partitioner.ts';

/** A message in a topic. */
export interface StoredMessage {
  readonly partition: number;
  readonly offset: string;
  /** Kafka's timestamp, ms since the epoch. */
  readonly timestamp: number;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ScanOptions {
  /** Skips records that the topic got before this time. */
  readonly since?: Date | undefined;
  /** Reads only this key's partition, and returns only this key's messages. */
  readonly key?: string | undefined;
}

/** How far back a scan could read. */
export interface Scanned {
  /** Retention has deleted records of the requested time: records older than the ones that were read may be missing. */
  readonly cut: boolean;
}

const MAX_WAIT_MS = 500;
const MAX_BYTES_PER_PARTITION = 1024 * 1024;
const LOOK_MS = 20;
/** A scan fails after this long without an answer for any of the remaining partitions, in ms. */
const SILENT_MS = 60_000;

/**
 * Reads a topic to its present end, each partition in order. Resolves when `onMessage` got every message. It is in no
 * group and commits nothing. Records that retention deletes meanwhile are skipped, and reported as `cut`. Throws
 * TransientError when the brokers do not answer for a minute.
 */
export async function scanTopic(
  kafka: Kafka,
  topic: string,
  onMessage: (message: StoredMessage) => void,
  { since, key }: ScanOptions = {},
): Promise<Scanned> {
  const name = kafka.prefixed(topic);
  const [offsets, starts] = await withAdmin(kafka, async (admin) => [
    await admin.fetchTopicOffsets(name),
    since ? await admin.fetchTopicOffsetsByTimestamp(name, since.getTime()) : [],
  ]);
  const startOf = new Map(starts.map(({ partition, offset }) => [partition, BigInt(offset)]));
  const only = key === undefined ? undefined : partitionOf(key, offsets.length);
  const ends = new Map<number, bigint>();
  let cut = false;
  const assigned = offsets.flatMap(({ partition, low, high }) => {
    // Kafka answers -1 when there is no record since then.
    const start = startOf.get(partition) ?? BigInt(low);
    if (only !== undefined && partition !== only) return [];
    // Records before the first remaining one are gone, unless an older remaining record shows that they were not
    // requested.
    if (BigInt(low) > 0n && (start === BigInt(low) || low === high)) cut = true;
    if (start < 0n || start >= BigInt(high)) return [];
    ends.set(partition, BigInt(high));
    return [{ topic: name, partition, next: start }];
  });
  const give = ({ partition }: PartitionPosition, messages: readonly KafkaMessage[]) => {
    const end = ends.get(partition) ?? 0n;
    for (const message of messages) {
      if (BigInt(message.offset) >= end) break;
      const stored = storedMessage(partition, message);
      if (key === undefined || stored.key === key) onMessage(stored);
    }
  };
  await readTo(kafka, assigned, ends, give);
  return { cut };
}

/** Reads the assigned partitions, each to its end. Throws the errors of `give`. */
async function readTo(
  kafka: Kafka,
  assigned: readonly { topic: string; partition: number; next: bigint }[],
  ends: ReadonlyMap<number, bigint>,
  give: (position: PartitionPosition, messages: readonly KafkaMessage[]) => void,
): Promise<void> {
  const [first] = assigned;
  if (!first) return;
  const { topic } = first;
  const cluster: ClusterView = new ClusterView(kafka, () => fetcher.pump());
  const failed = Promise.withResolvers<never>();
  const fetcher = new Fetcher({
    kafka,
    cluster,
    maxWaitMs: MAX_WAIT_MS,
    maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
    startAt: 'earliest',
    onMessages: (position, messages) => {
      try {
        give(position, messages);
      } catch (error) {
        failed.reject(error);
      }
    },
    onSkipped: ({ partition, from, to, reason }) => {
      const range = { topic, partition, from: String(from), to: String(to), reason };
      kafka.log.warn(range, 'records were deleted while a topic was read');
    },
  });
  const { read, stopLooking } = lookUntilRead(fetcher, topic, ends);
  try {
    cluster.start();
    // ClusterView follows a topic after the first question about it.
    cluster.partitionsOf(topic);
    fetcher.assign(assigned);
    await Promise.race([read, failed.promise]);
  } finally {
    stopLooking();
    fetcher.stop();
    cluster.stop();
  }
}

/**
 * `read` resolves when each partition was read to its end. Rejects with TransientError when no broker answers any more.
 */
function lookUntilRead(fetcher: Fetcher, topic: string, ends: ReadonlyMap<number, bigint>) {
  const began = performance.now();
  const { promise: read, resolve, reject } = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    const left = fetcher.positions.filter(({ partition, next }) => (next ?? 0n) < (ends.get(partition) ?? 0n));
    if (left.length === 0) resolve();
    const answeredAt = Math.max(began, ...left.map((position) => position.answeredAt));
    if (performance.now() - answeredAt > SILENT_MS) reject(new TransientError(`no broker answers about ${topic}`));
  }, LOOK_MS);
  return { read, stopLooking: () => clearInterval(timer) };
}

function storedMessage(partition: number, message: KafkaMessage): StoredMessage {
  return {
    partition,
    offset: message.offset,
    timestamp: Number(message.timestamp),
    key: message.key?.toString() ?? '',
    value: message.value ?? Buffer.alloc(0),
    headers: headersOf(message),
  };
}

/** The value of the last message with `key` in a compacted topic; undefined when there is none. */
export async function readLatest(kafka: Kafka, topic: string, key: string): Promise<Buffer | undefined> {
  let latest: Buffer | undefined;
  await scanTopic(
    kafka,
    topic,
    ({ value }) => {
      latest = value.length > 0 ? value : undefined;
    },
    { key },
  );
  return latest;
}
