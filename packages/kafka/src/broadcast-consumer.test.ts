import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type BroadcastConsumer, createBroadcastConsumer } from './broadcast-consumer.ts';
import { eventOf, kafkaOf } from './testing/environment.ts';
import { ScriptedCluster } from './testing/scripted-cluster.ts';
import { CONSUMER_ANSWERS, put } from './testing/scripted-groups.ts';

const TOPIC = 't';
const PATIENTLY = { timeout: 8_000 };
const FETCH = 1;
const GROUP_REQUESTS = [8, 9, 10, 11, 12, 13, 14];

let cluster: ScriptedCluster;
let consumer: BroadcastConsumer;
let heard: string[];
beforeEach(async () => {
  cluster = await ScriptedCluster.start({ brokers: 3, topics: { [TOPIC]: 3 } }, CONSUMER_ANSWERS);
  heard = [];
  consumer = createBroadcastConsumer(kafkaOf(cluster.bootstrap), {
    name: 'replies',
    topics: [TOPIC],
    onMessage: ({ value }) => heard.push(value.toString()),
  });
});
afterEach(async () => {
  cluster.script = () => undefined;
  cluster.frozen.clear();
  await consumer.stop?.();
  await cluster.stop();
});
const start = async () => {
  await consumer.start?.();
  await vi.waitFor(() => expect(consumer.isHearing).toBe(true), PATIENTLY);
};
const putSome = (from: number) => {
  for (let n = from; n < from + 6; n += 1) put(cluster, TOPIC, eventOf(`k${n}`, n));
  return Array.from({ length: 6 }, (_, at) => `k${from + at} ${from + at}`);
};

it('receives every record from its start on, and none from before', async () => {
  putSome(0);
  await start();
  const values = putSome(10);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
});

it('asks again a moment after an answer with few records, so that what comes together is fetched together', async () => {
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

it('reports that it receives nothing while the brokers answer no fetches, and catches up afterwards', async () => {
  await start();
  cluster.script = ({ apiKey }) => (apiKey === FETCH ? 'silent' : undefined);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(false), PATIENTLY);
  const values = putSome(10);
  cluster.script = () => undefined;
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), { timeout: 15_000 });
  await vi.waitFor(() => expect(consumer.isHearing).toBe(true), PATIENTLY);
}, 30_000);

it('reports that it receives nothing when one broker of three is frozen, and receives again where its partitions go', async () => {
  await start();
  cluster.frozen.add(1);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(false), PATIENTLY);
  const values = putSome(10);
  cluster.moveLeader(TOPIC, 1, 2);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(true), PATIENTLY);
}, 30_000);

it('does not hear before it starts, nor while the topic is not there', async () => {
  expect(consumer.isHearing).toBe(false);
  cluster.partitions.delete(TOPIC);
  await consumer.start?.();
  await vi.waitFor(() => expect(cluster.requests.length).toBeGreaterThan(1), PATIENTLY);
  expect(consumer.isHearing).toBe(false);
  cluster.addTopic(TOPIC, 3);
  await vi.waitFor(() => expect(consumer.isHearing).toBe(true), PATIENTLY);
});

it('reads partitions that are added from their beginning', async () => {
  await start();
  cluster.addTopic(TOPIC, 9);
  const values = putSome(10);
  // Whatever moves makes it look at the cluster.
  cluster.moveLeader(TOPIC, 0, 1);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
});

it('is in no group, whose coordinator could make it deaf', async () => {
  await start();
  const values = putSome(10);
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(values), PATIENTLY);
  expect(cluster.requests.filter(({ apiKey }) => GROUP_REQUESTS.includes(apiKey))).toEqual([]);
});
