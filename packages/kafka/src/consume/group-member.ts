import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from '@connector/errors';
import type { Kafka } from '../client.ts';
import type { ClusterView } from '../cluster/cluster-view.ts';
import type { BrokerAddress, BrokerConnection } from '../kafkajs-internals/connection.ts';
import { createErrorFromCode, ERROR, requests } from '../kafkajs-internals/protocol.ts';
import { assign, partitionsIn, subscriptionTo } from './assignment.ts';
import { GroupGeneration } from './group-generation.ts';
import type { Committable } from './offset-tracker.ts';

export interface GroupMemberOptions {
  readonly kafka: Kafka;
  readonly cluster: ClusterView;
  /** Group and topic by their names in the cluster. */
  readonly groupId: string;
  readonly topic: string;
  /** After this long without a heartbeat the group gives the partitions to others, in ms. */
  readonly sessionTimeoutMs: number;
  /** Called with each new generation, with the offsets that are committed; undefined where none is. */
  onJoined(generation: GroupGeneration, committed: ReadonlyMap<number, bigint | undefined>): void;
  /** A rebalance begins: what is done can be committed under this generation for the last time. */
  beforeRebalance(generation: GroupGeneration): Promise<void>;
  /** The generation has ended. */
  onEnded(): void;
}

const HEARTBEAT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 3_000;
const PAUSE = { baseMs: 50, capMs: 1_000 };
/** For a coordinator to answer a join after the last member came, in ms. */
const JOIN_SLACK_MS = 5_000;

/**
 * A member of a consumer group. It stays the same member, with the same generation, while its coordinator moves, is killed or frozen:
 * the next one knows it. A generation ends when the coordinator says so, or when no heartbeat was answered for a session's time.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #stopping = new AbortController();
  #memberId = '';
  #generation: GroupGeneration | undefined;
  #coordinator: BrokerConnection | undefined;
  #expiry: NodeJS.Timeout | undefined;
  /** How many partitions were assigned, when this member, as leader, assigned them. */
  #assignedPartitions: number | undefined;
  #running: Promise<void> | undefined;

  constructor(options: GroupMemberOptions) {
    this.#options = options;
  }

  get generation(): GroupGeneration | undefined {
    return this.#generation;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Leaves the group, so that its partitions need not wait for the session's end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const coordinator = this.#coordinator;
    const { groupId } = this.#options;
    this.#end();
    if (this.#memberId && coordinator?.isOpen) {
      await coordinator
        .call(requests.LeaveGroup, { groupId, memberId: this.#memberId }, HEARTBEAT_TIMEOUT_MS)
        // It expires by itself.
        .catch(() => {});
    }
    coordinator?.close('stopped');
    await this.#running;
    // It may have been found meanwhile.
    this.#coordinator?.close('stopped');
  }

  /** Commits under `generation`. Throws kafkajs's errors, and Error when the group has moved on. */
  async commit(generation: GroupGeneration, offsets: ReadonlyMap<number, Committable>): Promise<void> {
    const coordinator = this.#coordinator;
    if (generation !== this.#generation || !coordinator) throw new Error('not in the group');
    const { groupId, topic } = this.#options;
    const partitions = [...offsets].map(([partition, { next, timestamp }]) => ({
      partition,
      offset: String(next),
      metadata: timestamp,
    }));
    await coordinator.call(
      requests.OffsetCommit,
      { groupId, groupGenerationId: generation.id, memberId: this.#memberId, topics: [{ topic, partitions }] },
      REQUEST_TIMEOUT_MS,
    );
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        const coordinator = await this.#findCoordinator();
        // Nobody would leave again for whom joins now: its partitions would wait for the session's end.
        if (this.#stopping.signal.aborted) break;
        if (!this.#generation) await this.#join(coordinator);
        failures = 0;
        await this.#heartbeats(coordinator);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        failures = (await this.#recover(error as KafkaError)) ? 0 : failures + 1;
        if (failures > 0) await this.#pause(backOffMs(failures, PAUSE));
      }
    }
  }

  /** Does what an error asks for; true when it can go on at once. */
  async #recover(error: KafkaError): Promise<boolean> {
    const { groupId, kafka } = this.#options;
    switch (error.code) {
      case ERROR.rebalanceInProgress:
        if (this.#generation) await this.#options.beforeRebalance(this.#generation).catch(() => {});
        this.#end();
        return true;
      case ERROR.memberIdRequired:
        this.#memberId = error.memberId ?? '';
        return true;
      case ERROR.unknownMemberId:
      case ERROR.fencedInstanceId:
        this.#memberId = '';
        this.#end();
        return false;
      case ERROR.illegalGeneration:
        this.#end();
        return false;
      case ERROR.coordinatorLoading:
        return false;
      default:
        // Another broker may be the coordinator by now, and knows this member and its generation.
        kafka.log.warn({ error, group: groupId }, 'the coordinator of the consumer group does not answer');
        this.#coordinator?.destroy('it does not answer for the group');
        this.#coordinator = undefined;
        return false;
    }
  }

  async #findCoordinator(): Promise<BrokerConnection> {
    if (this.#coordinator?.isOpen) return this.#coordinator;
    const { cluster, groupId, kafka } = this.#options;
    const { coordinator } = await cluster.askAny((connection) =>
      connection.call<{ coordinator: BrokerAddress }>(requests.GroupCoordinator, { groupId }, REQUEST_TIMEOUT_MS),
    );
    const { host, port } = coordinator;
    this.#coordinator = await kafka.open({ host, port });
    return this.#coordinator;
  }

  async #join(coordinator: BrokerConnection): Promise<void> {
    const { cluster, groupId, topic, sessionTimeoutMs } = this.#options;
    const rebalanceTimeout = 2 * sessionTimeoutMs;
    const timeoutMs = rebalanceTimeout + JOIN_SLACK_MS;
    const partitions = cluster.partitionsOf(topic)?.size;
    if (!partitions) return this.#pause(PAUSE.baseMs);
    const joined = await coordinator.call<Joined>(
      requests.JoinGroup,
      {
        groupId,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout,
        memberId: this.#memberId,
        protocolType: 'consumer',
        groupProtocols: [subscriptionTo(topic)],
      },
      timeoutMs,
    );
    this.#memberId = joined.memberId;
    const isLeader = joined.memberId === joined.leaderId;
    this.#assignedPartitions = isLeader ? partitions : undefined;
    const of = { groupId, generationId: joined.generationId, memberId: joined.memberId };
    const members = joined.members.map(({ memberId }) => memberId);
    const groupAssignment = isLeader ? assign(members, topic, partitions) : [];
    const synced = await coordinator.call<Synced>(requests.SyncGroup, { ...of, groupAssignment }, timeoutMs);
    const mine = partitionsIn(synced.memberAssignment ?? Buffer.alloc(0), topic);
    const committed = await this.#committed(coordinator, mine);
    if (this.#stopping.signal.aborted) return;
    this.#generation = new GroupGeneration(joined.generationId, mine);
    this.#alive();
    this.#options.onJoined(this.#generation, committed);
  }

  async #committed(
    coordinator: BrokerConnection,
    partitions: readonly number[],
  ): Promise<Map<number, bigint | undefined>> {
    if (partitions.length === 0) return new Map();
    const { groupId, topic } = this.#options;
    const topics = [{ topic, partitions: partitions.map((partition) => ({ partition })) }];
    const { responses } = await coordinator.call<Fetched>(
      requests.OffsetFetch,
      { groupId, topics },
      REQUEST_TIMEOUT_MS,
    );
    return new Map(
      responses.flatMap((of) =>
        of.partitions.map(({ partition, offset }) => [partition, BigInt(offset) < 0n ? undefined : BigInt(offset)]),
      ),
    );
  }

  async #heartbeats(coordinator: BrokerConnection): Promise<void> {
    const { cluster, groupId, topic, sessionTimeoutMs } = this.#options;
    const intervalMs = Math.min(3_000, sessionTimeoutMs / 3);
    // First at once: a coordinator that was just found has to know this member.
    while (!this.#stopping.signal.aborted && this.#generation) {
      const { id } = this.#generation;
      await coordinator.call(
        requests.Heartbeat,
        { groupId, groupGenerationId: id, memberId: this.#memberId },
        HEARTBEAT_TIMEOUT_MS,
      );
      this.#alive();
      // What comes back under the topic's name begins at its start: no position in what is gone may be taken along.
      if (cluster.problemOf(topic)) return this.#end();
      if (this.#assignedPartitions !== undefined && (cluster.partitionsOf(topic)?.size ?? 0) > this.#assignedPartitions)
        throw createErrorFromCode(ERROR.rebalanceInProgress);
      await this.#pause(intervalMs);
    }
  }

  #alive(): void {
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => {
      const { groupId, kafka } = this.#options;
      kafka.log.warn(
        { group: groupId },
        'no heartbeat was answered for a whole session, the partitions may be with others',
      );
      this.#end();
    }, this.#options.sessionTimeoutMs);
  }

  #end(): void {
    clearTimeout(this.#expiry);
    const ended = this.#generation;
    this.#generation = undefined;
    ended?.end();
    if (ended) this.#options.onEnded();
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}

interface KafkaError extends Error {
  readonly code?: number;
  readonly memberId?: string;
}

interface Joined {
  readonly generationId: number;
  readonly memberId: string;
  readonly leaderId: string;
  readonly members: readonly { readonly memberId: string }[];
}

interface Synced {
  readonly memberAssignment: Buffer | null;
}

interface Fetched {
  readonly responses: readonly { readonly partitions: readonly { partition: number; offset: string }[] }[];
}
