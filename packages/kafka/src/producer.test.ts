import { TransientError } from '@connector/errors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { partitionOf } from './produce/partitioner.ts';
import { createProducer, type Producer, type ProducerOptions } from './producer.ts';
import { eventOf, kafkaOf } from './testing/environment.ts';
import { ScriptedCluster } from './testing/scripted-cluster.ts';
import { valuesIn } from './testing/scripted-topics.ts';

const TOPIC = 't';
const PARTITIONS = 3;
const PRODUCE = 0;
const METADATA = 3;
/** A key of each partition: partition n is led by broker n at first. */
const KEYS = Array.from({ length: PARTITIONS }, (_, partition) => {
  for (let n = 0; ; n += 1) if (partitionOf(`key-${n}`, PARTITIONS) === partition) return `key-${n}`;
}) as [string, string, string];
/** In ms; short, so that a silent broker is noticed soon. */
const FAST: ProducerOptions = { requestTimeoutMs: { first: 150, repeated: 300 } };

let cluster: ScriptedCluster;
let producer: Producer;
beforeEach(async () => {
  cluster = await ScriptedCluster.start({ brokers: 3, topics: { [TOPIC]: PARTITIONS } });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await producer.stop?.();
  await cluster.stop();
});

async function start(options: ProducerOptions = FAST): Promise<Producer> {
  producer = createProducer(kafkaOf(cluster.bootstrap), options);
  await producer.start?.();
  await vi.waitFor(() => expect(producer.notReady?.()).toBeUndefined(), { timeout: 5_000 });
  // All connections are open.
  await Promise.all(KEYS.map((key) => producer.send(TOPIC, eventOf(key, 0))));
  return producer;
}
const written = async (partition: number) => new Set(await valuesIn(cluster, TOPIC, partition));
/** The script acts on the next produce request that fulfils `which`. */
function once(does: ReturnType<ScriptedCluster['script']>, nodeId: number): void {
  let done = false;
  cluster.script = (request) => {
    if (done || request.apiKey !== PRODUCE || request.nodeId !== nodeId) return undefined;
    done = true;
    return does;
  };
}
const timesAsked = () => cluster.requests.filter(({ apiKey }) => apiKey === METADATA).length;

describe('a record is acknowledged only when it is written', () => {
  it("is written although its partition's new leader already answered for other records of the batch", async () => {
    await start();
    // Broker 0 no longer leads partition 0. Broker 1, the new leader, answers for its own partition first.
    cluster.moveLeader(TOPIC, 0, 1);
    await Promise.all(KEYS.map((key) => producer.send(TOPIC, eventOf(key, 1))));
    for (const [partition, key] of KEYS.entries()) expect(await written(partition)).toContain(`${key} 1`);
  });

  it('is sent again while the cluster still names the old leader, which denies that it leads', async () => {
    await start();
    cluster.moveLeader(TOPIC, 0, 2);
    const told = { leader: 0, epoch: 0 };
    cluster.told = (_topic, partition) => (partition === 0 ? told : undefined);
    const sending = producer.send(TOPIC, eventOf(KEYS[0], 1));
    await vi.waitFor(() => expect(timesAsked()).toBeGreaterThan(4), { timeout: 5_000 });
    cluster.told = () => undefined;
    await sending;
    expect(await written(0)).toContain(`${KEYS[0]} 1`);
  });

  it.each([
    ['its answer was lost after the write', 'lost'],
    ['the broker closed the connection', 'closes'],
    ['the broker never answered', 'silent'],
    ['the answer did not contain its partition', 'unnamed'],
    ['the leader was not available', 5],
    ['the followers did not confirm in time', 7],
    ['there were too few replicas in sync', 19],
    ['there were too few replicas in sync after it was appended', 20],
    ['the broker answered an unknown error', 999],
  ] as const)('is sent again when %s', async (_why, does) => {
    await start();
    once(does, 0);
    await producer.send(TOPIC, eventOf(KEYS[0], 1));
    const sent = cluster.requests.filter(({ apiKey, partitions }) => apiKey === PRODUCE && partitions.includes(0));
    expect(sent).toHaveLength(3);
    expect(await written(0)).toContain(`${KEYS[0]} 1`);
  });

  it('fails at the deadline without an answer, and is not acknowledged later', async () => {
    await start({ ...FAST, deadlineMs: 400 });
    cluster.frozen.add(0);
    const failed = producer.send(TOPIC, eventOf(KEYS[0], 1));
    await expect(failed).rejects.toThrow(TransientError);
    await expect(failed).rejects.toMatchObject({ reason: 'kafka_timeout' });
    expect(await written(0)).toEqual(new Set([`${KEYS[0]} 0`]));
  });

  it('fails at once when the broker refuses it permanently, while the records around it are written', async () => {
    await start();
    cluster.script = ({ apiKey, bytes }) => (apiKey === PRODUCE && bytes > 5_000 ? 10 : undefined);
    const results = await Promise.allSettled([
      producer.send(TOPIC, eventOf(KEYS[0], 1)),
      producer.send(TOPIC, eventOf(KEYS[0], 2, 6_000)),
      producer.send(TOPIC, eventOf(KEYS[0], 3)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { name: 'PermanentError', reason: 'too_large' } });
    expect(await valuesIn(cluster, TOPIC, 0)).toEqual([0, 1, 3].map((n) => `${KEYS[0]} ${n}`));
  });
});

describe('a broker that is away', () => {
  it('delays only its own partitions', async () => {
    await start({ requestTimeoutMs: { first: 60_000, repeated: 60_000 }, deadlineMs: 30_000 });
    cluster.frozen.add(0);
    let isStuck = true;
    const stuck = producer.send(TOPIC, eventOf(KEYS[0], 1)).finally(() => {
      isStuck = false;
    });
    for (let n = 1; n <= 20; n += 1) {
      await producer.send(TOPIC, eventOf(KEYS[1], n));
      await producer.send(TOPIC, eventOf(KEYS[2], n));
    }
    expect(isStuck).toBe(true);
    cluster.moveLeader(TOPIC, 0, 1);
    await stuck;
  });

  it('is replaced by the new leader as soon as the cluster has one, without waiting for an answer', async () => {
    await start({ requestTimeoutMs: { first: 60_000, repeated: 60_000 }, deadlineMs: 30_000 });
    cluster.frozen.add(0);
    const stuck = producer.send(TOPIC, eventOf(KEYS[0], 1));
    await vi.waitFor(() => expect(timesAsked()).toBeGreaterThan(3), { timeout: 5_000 });
    cluster.moveLeader(TOPIC, 0, 1);
    await stuck;
    expect(await written(0)).toContain(`${KEYS[0]} 1`);
  });

  it('is replaced by the new leader after it was killed, and used again after its return', async () => {
    await start();
    await cluster.kill(0);
    cluster.moveLeader(TOPIC, 0, 2);
    await producer.send(TOPIC, eventOf(KEYS[0], 1));
    await cluster.restart(0);
    cluster.moveLeader(TOPIC, 0, 0);
    await producer.send(TOPIC, eventOf(KEYS[0], 2));
    expect(await valuesIn(cluster, TOPIC, 0)).toEqual([0, 1, 2].map((n) => `${KEYS[0]} ${n}`));
  });

  it('is not believed when it returns and answers with old knowledge', async () => {
    await start();
    cluster.moveLeader(TOPIC, 0, 1);
    await producer.send(TOPIC, eventOf(KEYS[0], 1));
    cluster.told = (_topic, partition) => (partition === 0 ? { leader: 0, epoch: 0 } : undefined);
    // Any failure makes the producer ask again.
    once(19, 2);
    const asked = timesAsked();
    await producer.send(TOPIC, eventOf(KEYS[2], 1));
    await vi.waitFor(() => expect(timesAsked()).toBeGreaterThan(asked), { timeout: 5_000 });
    const before = cluster.requests.length;
    await producer.send(TOPIC, eventOf(KEYS[0], 2));
    const toOld = cluster.requests.slice(before).filter(({ apiKey, nodeId }) => apiKey === PRODUCE && nodeId === 0);
    expect(toOld).toEqual([]);
  });
});

describe('records that wait for one leader', () => {
  const waitAt = (key: string, times: number) =>
    Array.from({ length: times }, (_, n) => producer.send(TOPIC, eventOf(key, n + 1)));

  it('are refused at once above their share, so that there is room for the others', async () => {
    await start({ ...FAST, deadlineMs: 400, maxWaitingPerLeader: 5 });
    cluster.frozen.add(0);
    const results = await Promise.allSettled(waitAt(KEYS[0], 8));
    const reasons = results.map((result) => (result.status === 'rejected' ? result.reason.reason : 'written'));
    expect(reasons).toEqual([...Array(5).fill('kafka_timeout'), ...Array(3).fill('overloaded')]);
    await Promise.all([...waitAt(KEYS[1], 4), ...waitAt(KEYS[2], 4)]);
  });

  it('may use the whole limit when there is only one leader', async () => {
    await start({ ...FAST, maxWaitingPerLeader: 5 });
    for (const partition of [0, 1, 2]) cluster.moveLeader(TOPIC, partition, 1);
    await Promise.all(KEYS.map((key) => producer.send(TOPIC, eventOf(key, 0))));
    await Promise.all(waitAt(KEYS[0], 20));
  });
});

describe('readiness', () => {
  it('returns a while after a failed send, because without traffic nothing would show that Kafka is back', async () => {
    await start({ ...FAST, deadlineMs: 300 });
    cluster.script = ({ apiKey }) => (apiKey === PRODUCE ? 19 : undefined);
    const sends = KEYS.map((key) => producer.send(TOPIC, eventOf(key, 1)));
    expect((await Promise.allSettled(sends)).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(producer.notReady?.()).toBe('the last send failed');
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 10_000);
    expect(producer.notReady?.()).toBeUndefined();
  });

  it('stays while one of three brokers is away, because the others accept records', async () => {
    await start({ ...FAST, deadlineMs: 300 });
    cluster.frozen.add(0);
    await expect(producer.send(TOPIC, eventOf(KEYS[0], 1))).rejects.toThrow(TransientError);
    expect(producer.healthy).toBe(true);
  });
});

it('finds the cluster when the first broker it asks accepts connections but answers nothing', async () => {
  cluster.frozen.add(0);
  cluster.moveLeader(TOPIC, 0, 1);
  producer = createProducer(kafkaOf(cluster.bootstrap.slice(0, 2)), FAST);
  await producer.start?.();
  await producer.send(TOPIC, eventOf(KEYS[0], 1));
  expect(await written(0)).toContain(`${KEYS[0]} 1`);
});

it('tries waiting records until their deadline when it is stopped', async () => {
  await start();
  cluster.script = ({ apiKey }) => (apiKey === PRODUCE ? 19 : undefined);
  const sending = producer.send(TOPIC, eventOf(KEYS[0], 1));
  const stopping = producer.stop?.();
  cluster.script = () => undefined;
  await Promise.all([sending, stopping]);
  await expect(producer.send(TOPIC, eventOf(KEYS[0], 2))).rejects.toMatchObject({ reason: 'stopping' });
});
