import type { BrokerConnection } from '../kafkajs-internals/connection.ts';
import { type FetchedMessage, requests } from '../kafkajs-internals/protocol.ts';
import type { PartitionPosition } from './partition-position.ts';

/** How much a broker returns at once, and how long it may wait for it. */
export interface FetchLimits {
  /** Where the reader runs, so that a broker may name a near replica. */
  readonly rackId: string | undefined;
  readonly maxWaitMs: number;
  /** The broker answers early when it has this many bytes; default 1. */
  readonly minBytes?: number;
  readonly maxBytesPerPartition: number;
}

/** A broker's answer for the partitions of a topic. */
export interface TopicAnswer<P> {
  readonly topic: string;
  readonly partitions: readonly P[];
}

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly preferredReadReplica?: number;
  readonly abortedTransactions?: readonly unknown[];
  readonly messages: readonly FetchedMessage[];
}

const MAX_BYTES = 10 * 1024 * 1024;
/** A broker's answer may take this much longer than its requested wait, in ms. */
const SLACK_MS = 3_000;
const READ_COMMITTED = 1;

/** The beginning or the end of a partition. */
export type OffsetOf = 'start' | 'end';
/** Kafka's protocol uses these numbers in place of a time. */
const TIMESTAMP: Record<OffsetOf, number> = { start: -2, end: -1 };

interface Listed {
  readonly partition: number;
  readonly errorCode: number;
  readonly offset: string;
}

/** Asks where partitions begin or end. Throws kafkajs's errors. */
export async function askOffsets(
  connection: BrokerConnection,
  positions: readonly PartitionPosition[],
  which: OffsetOf,
): Promise<readonly TopicAnswer<Listed>[]> {
  const topics = byTopic(positions, ({ partition }) => ({ partition, timestamp: TIMESTAMP[which] }));
  const { responses } = await connection.ask<{ responses: readonly TopicAnswer<Listed>[] }>(
    requests.ListOffsets,
    { topics },
    SLACK_MS,
  );
  return responses;
}

interface FetchAnswer {
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

/** Asks for the records from each position on; each must have a `next`. Throws kafkajs's errors. */
export async function askRecords(
  connection: BrokerConnection,
  positions: readonly PartitionPosition[],
  { rackId = '', maxWaitMs, minBytes = 1, maxBytesPerPartition }: FetchLimits,
): Promise<TopicAnswer<FetchedPartition>[]> {
  const topics = byTopic(positions, (position) => ({
    partition: position.partition,
    fetchOffset: String(position.next),
    maxBytes: maxBytesPerPartition,
  }));
  const limits = { maxWaitTime: maxWaitMs, minBytes, maxBytes: MAX_BYTES, isolationLevel: READ_COMMITTED };
  const { responses } = await connection.ask<FetchAnswer>(
    requests.Fetch,
    { ...limits, topics, rackId },
    maxWaitMs + SLACK_MS,
  );
  return responses.map(({ topicName: topic, partitions }) => ({ topic, partitions }));
}

const byTopic = <T>(positions: readonly PartitionPosition[], of: (position: PartitionPosition) => T) =>
  [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, own]) => ({ topic, partitions: own.map(of) }));
