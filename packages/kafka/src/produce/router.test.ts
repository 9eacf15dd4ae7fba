import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createProducer, type Producer, type ProducerOptions } from '../producer.ts';
import { eventOf, kafkaOf } from '../testing/environment.ts';
import { ScriptedCluster } from '../testing/scripted-cluster.ts';
import { valuesIn } from '../testing/scripted-topics.ts';
import { partitionOf } from './partitioner.ts';
import { ProduceRouter } from './router.ts';

const TOPIC = 't';
const PRODUCE = 0;
const METADATA = 3;
const WAIT = { timeout: 60_000, interval: 50 };
const FAST: ProducerOptions = { requestTimeoutMs: { first: 150, repeated: 300 } };
const LIMITS = { maxBatchRecords: 500, maxBatchBytes: 1_000_000, requestTimeoutMs: { first: 150, repeated: 300 } };

let cluster: ScriptedCluster;
let producer: Producer | undefined;
beforeEach(() => {
  producer = undefined;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await producer?.stop?.();
  await cluster.stop();
});

async function start(partitions: number, options: ProducerOptions = FAST): Promise<Producer> {
  cluster = await ScriptedCluster.start({ brokers: 3, topics: { [TOPIC]: partitions } });
  producer = createProducer(kafkaOf(cluster.bootstrap), options);
  await producer.start?.();
  return producer;
}
/** A key whose partition, of so many, is this one. */
const keyOf = (partition: number, partitions: number): string => {
  for (let n = 0; ; n += 1) if (partitionOf(`key-${n}`, partitions) === partition) return `key-${n}`;
};
const keysOf = (partitions: number) =>
  Array.from({ length: partitions }, (_, partition) => keyOf(partition, partitions));
const timesAsked = () => cluster.requests.filter(({ apiKey }) => apiKey === METADATA).length;

it('follows a topic that is recreated with fewer partitions', async () => {
  const producer = await start(6, { ...FAST, deadlineMs: 3_000 });
  const keys = keysOf(6);
  await Promise.all(keys.map((key) => producer.send(TOPIC, eventOf(key, 1))));
  cluster.partitions.delete(TOPIC);
  const between = keys.map((key) => producer.send(TOPIC, eventOf(key, 2)));
  await vi.waitFor(() => expect(cluster.requests.filter(({ apiKey }) => apiKey === PRODUCE).length).toBeGreaterThan(8));
  cluster.addTopic(TOPIC, 2);
  await Promise.all(between);
  await Promise.all(keys.map((key) => producer.send(TOPIC, eventOf(key, 3))));
  for (const key of keys)
    expect(await valuesIn(cluster, TOPIC, partitionOf(key, 2))).toEqual(
      expect.arrayContaining([`${key} 2`, `${key} 3`]),
    );
});

it('follows a recreated topic, although the new leaders count their epochs from 0', async () => {
  const producer = await start(3);
  const keys = keysOf(3);
  for (const partition of [0, 1, 2])
    for (let times = 0; times < 5; times += 1) cluster.moveLeader(TOPIC, partition, (partition + times) % 3);
  await Promise.all(keys.map((key) => producer.send(TOPIC, eventOf(key, 1))));
  cluster.partitions.delete(TOPIC);
  cluster.addTopic(TOPIC, 3);
  await Promise.all(keys.map((key) => producer.send(TOPIC, eventOf(key, 2))));
  for (const [partition, key] of keys.entries())
    expect(await valuesIn(cluster, TOPIC, partition)).toEqual([`${key} 2`]);
});

it('uses partitions that are added while sends fail', async () => {
  const producer = await start(2);
  await Promise.all(keysOf(2).map((key) => producer.send(TOPIC, eventOf(key, 1))));
  cluster.addTopic(TOPIC, 6);
  cluster.script = ({ apiKey }) => (apiKey === PRODUCE && timesAsked() < 4 ? 5 : undefined);
  await producer.send(TOPIC, eventOf(keyOf(0, 2), 2));
  cluster.script = () => undefined;
  const keys = keysOf(6);
  await Promise.all(keys.map((key) => producer.send(TOPIC, eventOf(key, 3))));
  for (const [partition, key] of keys.entries())
    expect(await valuesIn(cluster, TOPIC, partition)).toContain(`${key} 3`);
});

it('removes failed records of a partition without a leader', async () => {
  cluster = await ScriptedCluster.start({ brokers: 1, topics: { [TOPIC]: 1 } });
  cluster.moveLeader(TOPIC, 0, -1);
  const nothing = () => {};
  const router = new ProduceRouter(kafkaOf(cluster.bootstrap), {
    limits: LIMITS,
    onWritten: nothing,
    onRefused: nothing,
  });
  router.start();
  router.add(TOPIC, recordOf());
  await vi.waitFor(() => expect(timesAsked()).toBeGreaterThan(1));
  const records = Array.from({ length: 100 }, recordOf);
  for (const record of records) router.add(TOPIC, record);
  for (const { record } of router.pending()) record.settle(new Error('too late'));
  expect(router.check()).toBe(false);
  expect([...router.pending()]).toEqual([]);
  router.stop();
});

const recordOf = () => {
  const record = {
    message: { key: 'k', value: 'v' },
    bytes: 100,
    since: performance.now(),
    isSettled: false,
    settle: () => {
      record.isSettled = true;
      return true;
    },
  };
  return record;
};

it('sends a large record in its turn, however many small ones arrive', async () => {
  cluster = await ScriptedCluster.start({ brokers: 1, topics: { [TOPIC]: 4 } });
  const of = createProducer(kafkaOf(cluster.bootstrap), { ...FAST, maxBatchBytes: 10_000, deadlineMs: 20_000 });
  producer = of;
  await of.start?.();
  const [small, large, alsoSmall, alsoLarge] = keysOf(4) as [string, string, string, string];
  let [n, isBusy] = [0, true];
  const sends: Promise<void>[] = [];
  const addSmall = () => {
    n += 1;
    sends.push(of.send(TOPIC, eventOf(small, n)), of.send(TOPIC, eventOf(alsoSmall, n)));
  };
  // Whenever a request arrives, the next small records already wait.
  cluster.script = ({ apiKey }) => {
    if (apiKey === PRODUCE && isBusy) addSmall();
    return undefined;
  };
  addSmall();
  await vi.waitFor(() => expect(n).toBeGreaterThan(5));
  const before = n;
  await Promise.all([of.send(TOPIC, eventOf(large, 0, 11_000)), of.send(TOPIC, eventOf(alsoLarge, 0, 11_000))]);
  const requests = n - before;
  isBusy = false;
  await Promise.all(sends);
  expect(requests).toBeLessThan(10);
});

it('is not ready while one of its topics is missing, and is ready after its creation', async () => {
  cluster = await ScriptedCluster.start({ brokers: 1 });
  producer = createProducer(kafkaOf(cluster.bootstrap), { ...FAST, topics: [TOPIC], deadlineMs: 1_000 });
  await producer.start?.();
  await vi.waitFor(() => expect(producer?.notReady?.()).toBe('the topic t does not exist'), WAIT);
  cluster.addTopic(TOPIC, 2);
  await vi.waitFor(() => expect(producer?.notReady?.()).toBeUndefined(), WAIT);

  // A topic that existed counts as missing after the cluster has said so for a while.
  cluster.partitions.delete(TOPIC);
  const send = producer.send(TOPIC, eventOf('k', 1)).catch(() => {});
  const asked = timesAsked();
  await vi.waitFor(() => expect(timesAsked()).toBeGreaterThan(asked + 1), WAIT);
  expect(producer.notReady?.()).toBeUndefined();
  const { now } = performance;
  let laterMs = 6_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + laterMs);
  await vi.waitFor(() => expect(producer?.notReady?.()).toBe('the topic t does not exist'), WAIT);
  await send;
  // A while after the failed send.
  laterMs += 10_000;
  cluster.addTopic(TOPIC, 1);
  await vi.waitFor(() => expect(producer?.notReady?.()).toBeUndefined(), WAIT);
  await producer.send(TOPIC, eventOf('k', 2));
  expect(await valuesIn(cluster, TOPIC, 0)).toEqual(['k 2']);
}, 90_000);

it('says that a topic is missing, and asks for it rarely after a while', async () => {
  cluster = await ScriptedCluster.start({ brokers: 1 });
  const kafka = kafkaOf(cluster.bootstrap);
  const warned = vi.spyOn(kafka.log, 'warn');
  producer = createProducer(kafka, { ...FAST, deadlineMs: 200 });
  await producer.start?.();
  await expect(producer.send('missing', eventOf('k', 1))).rejects.toMatchObject({ reason: 'kafka_timeout' });
  const ofTopic = warned.mock.calls.filter(([fields]) => (fields as { topic?: string }).topic === 'missing');
  expect(ofTopic).toEqual([
    [
      expect.objectContaining({ error: expect.objectContaining({ type: 'UNKNOWN_TOPIC_OR_PARTITION' }) }),
      'the topic missing does not exist: the command ensure-topics creates missing topics',
    ],
  ]);
  expect(producer.notReady?.()).toBe('the topic missing does not exist');
  const asked = timesAsked();
  // Half a minute later.
  const { now } = performance;
  vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 40_000);
  await vi.waitFor(() => expect(timesAsked()).toBeGreaterThan(asked), { timeout: 2_000 });
  const then = timesAsked();
  const began = performance.now();
  await vi.waitFor(() => expect(performance.now() - began).toBeGreaterThan(1_000), { timeout: 3_000 });
  expect(timesAsked() - then).toBeLessThan(3);
});
