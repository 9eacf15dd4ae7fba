import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PAYMENT_EVENTS } from '@connector/contracts';
import type { Kafka } from '@connector/kafka';
import {
  type ClusterNode,
  coordinatorOf,
  moveLeaders,
  type PartitionState,
  partitionsOf,
  type RunningCluster,
} from '@connector/sandbox';

/** The faults of a cluster of brokers, with their descriptions. */
export const CLUSTER_FAULTS = {
  'plain-kill': 'a broker that is neither controller nor coordinator killed with SIGKILL and started again',
  'plain-freeze': 'a broker that is neither controller nor coordinator is frozen',
  'leader-kill': 'the broker that leads most partitions killed with SIGKILL and started again',
  'leader-freeze': 'the broker that leads most partitions is frozen',
  'coordinator-kill': "the coordinator of the ledger's group killed with SIGKILL and started again",
  'coordinator-freeze': "the coordinator of the ledger's group is frozen",
  'controller-kill': 'the controller killed with SIGKILL and started again',
  'controller-freeze': 'the controller is frozen',
  'rolling-restart': 'every broker stopped in order and started again, one after the other, then leaders as preferred',
  'leader-moved': 'the leader of one partition moved to another broker',
  'leaders-one-by-one': 'the leader of every partition moved, one after the other',
  'leaders-at-once': 'the leaders of all partitions moved at once',
  'coordinator-moved': "the coordinator of the ledger's group moved to another broker",
  'two-down': 'two of three brokers killed with SIGKILL and started again',
  'partitions-added': 'the topic of events gets three more partitions',
  'broker-slow': 'the network to one broker takes 300 ms in each direction',
  'broker-disk-full': "the disk of one broker's log is full, then emptied and the broker started again",
  'broker-cut': 'the network between one broker and the services is cut, both sides stay up',
  'offsets-deleted': 'the ledger stopped, its group deleted with all committed offsets, the ledger started',
} as const;
export type ClusterFaultName = keyof typeof CLUSTER_FAULTS;
export const ALL_CLUSTER_FAULTS = Object.keys(CLUSTER_FAULTS) as ClusterFaultName[];

const SLOW_MS = 300;
const MORE_PARTITIONS = 3;
/** A broker without disk space stops by itself within this time, in ms. */
const DISK_FULL_MS = 15_000;
/** A broker that was away has caught up within this time, in ms. */
const IN_SYNC_WITHIN_MS = 120_000;

/** Longer than the session timeout of a killed member, in ms. */
const GROUP_EMPTY_WITHIN_MS = 60_000;

type Admin = ReturnType<Kafka['client']['admin']>;
/** Stops every process of the ledger, runs the work, and starts as many again. */
export type WhileLedgersAreStopped = (work: () => Promise<void>) => Promise<void>;
type Role = 'plain' | 'leader' | 'coordinator' | 'controller';

/**
 * Injects faults into a cluster, and resolves when the cluster is whole again: every broker up, every replica in sync.
 */
export class ClusterFaults {
  readonly #cluster: RunningCluster;
  readonly #kafka: Kafka;
  readonly #group: string;
  readonly #events: string;
  readonly #whileLedgersAreStopped: WhileLedgersAreStopped;
  readonly #onBroken: (fault: ClusterFaultName, brokers: readonly number[]) => void;

  #moved = 0;

  /** `onBroken` gets the brokers that a fault hits, at that moment. */
  constructor(
    cluster: RunningCluster,
    kafka: Kafka,
    whileLedgersAreStopped: WhileLedgersAreStopped,
    onBroken: (fault: ClusterFaultName, brokers: readonly number[]) => void = () => {},
  ) {
    this.#cluster = cluster;
    this.#kafka = kafka;
    this.#group = kafka.prefixed('ledger');
    this.#events = kafka.prefixed(PAYMENT_EVENTS);
    this.#whileLedgersAreStopped = whileLedgersAreStopped;
    this.#onBroken = onBroken;
  }

  /** `downMs` is the duration of faults that have one. Throws Error when the cluster is not whole again in time. */
  async inject(fault: ClusterFaultName, downMs: number): Promise<void> {
    switch (fault) {
      case 'plain-kill':
      case 'leader-kill':
      case 'coordinator-kill':
      case 'controller-kill':
        return this.#kill(fault, [await this.#broker(fault.replace('-kill', '') as Role)], downMs);
      case 'plain-freeze':
      case 'leader-freeze':
      case 'coordinator-freeze':
      case 'controller-freeze':
        return this.#freeze(fault, await this.#broker(fault.replace('-freeze', '') as Role), downMs);
      case 'two-down':
        return this.#kill(fault, this.#cluster.nodes.slice(0, 2), downMs);
      case 'rolling-restart':
        return this.#restartAll();
      case 'leader-moved':
        return this.#moveLeader();
      case 'leaders-one-by-one':
        return this.#moveAll(fault, (moves) => moves.map((move) => [move]));
      case 'leaders-at-once':
        return this.#moveAll(fault, (moves) => [moves]);
      case 'coordinator-moved':
        return this.#moveCoordinator();
      case 'partitions-added':
        return this.#addPartitions();
      case 'broker-slow':
        return this.#slow(await this.#broker('leader'), downMs);
      case 'broker-disk-full':
        return this.#fillDisk(await this.#broker('leader'), downMs);
      case 'broker-cut':
        return this.#cut(await this.#broker('leader'), downMs);
      case 'offsets-deleted':
        return this.#deleteOffsets();
    }
  }

  async #moveCoordinator(): Promise<void> {
    const coordinator = await this.#ask((admin) => coordinatorOf(admin, this.#group));
    this.#onBroken('coordinator-moved', [coordinator.leader]);
    await this.#move([{ ...coordinator, to: next(coordinator) }]);
  }

  /** Another partition each time. */
  async #moveLeader(): Promise<void> {
    const partitions = await this.#partitions();
    const state = partitions.find(({ partition }) => partition === this.#moved % partitions.length) as PartitionState;
    this.#moved += 1;
    this.#onBroken('leader-moved', [state.leader]);
    await this.#move([{ ...state, to: next(state) }]);
  }

  async #kill(fault: ClusterFaultName, nodes: readonly ClusterNode[], downMs: number): Promise<void> {
    this.#onBroken(fault, idsOf(nodes));
    await Promise.all(nodes.map((node) => node.process.kill()));
    await sleep(downMs);
    await Promise.all(nodes.map((node) => this.#start(node)));
    await this.#whole();
  }

  async #freeze(fault: ClusterFaultName, node: ClusterNode, downMs: number): Promise<void> {
    this.#onBroken(fault, [node.id]);
    node.process.freeze();
    await sleep(downMs);
    node.process.thaw();
    await this.#whole();
  }

  async #restartAll(): Promise<void> {
    for (const node of this.#cluster.nodes) {
      this.#onBroken('rolling-restart', [node.id]);
      await node.process.stop();
      await this.#start(node);
      await this.#whole();
    }
    const partitions = await this.#partitions();
    await this.#move(partitions.map((each) => ({ ...each, to: each.replicas[0] as number })));
  }

  async #moveAll(
    fault: ClusterFaultName,
    inSteps: (moves: (PartitionState & { to: number })[]) => (PartitionState & { to: number })[][],
  ): Promise<void> {
    const moves = (await this.#partitions()).map((each) => ({ ...each, to: next(each) }));
    this.#onBroken(fault, []);
    for (const step of inSteps(moves)) await this.#move(step);
  }

  async #addPartitions(): Promise<void> {
    const count = (await this.#partitions()).length + MORE_PARTITIONS;
    this.#onBroken('partitions-added', []);
    await this.#ask((admin) => admin.createPartitions({ topicPartitions: [{ topic: this.#events, count }] }));
    await this.#whole();
  }

  async #slow(node: ClusterNode, downMs: number): Promise<void> {
    this.#onBroken('broker-slow', [node.id]);
    node.link.slow(SLOW_MS);
    await sleep(downMs);
    node.link.slow(0);
  }

  async #cut(node: ClusterNode, downMs: number): Promise<void> {
    this.#onBroken('broker-cut', [node.id]);
    node.link.cut();
    await sleep(downMs);
    node.link.heal();
  }

  /** A broker deletes a group only when it has no members, and killed members stay until their session timeout. */
  async #deleteOffsets(): Promise<void> {
    await this.#whileLedgersAreStopped(async () => {
      this.#onBroken('offsets-deleted', []);
      const deadline = Date.now() + GROUP_EMPTY_WITHIN_MS;
      for (;;) {
        try {
          await this.#ask((admin) => admin.deleteGroups([this.#group]));
          return;
        } catch (error) {
          if (Date.now() > deadline) throw error;
          await sleep(500);
        }
      }
    });
  }

  /**
   * Stops the broker from writing further bytes into any file, like a full disk, and continues when it has stopped. A
   * real full disk would need root.
   */
  async #fillDisk(node: ClusterNode, downMs: number): Promise<void> {
    this.#onBroken('broker-disk-full', [node.id]);
    await promisify(execFile)('prlimit', ['--pid', String(node.process.pid), '--fsize=0:']);
    await Promise.race([node.process.ended(), sleep(DISK_FULL_MS)]);
    await this.#kill('broker-disk-full', [node], downMs);
  }

  /** Like Kubernetes: a failed start is followed by another. */
  async #start(node: ClusterNode, attemptsLeft = 5): Promise<void> {
    try {
      await node.process.start();
    } catch (error) {
      if (attemptsLeft <= 1) throw error;
      await sleep(1_000);
      await this.#start(node, attemptsLeft - 1);
    }
  }

  async #broker(role: Role): Promise<ClusterNode> {
    const partitions = await this.#partitions();
    const leads = (id: number) => partitions.filter(({ leader }) => leader === id).length;
    const byLeading = this.#cluster.nodes.toSorted((a, b) => leads(b.id) - leads(a.id));
    if (role === 'leader') return byLeading[0] as ClusterNode;
    const controller = await this.#cluster.controller();
    if (role === 'controller') return this.#cluster.node(controller);
    const coordinator = (await this.#ask((admin) => coordinatorOf(admin, this.#group))).leader;
    if (role === 'coordinator') return this.#cluster.node(coordinator);
    return byLeading.findLast(({ id }) => id !== controller && id !== coordinator) as ClusterNode;
  }

  #partitions(): Promise<PartitionState[]> {
    return this.#ask((admin) => partitionsOf(admin, [this.#events]));
  }

  #move(moves: readonly (PartitionState & { readonly to: number })[]): Promise<void> {
    const via = this.#cluster.nodes.find((node) => node.process.ready) as ClusterNode;
    return this.#ask((admin) => moveLeaders(admin, via.address, moves));
  }

  /** Resolves when every partition has all its replicas. */
  async #whole(): Promise<void> {
    const deadline = Date.now() + IN_SYNC_WITHIN_MS;
    const isWhole = async () => {
      const partitions = await this.#ask(async (admin) => partitionsOf(admin, await admin.listTopics()));
      return partitions.every(({ leader, replicas, inSync }) => leader > 0 && inSync.length === replicas.length);
    };
    // A starting cluster refuses to answer for a while.
    while (!(await isWhole().catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`replicas are not in sync after ${IN_SYNC_WITHIN_MS / 1000} s`);
      await sleep(250);
    }
  }

  /** A new client each time: a client that has met a broker in trouble would continue with old knowledge. */
  async #ask<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.client.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

const idsOf = (nodes: readonly ClusterNode[]) => nodes.map(({ id }) => id);

/** The replica after the leader. */
const next = ({ leader, replicas }: PartitionState): number => {
  const sorted = replicas.toSorted();
  return sorted[(sorted.indexOf(leader) + 1) % sorted.length] as number;
};
