import type { Component } from '@connector/lifecycle';
import { metrics } from '@connector/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsumerOptions } from './consume/consumer-options.ts';
import { createConsumer } from './consumer.ts';
import { partitionOf } from './produce/partitioner.ts';
import type { Producer } from './producer.ts';
import { eventOf, kafkaOf } from './testing/environment.ts';
import { ScriptedCluster } from './testing/scripted-cluster.ts';
import { CONSUMER_ANSWERS, groupOf, put } from './testing/scripted-groups.ts';

const TOPIC = 't';
const PARTITIONS = 4;
const HEARTBEAT = 12;
const FETCH = 1;
const FIND_COORDINATOR = 10;
const NO_COORDINATOR = 15;
const JOIN = 11;
const METADATA = 3;
/** Short, in ms, so that heartbeats and expiry come soon: a heartbeat every 300 ms. */
const SESSION_MS = 900;
const PATIENTLY = { timeout: 40_000, interval: 20 };

let cluster: ScriptedCluster;
let running: Component[] = [];
beforeEach(async () => {
  cluster = await ScriptedCluster.start({ brokers: 3, topics: { [TOPIC]: PARTITIONS } }, CONSUMER_ANSWERS);
});
afterEach(async () => {
  vi.restoreAllMocks();
  cluster.script = () => undefined;
  cluster.frozen.clear();
  for (const part of running.splice(0)) await part.stop?.();
  await cluster.stop();
});

function consumerOf(handled: string[], options: Partial<ConsumerOptions> = {}) {
  const consumer = createConsumer(kafkaOf(cluster.bootstrap), {
    groupId: 'g',
    topic: TOPIC,
    deadLetterTopic: 'dlq',
    producer: {} as Producer,
    sessionTimeoutMs: SESSION_MS,
    handle: async ({ value }) => {
      handled.push(value.toString());
      return [];
    },
    ...options,
  });
  running.push(consumer);
  return consumer;
}
async function startConsumer(handled: string[], options: Partial<ConsumerOptions> = {}) {
  const consumer = consumerOf(handled, options);
  await consumer.start?.();
  await vi.waitFor(() => expect(consumer.joined).toBe(true), PATIENTLY);
  return consumer;
}
let sent = 0;
/** Writes messages of several keys, and returns their values. */
function putSome(count = 8): string[] {
  const values = Array.from({ length: count }, (_, at) => ({ key: `k${at}`, n: sent++ }));
  for (const { key, n } of values) put(cluster, TOPIC, eventOf(key, n));
  return values.map(({ key, n }) => `${key} ${n}`);
}
const requested = (apiKey: number) => cluster.requests.filter((request) => request.apiKey === apiKey).length;
const timesRecreated = async () => {
  const { values } = await metrics.consumerCrashes.get();
  return values.find(({ labels }) => labels.group === 'g' && labels.restart === 'true')?.value ?? 0;
};
const committed = () =>
  [...groupOf(cluster, 'g').committed.values()].reduce((sum, { offset }) => sum + Number(offset), 0);
const expectHandled = (handled: string[], values: string[]) =>
  vi.waitFor(() => expect(values.filter((value) => !handled.includes(value))).toEqual([]), PATIENTLY);

describe('a consumer whose coordinator moves', () => {
  it('continues in its generation, also while the new coordinator loads the group', async () => {
    const handled: string[] = [];
    // During loading no heartbeat is answered. On a busy machine two heartbeats may take longer than the session
    // timeout of the other tests.
    const consumer = await startConsumer(handled, { sessionTimeoutMs: 4_500 });
    const group = groupOf(cluster, 'g');
    const { generation } = group;
    for (let round = 1; round <= 3; round += 1) {
      group.isLoading = true;
      group.coordinator = round % 3;
      const before = requested(HEARTBEAT);
      await expectHandled(handled, putSome());
      await vi.waitFor(() => expect(requested(HEARTBEAT)).toBeGreaterThan(before + 1), PATIENTLY);
      group.isLoading = false;
      await expectHandled(handled, putSome());
    }
    expect(consumer.joined).toBe(true);
    expect(group.generation).toBe(generation);
    await vi.waitFor(() => expect(committed()).toBe(handled.length), PATIENTLY);
  });

  it('handles messages again in a new generation, when it was told of a rebalance and the next coordinator loads', async () => {
    const handled: string[] = [];
    await startConsumer(handled);
    const group = groupOf(cluster, 'g');
    group.isRebalancing = true;
    await vi.waitFor(() => expect(requested(JOIN)).toBeGreaterThan(1), PATIENTLY);
    group.isLoading = true;
    group.coordinator = 1;
    const values = putSome();
    const [fetched, asked] = [requested(FETCH), requested(JOIN)];
    await vi.waitFor(() => expect(requested(JOIN)).toBeGreaterThan(asked + 2), PATIENTLY);
    // No message is fetched only to be discarded.
    expect(requested(FETCH) - fetched).toBeLessThan(20);
    group.isLoading = false;
    await expectHandled(handled, values);
  });

  it.each([
    ['killed', () => cluster.kill(0)],
    ['frozen', async () => void cluster.frozen.add(0)],
  ])(
    'is the same member after the coordinator was %s',
    async (_how, away) => {
      const handled: string[] = [];
      await startConsumer(handled, { sessionTimeoutMs: 6_000 });
      const group = groupOf(cluster, 'g');
      const [member] = group.members.keys();
      await away();
      for (let at = 0; at < PARTITIONS; at += 1)
        if (cluster.partition(TOPIC, at).leader === 0) cluster.moveLeader(TOPIC, at, 1);
      group.coordinator = 2;
      const values = putSome();
      await expectHandled(handled, values);
      await vi.waitFor(() => expect(committed()).toBe(values.length), PATIENTLY);
      expect([...group.members.keys()]).toEqual([member]);
      expect(group.generation).toBe(1);
    },
    30_000,
  );

  it('ends its generation when no heartbeat was answered for a session timeout, because another member may have the partitions', async () => {
    const handled: string[] = [];
    const consumer = await startConsumer(handled);
    cluster.script = ({ apiKey }) => (apiKey === HEARTBEAT ? 'silent' : undefined);
    await vi.waitFor(() => expect(consumer.joined).toBe(false), PATIENTLY);
    cluster.script = () => undefined;
    await vi.waitFor(() => expect(consumer.joined).toBe(true), PATIENTLY);
    await expectHandled(handled, putSome());
  });
});

describe('a consumer that does not join its group', () => {
  it.each([
    ['there is no coordinator', NO_COORDINATOR],
    ['the coordinator refuses it', 22],
  ])('is recreated, and fails liveness if that does not help although the brokers answer: %s', async (_why, error) => {
    const consumer = consumerOf([], { sessionTimeoutMs: 300 });
    cluster.script = ({ apiKey }) => (apiKey === JOIN ? error : undefined);
    await consumer.start?.();
    expect(consumer.dead?.()).toBeUndefined();
    await vi.waitFor(() => expect(consumer.dead?.()).toMatch(/not in its group/), PATIENTLY);
    expect(consumer.notReady?.()).toBe('not a member of its group');
    cluster.script = () => undefined;
    await vi.waitFor(() => expect(consumer.joined).toBe(true), PATIENTLY);
    expect(consumer.dead?.()).toBeUndefined();
  });

  it('does not join after it was stopped, even if it finds the coordinator only then', async () => {
    const consumer = consumerOf([]);
    let stopped: Promise<void> | undefined;
    cluster.script = ({ apiKey }) => {
      if (apiKey === FIND_COORDINATOR && requested(JOIN) > 0) stopped ??= consumer.stop?.();
      return apiKey === JOIN && !stopped ? NO_COORDINATOR : undefined;
    };
    await consumer.start?.();
    await vi.waitUntil(() => stopped !== undefined, PATIENTLY);
    const before = requested(JOIN);
    await stopped;
    expect(requested(JOIN)).toBe(before);
    expect(groupOf(cluster, 'g').members.size).toBe(0);
  });

  it('does not fail liveness while no broker answers, because a restart would not help', async () => {
    const consumer = await startConsumer([], { sessionTimeoutMs: 300 });
    for (const nodeId of [0, 1, 2]) await cluster.kill(nodeId);
    await vi.waitFor(() => expect(consumer.joined).toBe(false), PATIENTLY);
    // Long after the last answer, with a recreated client.
    const { now } = performance;
    const recreated = await timesRecreated();
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 60_000);
    expect(consumer.dead?.()).toBeUndefined();
    await vi.waitFor(async () => expect(await timesRecreated()).toBeGreaterThan(recreated), PATIENTLY);
    expect(consumer.dead?.()).toBeUndefined();
    for (const nodeId of [0, 1, 2]) await cluster.restart(nodeId);
    await vi.waitFor(() => expect(consumer.joined).toBe(true), PATIENTLY);
  }, 30_000);
});

describe('two members', () => {
  it('share the partitions, and each message is handled by the member with its partition', async () => {
    const [first, second]: [string[], string[]] = [[], []];
    await startConsumer(first);
    await startConsumer(second);
    await vi.waitFor(() => expect(groupOf(cluster, 'g').members.size).toBe(2), PATIENTLY);
    const values = putSome(20);
    await vi.waitFor(() => expect([...first, ...second].toSorted()).toEqual(values.toSorted()), PATIENTLY);
    expect(first.length).toBeGreaterThan(0);
    expect(second.length).toBeGreaterThan(0);
  });

  it('the remaining one takes over the partitions of the one that left', async () => {
    const [first, second]: [string[], string[]] = [[], []];
    await startConsumer(first);
    const leaving = await startConsumer(second);
    running = running.filter((part) => part !== leaving);
    await leaving.stop?.();
    await expectHandled(first, putSome(20));
  });
});

describe('reading', () => {
  it('continues at the new leader when partitions move, and handles nothing twice without a rebalance', async () => {
    const handled: string[] = [];
    await startConsumer(handled);
    const values: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (let at = 0; at < PARTITIONS; at += 1) cluster.moveLeader(TOPIC, at, (at + round) % 3);
      values.push(...putSome());
      const before = handled.length;
      await vi.waitUntil(() => handled.length > before, PATIENTLY);
    }
    await expectHandled(handled, values);
    expect(handled).toHaveLength(values.length);
  });

  it('is not delayed by a frozen broker that leads other partitions', async () => {
    const handled: string[] = [];
    await startConsumer(handled);
    cluster.frozen.add(2);
    const values = putSome(12).filter((value) => partitionOf(value.split(' ')[0] as string, PARTITIONS) !== 2);
    await expectHandled(handled, values);
  });

  it('reports which messages were deleted before they were handled, and continues behind them', async () => {
    const skipped: unknown[] = [];
    const key = Array.from({ length: 99 }, (_, n) => `k${n}`).find(
      (each) => partitionOf(each, PARTITIONS) === 0,
    ) as string;
    for (let n = 0; n < 10; n += 1) put(cluster, TOPIC, eventOf(key, n));
    groupOf(cluster, 'g').committed.set(0, { offset: 3n, metadata: null });
    const state = cluster.partition(TOPIC, 0);
    state.start = 7;
    state.batches.splice(0, 7);
    const handled: string[] = [];
    await startConsumer(handled, { onSkipped: (range) => skipped.push(range) });
    await expectHandled(
      handled,
      [7, 8, 9].map((n) => `${key} ${n}`),
    );
    expect(skipped).toEqual([{ topic: TOPIC, partition: 0, from: 3n, to: 7n, reason: 'deleted' }]);
  });

  it('reads the topic from its beginning when the brokers have lost handled messages, and reports it', async () => {
    const skipped: unknown[] = [];
    groupOf(cluster, 'g').committed.set(0, { offset: 50n, metadata: null });
    const key = Array.from({ length: 99 }, (_, n) => `k${n}`).find(
      (each) => partitionOf(each, PARTITIONS) === 0,
    ) as string;
    for (let n = 0; n < 3; n += 1) put(cluster, TOPIC, eventOf(key, n));
    const handled: string[] = [];
    await startConsumer(handled, { onSkipped: (range) => skipped.push(range) });
    await expectHandled(
      handled,
      [0, 1, 2].map((n) => `${key} ${n}`),
    );
    expect(skipped).toEqual([{ topic: TOPIC, partition: 0, from: 3n, to: 50n, reason: 'truncated' }]);
  });

  it('names a deleted topic, stays alive without it, and reads its replacement from the beginning', async () => {
    const handled: string[] = [];
    const consumer = await startConsumer(handled);
    await expectHandled(handled, putSome());
    await vi.waitFor(() => expect(committed()).toBe(handled.length), PATIENTLY);
    cluster.partitions.delete(TOPIC);
    const { now } = performance;
    let laterMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + laterMs);
    const told = requested(METADATA);
    await vi.waitFor(() => expect(requested(METADATA)).toBeGreaterThan(told + 1), PATIENTLY);
    // Only an answer that the brokers repeat for a while counts.
    expect(consumer.notReady?.()).toBeUndefined();
    laterMs = 6_000;
    await vi.waitFor(() => expect(consumer.notReady?.()).toBe('the topic t does not exist'), PATIENTLY);
    // Kafka deletes a topic's group offsets together with the topic.
    groupOf(cluster, 'g').committed.clear();
    laterMs += 100 * SESSION_MS;
    // Asks again, so that the brokers' answer is recent.
    const asked = requested(METADATA);
    await vi.waitFor(() => expect(requested(METADATA)).toBeGreaterThan(asked + 1), PATIENTLY);
    expect(consumer.dead?.()).toBeUndefined();

    cluster.addTopic(TOPIC, PARTITIONS);
    await expectHandled(handled, putSome());
    await vi.waitFor(() => expect(consumer.notReady?.()).toBeUndefined(), PATIENTLY);
    expect(consumer.dead?.()).toBeUndefined();
  }, 60_000);

  it('reads partitions that were added', async () => {
    const handled: string[] = [];
    await startConsumer(handled);
    cluster.addTopic(TOPIC, 8);
    // Any failure or move makes it ask the cluster again.
    cluster.moveLeader(TOPIC, 0, 1);
    await vi.waitFor(() => expect(groupOf(cluster, 'g').generation).toBeGreaterThan(1), PATIENTLY);
    await expectHandled(handled, putSome(30));
  });
});

it('commits with each offset the timestamp of the last message before it', async () => {
  const handled: string[] = [];
  await startConsumer(handled);
  const before = Date.now();
  await expectHandled(handled, putSome(1));
  await vi.waitFor(() => expect(groupOf(cluster, 'g').committed.size).toBe(1), PATIENTLY);
  const [{ metadata } = { metadata: null }] = groupOf(cluster, 'g').committed.values();
  expect(Number(metadata)).toBeGreaterThanOrEqual(before);
  expect(Number(metadata)).toBeLessThanOrEqual(Date.now());
});
