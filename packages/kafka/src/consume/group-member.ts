import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from '@connector/errors';
import type { Kafka } from '../client.ts';
import type { ClusterView } from '../cluster/cluster-view.ts';
import type { BrokerConnection } from '../kafkajs-internals/connection.ts';
import { createErrorFromCode, ERROR } from '../kafkajs-internals/protocol.ts';
import { assign } from './assignment.ts';
import { GroupGeneration } from './group-generation.ts';
import { commitOffsets, committedOffsets, findCoordinator, heartbeat, join, leave, sync } from './group-requests.ts';
import type { Committable } from './offset-tracker.ts';

export interface GroupMemberOptions {
  readonly kafka: Kafka;
  readonly cluster: ClusterView;
  /** Group and topic by their names in the cluster. */
  readonly groupId: string;
  readonly topic: string;
  /** After this time without a heartbeat the group reassigns the partitions, in ms. */
  readonly sessionTimeoutMs: number;
  /** Called with each new generation and its committed offsets; undefined for a partition without one. */
  onJoined(generation: GroupGeneration, committed: ReadonlyMap<number, bigint | undefined>): void;
  /** A rebalance begins: finished messages can be committed under this generation for the last time. */
  beforeRebalance(generation: GroupGeneration): Promise<void>;
  /** The generation has ended. */
  onEnded(): void;
}

const PAUSE = { baseMs: 50, capMs: 1_000 };

/**
 * A member of a consumer group. It stays the same member of the same generation while its coordinator moves, is killed
 * or is frozen, because the next coordinator knows it. A generation ends when the coordinator says so, or when no
 * heartbeat was answered for a session timeout.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #stopping = new AbortController();
  #memberId = '';
  #generation: GroupGeneration | undefined;
  #coordinator: BrokerConnection | undefined;
  #expiry: NodeJS.Timeout | undefined;
  /** How many partitions were assigned when this member, as leader, made the assignment. */
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

  /** Leaves the group, so that its partitions need not wait for the session timeout. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const coordinator = this.#coordinator;
    const { groupId } = this.#options;
    this.#end();
    if (this.#memberId && coordinator?.isOpen) {
      // The membership will time out.
      await leave(coordinator, { groupId, memberId: this.#memberId }).catch(() => {});
    }
    coordinator?.close('stopped');
    await this.#running;
    // The coordinator may have been found meanwhile.
    this.#coordinator?.close('stopped');
  }

  /** Commits under `generation`. Throws kafkajs's errors, and Error when the group is in a later generation. */
  async commit(generation: GroupGeneration, offsets: ReadonlyMap<number, Committable>): Promise<void> {
    const coordinator = this.#coordinator;
    if (generation !== this.#generation || !coordinator) throw new Error('not in the group');
    const { groupId, topic } = this.#options;
    const member = { groupId, memberId: this.#memberId, generationId: generation.id };
    await commitOffsets(coordinator, member, topic, offsets);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        const coordinator = await this.#findCoordinator();
        // A member that joins now would never leave, and its partitions would wait for the session timeout.
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

  /** Handles an error; true when the member can continue at once. */
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
        // Another broker may be the coordinator now. It knows this member and its generation.
        kafka.log.warn({ error, group: groupId }, 'the coordinator of the consumer group does not answer');
        this.#coordinator?.destroy('it does not answer for the group');
        this.#coordinator = undefined;
        return false;
    }
  }

  async #findCoordinator(): Promise<BrokerConnection> {
    if (this.#coordinator?.isOpen) return this.#coordinator;
    const { cluster, groupId, kafka } = this.#options;
    this.#coordinator = await kafka.open(await cluster.askAny((connection) => findCoordinator(connection, groupId)));
    return this.#coordinator;
  }

  async #join(coordinator: BrokerConnection): Promise<void> {
    const { cluster, groupId, topic, sessionTimeoutMs } = this.#options;
    const partitions = cluster.partitionsOf(topic)?.size;
    if (!partitions) return this.#pause(PAUSE.baseMs);
    const before = { groupId, memberId: this.#memberId };
    const { generationId, memberId, leaderId, members } = await join(coordinator, before, topic, sessionTimeoutMs);
    this.#memberId = memberId;
    const isLeader = memberId === leaderId;
    this.#assignedPartitions = isLeader ? partitions : undefined;
    const ids = members.map((member) => member.memberId);
    const assignment = isLeader ? assign(ids, topic, partitions) : [];
    const member = { groupId, memberId, generationId };
    const mine = await sync(coordinator, member, topic, assignment, sessionTimeoutMs);
    const committed = await committedOffsets(coordinator, groupId, topic, mine);
    if (this.#stopping.signal.aborted) return;
    this.#generation = new GroupGeneration(generationId, mine);
    this.#alive();
    this.#options.onJoined(this.#generation, committed);
  }

  async #heartbeats(coordinator: BrokerConnection): Promise<void> {
    const { cluster, groupId, topic, sessionTimeoutMs } = this.#options;
    const intervalMs = Math.min(3_000, sessionTimeoutMs / 3);
    // The first heartbeat is sent at once: a new coordinator may not know this member.
    while (!this.#stopping.signal.aborted && this.#generation) {
      await heartbeat(coordinator, { groupId, memberId: this.#memberId, generationId: this.#generation.id });
      this.#alive();
      // A recreated topic is read from its beginning: positions in the deleted topic must not be kept.
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
        'no heartbeat was answered for a session timeout, another member may have the partitions now',
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
