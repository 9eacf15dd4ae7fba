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
  /** Starts the consumer, until it hears. */
  start(): Promise<void>;
  /** Puts six records, and answers their values. */
  putSome(from: number): string[];
}

/** Each test has its own brokers: most of its time it waits. */
const it = test.extend<{ world: Heard }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest asks for a pattern
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

it('receives every record from its start on, and none from before', async ({ world }) => {
  const { heard, start, putSome } = world;
  putSome(0);
  await start();
  const values = putSome(10);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
});

it('asks again a moment after an answer with few records, so that what comes together is fetched together', async ({
  world,
}) => {
  const { cluster, heard, start } = world;
  await start();
  const steps = 20;
  const began = performance.now();
  // Each record that is heard puts the next one: without the moment, one request for each as fast as they go.
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

it('reports that it receives nothing when one broker of three is frozen, and receives again where its partitions go', async ({
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

it('does not hear before it starts, nor while the topic is not there', async ({ world }) => {
  const { cluster, consumer } = world;
  expect(consumer.isHearing).toBe(false);
  cluster.partitions.delete(TOPIC);
  await consumer.start?.();
  await vi.waitFor(() => expect(cluster.requests.length).toBeGreaterThan(1), PATIENTLY);
  expect(consumer.isHearing).toBe(false);
  cluster.addTopic(TOPIC, 3);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(true), PATIENTLY);
});

it('reads partitions that are added from their beginning', async ({ world }) => {
  const { cluster, heard, start, putSome } = world;
  await start();
  cluster.addTopic(TOPIC, 9);
  const values = putSome(10);
  // Whatever moves makes it look at the cluster.
  cluster.moveLeader(TOPIC, 0, 1);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
});

it('is in no group, whose coordinator could make it deaf', async ({ world }) => {
  const { cluster, heard, start, putSome } = world;
  await start();
  const values = putSome(10);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
  expect(cluster.requests.filter(({ apiKey }) => GROUP_REQUESTS.includes(apiKey))).toEqual([]);
});
