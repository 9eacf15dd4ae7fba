import { setTimeout as sleep } from 'node:timers/promises';
import { PAYMENT_EVENTS } from '@connector/contracts';
import type { Kafka } from '@connector/kafka';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type RunningCluster, startKafkaCluster } from './cluster.ts';
import { moveLeaders, partitionsOf } from './leaders.ts';
import { connectKafka, createTopics } from './topics.ts';

type Admin = ReturnType<Kafka['client']['admin']>;

let cluster: RunningCluster;
let admin: Admin;
beforeAll(async () => {
  cluster = await startKafkaCluster();
  const kafka = connectKafka({ KAFKA_BROKERS: cluster.brokers });
  await createTopics(kafka, cluster.brokers);
  admin = kafka.client.admin();
  await admin.connect();
});
afterAll(async () => {
  await admin?.disconnect();
  await cluster?.stop();
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await sleep(100);
}

it('keeps each record on three brokers, and acknowledges it when two have it', async () => {
  const partitions = await partitionsOf(admin, [PAYMENT_EVENTS]);
  expect(partitions.map(({ replicas }) => replicas.toSorted())).toEqual(partitions.map(() => [1, 2, 3]));
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      { type: 2, name: PAYMENT_EVENTS, configNames: ['min.insync.replicas', 'unclean.leader.election.enable'] },
    ],
  });
  expect(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue])).toEqual([
    ['min.insync.replicas', '2'],
    ['unclean.leader.election.enable', 'false'],
  ]);
});

it('moves leaders to the given broker', async () => {
  for (const to of [1, 2, 3]) {
    const moves = [0, 1].map((partition) => ({ topic: PAYMENT_EVENTS, partition, to }));
    await moveLeaders(admin, cluster.node(1).address, moves);
    // A broker that is asked directly afterwards may not know of it yet.
    await vi.waitFor(
      async () => {
        const partitions = await partitionsOf(admin, [PAYMENT_EVENTS]);
        expect(partitions.filter(({ partition }) => partition < 2).map(({ leader }) => leader)).toEqual([to, to]);
      },
      { timeout: 30_000, interval: 100 },
    );
  }
});

it('continues without the controller, which another broker replaces, and takes it back in sync', async () => {
  const dead = await cluster.controller();
  await cluster.node(dead).process.kill();
  await until(async () => (await cluster.controller()) !== dead);
  await until(async () =>
    (await partitionsOf(admin, [PAYMENT_EVENTS])).every(({ leader }) => leader > 0 && leader !== dead),
  );

  await cluster.node(dead).process.start();
  await until(async () => (await partitionsOf(admin, [PAYMENT_EVENTS])).every(({ inSync }) => inSync.length === 3));
});
