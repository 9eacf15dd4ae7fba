import { expect, test, vi } from 'vitest';
import { type BroadcastConsumer, createBroadcastConsumer } from './broadcast-consumer.ts';
import { eventOf, kafkaOf } from './testing/environment.ts';
import { ScriptedCluster } from './testing/scripted-cluster.ts';
import { CONSUMER_ANSWERS, put } from './testing/scripted-groups.ts';

const TOPIC = 't';
const PATIENTLY = { timeout: 40_000 };
const FETCH = 1;
const GROUP_REQUESTS = [8, 9, 10, 11, 12, 13, 14];

interface Heard {
  readonly cluster: ScriptedCluster;
  readonly consumer: BroadcastConsumer;
  readonly heard: string[];
  /** Starts the consumer and waits until it reads all partitions. */
  start(): Promise<void>;
  /** Writes six records, and returns their values. */
  putSome(from: number): string[];
}

/** Each test has its own brokers: most of its time is waiting. */
const it = test.extend<{ world: Heard }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires a pattern
  world: async ({}, use) => {
    const cluster = await ScriptedCluster.start({ brokers: 3, topics: { [TOPIC]: 3 } }, CONSUMER_ANSWERS);
    const heard: string[] = [];
    const consumer = createBroadcastConsumer(kafkaOf(cluster.bootstrap), {
      name: 'replies',
      topics: [TOPIC],
      onMessage: ({ value }) => heard.push(value.toString()),
    });
    await use({
      cluster,
      consumer,
      heard,
      start: async () => {
        await consumer.start?.();
        await vi.waitFor(() => expect(consumer.isHearing).toBe(true), PATIENTLY);
      },
      putSome: (from) => {
        for (let n = from; n < from + 6; n += 1) put(cluster, TOPIC, eventOf(`k${n}`, n));
        return Array.from({ length: 6 }, (_, at) => `k${from + at} ${from + at}`);
      },
    });
    cluster.script = () => undefined;
    cluster.frozen.clear();
    await consumer.stop?.();
    await cluster.stop();
  },
}).concurrent;

it('receives every record since its start, and none from before', async ({ world }) => {
  const { heard, start, putSome } = world;
  putSome(0);
  await start();
  const values = putSome(10);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
});

it('waits a moment after an answer with few records, so that records that arrive close together are fetched together', async ({
  world,
}) => {
  const { cluster, heard, start } = world;
  await start();
  const steps = 20;
  const began = performance.now();
  // Each received record causes the next one. Without the pause, every record would cost a request of its own.
  for (let n = 0; n < steps; n += 1) {
    put(cluster, TOPIC, eventOf('k', n));
    await vi.waitFor(() => expect(heard).toHaveLength(n + 1), { ...PATIENTLY, interval: 1 });
  }
  expect(performance.now() - began).toBeGreaterThan((steps - 1) * 9);
});

it('reports that it receives nothing while the brokers answer no fetches, and catches up afterwards', async ({
  world,
}) => {
  const { cluster, consumer, heard, start, putSome } = world;
  await start();
  cluster.script = ({ apiKey }) => (apiKey === FETCH ? 'silent' : undefined);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(false), PATIENTLY);
  const values = putSome(10);
  cluster.script = () => undefined;
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(true), PATIENTLY);
});

it("reports that it receives nothing while one broker of three is frozen, and receives again from its partitions' new leaders", async ({
  world,
}) => {
  const { cluster, consumer, heard, start, putSome } = world;
  await start();
  cluster.frozen.add(1);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(false), PATIENTLY);
  const values = putSome(10);
  cluster.moveLeader(TOPIC, 1, 2);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(true), PATIENTLY);
});

it('is not ready before it starts, or while the topic does not exist', async ({ world }) => {
  const { cluster, consumer } = world;
  expect(consumer.isHearing).toBe(false);
  cluster.partitions.delete(TOPIC);
  await consumer.start?.();
  await vi.waitFor(() => expect(cluster.requests.length).toBeGreaterThan(1), PATIENTLY);
  expect(consumer.isHearing).toBe(false);
  cluster.addTopic(TOPIC, 3);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(true), PATIENTLY);
});

it('reads partitions that were added later from their beginning', async ({ world }) => {
  const { cluster, heard, start, putSome } = world;
  await start();
  cluster.addTopic(TOPIC, 9);
  const values = putSome(10);
  // Any failure or move makes it ask the cluster again.
  cluster.moveLeader(TOPIC, 0, 1);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
});

it('is in no group, so that no coordinator can stop it', async ({ world }) => {
  const { cluster, heard, start, putSome } = world;
  await start();
  const values = putSome(10);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
  expect(cluster.requests.filter(({ apiKey }) => GROUP_REQUESTS.includes(apiKey))).toEqual([]);
});
