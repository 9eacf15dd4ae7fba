import type { EventRecord } from '@connector/contracts';
import { partitionOf } from '../produce/partitioner.ts';
import { ByteWriter, writeRecordBatch } from '../produce/record-batch.ts';
import type { Answer, ScriptedBrokers } from './scripted-answer.ts';
import { append } from './scripted-topics.ts';

interface Member {
  readonly id: string;
  metadata: Buffer;
  readonly sessionTimeoutMs: number;
  /** Time of its last request, from `performance.now()`. */
  seenAt: number;
  /** Resolves its open join with an error code; absent when it has not joined the generation that is being formed. */
  joined: PromiseWithResolvers<number> | undefined;
}

/** A consumer group's state at its coordinator. */
export interface ScriptedGroup {
  coordinator: number;
  /** Whether its state is being loaded: the coordinator cannot answer yet. */
  isLoading: boolean;
  generation: number;
  leader: string;
  readonly members: Map<string, Member>;
  assignments: Map<string, Buffer>;
  synced: PromiseWithResolvers<void>;
  isRebalancing: boolean;
  readonly committed: Map<number, { readonly offset: bigint; readonly metadata: string | null }>;
}

const groups = new WeakMap<ScriptedBrokers, Map<string, ScriptedGroup>>();
const NOT_COORDINATOR = 16;
const LOADING = 14;
const ILLEGAL_GENERATION = 22;
const UNKNOWN_MEMBER = 25;
const REBALANCING = 27;
/** How long a member waits for the leader's assignment, in ms. */
const SYNC_WITHIN_MS = 2_000;

/** The group, which the first request for it creates; broker 0 is its first coordinator. */
export function groupOf(cluster: ScriptedBrokers, id: string): ScriptedGroup {
  const all = groups.get(cluster) ?? new Map<string, ScriptedGroup>();
  groups.set(cluster, all);
  const group = all.get(id) ?? {
    coordinator: 0,
    isLoading: false,
    generation: 0,
    leader: '',
    members: new Map(),
    assignments: new Map(),
    synced: Promise.withResolvers<void>(),
    isRebalancing: false,
    committed: new Map(),
  };
  all.set(id, group);
  return group;
}

const problemOf = (group: ScriptedGroup, nodeId: number, error: number): number =>
  error || (group.coordinator !== nodeId ? NOT_COORDINATOR : group.isLoading ? LOADING : 0);

function problemOfMember(group: ScriptedGroup, id: string, generation: number): number {
  const member = group.members.get(id);
  if (!member) return UNKNOWN_MEMBER;
  member.seenAt = performance.now();
  expire(group);
  return generation === group.generation ? 0 : ILLEGAL_GENERATION;
}

/** Removes members without a request for a session timeout; their partitions go to the others. */
function expire(group: ScriptedGroup): void {
  const now = performance.now();
  for (const { id, joined, seenAt, sessionTimeoutMs } of [...group.members.values()]) {
    if (joined || now - seenAt < sessionTimeoutMs) continue;
    group.members.delete(id);
    group.isRebalancing = true;
  }
}

const findCoordinator: Answer = ({ cluster, version, body, to, error }) => {
  const { coordinator } = groupOf(cluster, body.readString() ?? '');
  if (version >= 1) to.int32(0);
  to.int16(error);
  if (version >= 1) to.string(null);
  to.int32(coordinator);
  to.string('127.0.0.1');
  to.int32(cluster.ports[coordinator] as number);
};

let members = 0;

const joinGroup: Answer = async ({ cluster, nodeId, version, body, to, error }) => {
  const group = groupOf(cluster, body.readString() ?? '');
  const sessionTimeout = body.readInt32();
  const joinWithinMs = version >= 1 ? body.readInt32() : sessionTimeout;
  const given = body.readString() ?? '';
  body.readString(); // protocol type
  const [protocol] = body.readArray((of) => ({
    name: of.readString() ?? '',
    metadata: of.readBytes() ?? Buffer.alloc(0),
  }));
  const id = given || `member-${++members}`;
  let problem = problemOf(group, nodeId, error);
  if (problem === 0 && given && !group.members.has(given)) problem = UNKNOWN_MEMBER;
  if (problem === 0)
    problem = await joins(group, { id, metadata: protocol?.metadata ?? Buffer.alloc(0), joinWithinMs, sessionTimeout });
  if (version >= 2) to.int32(0);
  to.int16(problem);
  to.int32(group.generation);
  to.string(protocol?.name ?? '');
  to.string(group.leader);
  to.string(id);
  const told = id === group.leader ? [...group.members.values()] : [];
  to.int32(told.length);
  for (const member of told) {
    to.string(member.id);
    bytes(to, member.metadata);
  }
};

/** Resolves when every member of the new generation has joined. */
function joins(
  group: ScriptedGroup,
  of: { id: string; metadata: Buffer; joinWithinMs: number; sessionTimeout: number },
): Promise<number> {
  const { id, metadata, joinWithinMs, sessionTimeout: sessionTimeoutMs } = of;
  expire(group);
  const joined = Promise.withResolvers<number>();
  const member = group.members.get(id) ?? { id, metadata, sessionTimeoutMs, seenAt: 0, joined: undefined };
  member.metadata = metadata;
  member.joined?.resolve(UNKNOWN_MEMBER);
  member.joined = joined;
  group.members.set(id, member);
  group.isRebalancing = true;
  const { generation } = group;
  setTimeout(() => group.isRebalancing && group.generation === generation && complete(group), joinWithinMs).unref();
  if ([...group.members.values()].every((each) => each.joined)) complete(group);
  return joined.promise;
}

function complete(group: ScriptedGroup): void {
  for (const [id, member] of group.members) if (!member.joined) group.members.delete(id);
  group.isRebalancing = false;
  group.generation += 1;
  group.assignments = new Map();
  group.synced = Promise.withResolvers<void>();
  if (!group.members.has(group.leader)) group.leader = [...group.members.keys()][0] ?? '';
  for (const member of group.members.values()) {
    member.joined?.resolve(0);
    member.joined = undefined;
    member.seenAt = performance.now();
  }
}

const syncGroup: Answer = async ({ cluster, nodeId, version, body, to, error }) => {
  const group = groupOf(cluster, body.readString() ?? '');
  const [generation, member] = [body.readInt32(), body.readString() ?? ''];
  const given = body.readArray((of) => [of.readString() ?? '', of.readBytes() ?? Buffer.alloc(0)] as const);
  let problem = problemOf(group, nodeId, error) || problemOfMember(group, member, generation);
  if (problem === 0 && member === group.leader) {
    group.assignments = new Map(given);
    group.synced.resolve();
  }
  if (problem === 0) {
    await Promise.race([group.synced.promise, new Promise((resolve) => setTimeout(resolve, SYNC_WITHIN_MS).unref())]);
    problem = problemOfMember(group, member, generation) || (group.isRebalancing ? REBALANCING : 0);
  }
  if (version >= 1) to.int32(0);
  to.int16(problem);
  bytes(to, group.assignments.get(member) ?? Buffer.alloc(0));
};

const heartbeat: Answer = ({ cluster, nodeId, version, body, to, error }) => {
  const group = groupOf(cluster, body.readString() ?? '');
  const [generation, member] = [body.readInt32(), body.readString() ?? ''];
  if (version >= 1) to.int32(0);
  const problem = problemOf(group, nodeId, error) || problemOfMember(group, member, generation);
  to.int16(problem || (group.isRebalancing ? REBALANCING : 0));
};

const leaveGroup: Answer = ({ cluster, nodeId, version, body, to, error }) => {
  const group = groupOf(cluster, body.readString() ?? '');
  const member = body.readString() ?? '';
  const problem = problemOf(group, nodeId, error);
  if (problem === 0) {
    group.members.delete(member);
    if (group.members.size > 0) group.isRebalancing = true;
  }
  if (version >= 1) to.int32(0);
  to.int16(problem);
};

const offsetFetch: Answer = ({ cluster, nodeId, version, body, to, error }) => {
  const group = groupOf(cluster, body.readString() ?? '');
  const topics = body.readArray((of) => ({
    topic: of.readString(),
    partitions: of.readArray((one) => one.readInt32()),
  }));
  const problem = problemOf(group, nodeId, error);
  if (version >= 3) to.int32(0);
  to.int32(topics.length);
  for (const { topic, partitions } of topics) {
    to.string(topic);
    to.int32(partitions.length);
    for (const partition of partitions) {
      const committed = group.committed.get(partition);
      to.int32(partition);
      to.int64(Number(committed?.offset ?? -1n));
      to.string(committed?.metadata ?? null);
      to.int16(problem);
    }
  }
  if (version >= 2) to.int16(problem);
};

const offsetCommit: Answer = ({ cluster, nodeId, version, body, to, error }) => {
  const group = groupOf(cluster, body.readString() ?? '');
  const [generation, member] = [body.readInt32(), body.readString() ?? ''];
  body.readInt64(); // retention
  const topics = body.readArray((of) => ({
    topic: of.readString(),
    partitions: of.readArray((one) => ({
      partition: one.readInt32(),
      offset: BigInt(one.readInt64().toString()),
      metadata: one.readString(),
    })),
  }));
  const problem = problemOf(group, nodeId, error) || problemOfMember(group, member, generation);
  if (version >= 3) to.int32(0);
  to.int32(topics.length);
  for (const { topic, partitions } of topics) {
    to.string(topic);
    to.int32(partitions.length);
    for (const { partition, offset, metadata } of partitions) {
      if (problem === 0) group.committed.set(partition, { offset, metadata });
      to.int32(partition);
      to.int16(problem);
    }
  }
};

const EARLIEST = '-2';
const UNKNOWN_PARTITION = 3;
const NOT_LEADER = 6;

const listOffsets: Answer = ({ cluster, nodeId, body, to, error }) => {
  body.readInt32();
  const topics = body.readArray((of) => ({
    topic: of.readString() ?? '',
    partitions: of.readArray((one) => ({ partition: one.readInt32(), timestamp: one.readInt64().toString() })),
  }));
  to.int32(topics.length);
  for (const { topic, partitions } of topics) {
    to.string(topic);
    to.int32(partitions.length);
    for (const { partition, timestamp } of partitions) {
      const state = cluster.partitions.get(topic)?.[partition];
      const problem = !state ? UNKNOWN_PARTITION : state.leader === nodeId ? 0 : NOT_LEADER;
      to.int32(partition);
      to.int16(error || problem);
      to.int64(-1);
      to.int64((timestamp === EARLIEST ? state?.start : state?.next) ?? -1);
    }
  }
};

const fetch: Answer = async ({ cluster, nodeId, body, to, error }) => {
  body.readInt32(); // replica
  const maxWaitMs = body.readInt32();
  body.readInt32();
  body.readInt32();
  body.readInt8();
  const topics = body.readArray((of) => ({
    topic: of.readString() ?? '',
    partitions: of.readArray((one) => {
      const [partition, offset] = [one.readInt32(), Number(one.readInt64().toString())];
      one.readInt32();
      return { partition, offset };
    }),
  }));
  const problemOf = (topic: string, partition: number, offset: number) => {
    const state = cluster.partitions.get(topic)?.[partition];
    if (error || !state) return error || UNKNOWN_PARTITION;
    const { leader, start, next } = state;
    return leader === nodeId ? (offset < start || offset > next ? 1 : 0) : NOT_LEADER;
  };
  const hasSomething = () =>
    topics.some(({ topic, partitions }) =>
      partitions.some((one) => {
        const next = cluster.partitions.get(topic)?.[one.partition]?.next ?? 0;
        return problemOf(topic, one.partition, one.offset) !== 0 || next > one.offset;
      }),
    );
  const until = performance.now() + maxWaitMs;
  while (!hasSomething() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  to.int32(0);
  to.int32(topics.length);
  for (const { topic, partitions } of topics) {
    to.string(topic);
    to.int32(partitions.length);
    for (const { partition, offset } of partitions) {
      const { batches = [], next = -1 } = cluster.partitions.get(topic)?.[partition] ?? {};
      const wrong = problemOf(topic, partition, offset);
      const found = wrong === 0 ? batches.filter(({ base, records }) => base + records > offset).slice(0, 20) : [];
      to.int32(partition);
      to.int16(wrong);
      to.int64(next);
      to.int64(next);
      to.int32(0);
      bytes(to, Buffer.concat(found.map((batch) => batch.bytes)));
    }
  }
};

function bytes(to: ByteWriter, value: Buffer): void {
  to.int32(value.length);
  to.reserve(value.length);
  to.length += value.copy(to.memory, to.length);
}

/** The brokers' answers to consumers. */
export const CONSUMER_ANSWERS = [
  [1, { versions: [4, 4], answer: fetch }],
  [2, { versions: [1, 1], answer: listOffsets }],
  [8, { versions: [2, 3], answer: offsetCommit }],
  [9, { versions: [1, 3], answer: offsetFetch }],
  [10, { versions: [0, 1], answer: findCoordinator }],
  [11, { versions: [0, 2], answer: joinGroup }],
  [12, { versions: [0, 1], answer: heartbeat }],
  [13, { versions: [0, 1], answer: leaveGroup }],
  [14, { versions: [0, 1], answer: syncGroup }],
] as const;

/** Appends a record to the topic, like a producer. */
export function put(cluster: ScriptedBrokers, topic: string, record: EventRecord): void {
  const partitions = cluster.partitions.get(topic)?.length ?? 1;
  const to = new ByteWriter(512);
  writeRecordBatch(to, [{ ...record, headers: { ...record.headers } }], Date.now());
  append(cluster.partition(topic, partitionOf(record.key, partitions)), to.memory.subarray(0, to.length));
}
