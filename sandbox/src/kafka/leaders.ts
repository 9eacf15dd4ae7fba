import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from '@connector/kafka';
import { electPreferredLeaders, type TopicPartition } from './elect-leaders.ts';

type Admin = ReturnType<Kafka['client']['admin']>;

/** The broker ids of a partition: the preferred leader is the first replica, and leader -1 means that there is none. */
export interface PartitionState extends TopicPartition {
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

export const OFFSETS_TOPIC = '__consumer_offsets';
const MOVED_WITHIN_MS = 30_000;

/** Every partition of these topics, which are named as in the cluster. Throws kafkajs's errors. */
export async function partitionsOf(admin: Admin, topics: readonly string[]): Promise<PartitionState[]> {
  const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
  return metadata.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionId, leader, replicas, isr }) => ({
      topic: name,
      partition: partitionId,
      leader,
      replicas,
      inSync: isr,
    })),
  );
}

/** The partition that keeps a group's offsets; its leader is the group's coordinator. */
export async function coordinatorOf(admin: Admin, groupId: string): Promise<PartitionState> {
  const partitions = await partitionsOf(admin, [OFFSETS_TOPIC]);
  const found = partitions.find(({ partition }) => partition === javaHash(groupId) % partitions.length);
  if (!found) throw new Error(`${OFFSETS_TOPIC} has no partition for ${groupId}`);
  return found;
}

/** Java's String.hashCode without its sign, with which Kafka chooses a group's partition. */
function javaHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) hash = (31 * hash + text.charCodeAt(at)) | 0;
  return hash & 0x7fffffff;
}

/**
 * Makes broker `to` the leader of each partition, as an operator's tool does: it becomes the first replica, and is then
 * elected. Requests go to `broker` (`host:port`). Resolves when all leaders have moved. Throws Error when one has not
 * within half a minute, or has no replica there.
 */
export async function moveLeaders(
  admin: Admin,
  broker: string,
  moves: readonly (TopicPartition & { readonly to: number })[],
): Promise<void> {
  const topics = [...new Set(moves.map(({ topic }) => topic))];
  const before = await partitionsOf(admin, topics);
  const stateOf = (states: readonly PartitionState[], { topic, partition }: TopicPartition) =>
    states.find((each) => each.topic === topic && each.partition === partition);
  await admin.alterPartitionReassignments({
    topics: topics.map((topic) => ({
      topic,
      partitionAssignment: moves
        .filter((move) => move.topic === topic)
        .map((move) => {
          const replicas = stateOf(before, move)?.replicas ?? [];
          if (!replicas.includes(move.to)) throw new Error(`${topic}-${move.partition} has no replica on ${move.to}`);
          return { partition: move.partition, replicas: [move.to, ...replicas.filter((id) => id !== move.to)] };
        }),
    })),
  });
  const deadline = Date.now() + MOVED_WITHIN_MS;
  for (;;) {
    const now = await partitionsOf(admin, topics);
    const open = moves.filter((move) => stateOf(now, move)?.leader !== move.to);
    if (open.length === 0) return;
    if (Date.now() > deadline) {
      const first = open[0] as (typeof open)[number];
      throw new Error(`${open.length} leaders have not moved, among them ${first.topic}-${first.partition}`);
    }
    // Refused while the broker is not in sync, or does not know the new order yet.
    await electPreferredLeaders(broker, open);
    await sleep(50);
  }
}
