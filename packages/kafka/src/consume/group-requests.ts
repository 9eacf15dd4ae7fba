import type { BrokerAddress, BrokerConnection } from '../kafkajs-internals/connection.ts';
import { requests } from '../kafkajs-internals/protocol.ts';
import { partitionsIn, subscriptionTo } from './assignment.ts';
import type { Committable } from './offset-tracker.ts';

/** Requests of a member of a consumer group to its coordinator. Each throws kafkajs's errors. */

const HEARTBEAT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 3_000;
/** How long a coordinator may take to answer a join after the last member joined, in ms. */
const JOIN_SLACK_MS = 5_000;

/** A member's ids in the cluster; `memberId` is empty until the coordinator has assigned one. */
export interface Member {
  readonly groupId: string;
  readonly memberId: string;
}

export interface MemberOfGeneration extends Member {
  readonly generationId: number;
}

interface Joined {
  readonly generationId: number;
  readonly memberId: string;
  readonly leaderId: string;
  /** Only in the leader's answer: all members of the group. */
  readonly members: readonly { readonly memberId: string }[];
}

/** The group's coordinator, by the answer of any broker. */
export async function findCoordinator(connection: BrokerConnection, groupId: string): Promise<BrokerAddress> {
  const { coordinator } = await connection.call<{ coordinator: BrokerAddress }>(
    requests.GroupCoordinator,
    { groupId },
    REQUEST_TIMEOUT_MS,
  );
  const { host, port } = coordinator;
  return { host, port };
}

/** How long the coordinator waits for the other members, in ms. */
const rebalanceMs = (sessionTimeoutMs: number): number => 2 * sessionTimeoutMs;

/** Resolves when every member has joined. */
export const join = (
  coordinator: BrokerConnection,
  { groupId, memberId }: Member,
  topic: string,
  sessionTimeoutMs: number,
): Promise<Joined> =>
  coordinator.call<Joined>(
    requests.JoinGroup,
    {
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceMs(sessionTimeoutMs),
      memberId,
      protocolType: 'consumer',
      groupProtocols: [subscriptionTo(topic)],
    },
    rebalanceMs(sessionTimeoutMs) + JOIN_SLACK_MS,
  );

/**
 * The partitions that the leader assigned to this member; `groupAssignment` is the leader's assignment, empty for the
 * others.
 */
export async function sync(
  coordinator: BrokerConnection,
  { groupId, memberId, generationId }: MemberOfGeneration,
  topic: string,
  groupAssignment: readonly object[],
  sessionTimeoutMs: number,
): Promise<number[]> {
  const { memberAssignment } = await coordinator.call<{ readonly memberAssignment: Buffer | null }>(
    requests.SyncGroup,
    { groupId, generationId, memberId, groupAssignment },
    rebalanceMs(sessionTimeoutMs) + JOIN_SLACK_MS,
  );
  return partitionsIn(memberAssignment ?? Buffer.alloc(0), topic);
}

interface Fetched {
  readonly responses: readonly { readonly partitions: readonly { partition: number; offset: string }[] }[];
}

/** The committed offsets of the group by partition; undefined for a partition without one. */
export async function committedOffsets(
  coordinator: BrokerConnection,
  groupId: string,
  topic: string,
  partitions: readonly number[],
): Promise<Map<number, bigint | undefined>> {
  if (partitions.length === 0) return new Map();
  const topics = [{ topic, partitions: partitions.map((partition) => ({ partition })) }];
  const { responses } = await coordinator.call<Fetched>(requests.OffsetFetch, { groupId, topics }, REQUEST_TIMEOUT_MS);
  return new Map(
    responses.flatMap((of) =>
      of.partitions.map(({ partition, offset }) => [partition, BigInt(offset) < 0n ? undefined : BigInt(offset)]),
    ),
  );
}

/** Commits offsets, each with the timestamp of the last message before it. */
export async function commitOffsets(
  coordinator: BrokerConnection,
  { groupId, memberId, generationId: groupGenerationId }: MemberOfGeneration,
  topic: string,
  offsets: ReadonlyMap<number, Committable>,
): Promise<void> {
  const partitions = [...offsets].map(([partition, { next, timestamp }]) => ({
    partition,
    offset: String(next),
    metadata: timestamp,
  }));
  await coordinator.call(
    requests.OffsetCommit,
    { groupId, groupGenerationId, memberId, topics: [{ topic, partitions }] },
    REQUEST_TIMEOUT_MS,
  );
}

export async function heartbeat(
  coordinator: BrokerConnection,
  { groupId, memberId, generationId: groupGenerationId }: MemberOfGeneration,
): Promise<void> {
  await coordinator.call(requests.Heartbeat, { groupId, groupGenerationId, memberId }, HEARTBEAT_TIMEOUT_MS);
}

export async function leave(coordinator: BrokerConnection, { groupId, memberId }: Member): Promise<void> {
  await coordinator.call(requests.LeaveGroup, { groupId, memberId }, HEARTBEAT_TIMEOUT_MS);
}
