import { connect, type Socket } from 'node:net';
import { type EventRecord, type TopicSpec, toRecord } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import {
  type ConsumerOptions,
  createConsumer,
  createKafka,
  createProducer,
  type Delivery,
  ensureTopics,
  type Kafka,
  type KafkaEnvironment,
  type Producer,
  type StoredMessage,
  scanTopic,
} from '@connector/kafka';
import type { Component } from '@connector/lifecycle';
import { type RunningKafka, startKafka } from '@connector/sandbox/kafka';
import { createLogger } from '@connector/telemetry';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';

const log = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
const environment = (brokers: string[]): KafkaEnvironment => ({
  KAFKA_BROKERS: brokers,
  KAFKA_TOPIC_PREFIX: '',
  KAFKA_SSL_ENABLED: false,
});
// A broker of its own: it is killed and started again.
let broker: RunningKafka;
let kafka: Kafka;
const running: Component[] = [];

beforeAll(async () => {
  broker = await startKafka();
  kafka = createKafka(environment(broker.brokers.split(',')), { clientId: 'test', log });
});
afterAll(() => broker.stop());
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop?.();
});

const AT_LENGTH = { timeout: 60_000, interval: 100 };

let topics = 0;
async function freshTopic(partitions = 4, config: Record<string, string> = {}): Promise<string> {
  topics += 1;
  const name = `t${topics}`;
  const spec = (topic: string): TopicSpec => ({ name: topic, partitions, config });
  await ensureTopics(kafka, [spec(name), spec(`${name}.dlq`)]);
  return name;
}
async function startProducer(of = kafka, options = {}): Promise<Producer> {
  const producer = createProducer(of, options);
  running.push(producer);
  await producer.start?.();
  await vi.waitFor(() => expect(producer.healthy).toBe(true), { timeout: 10_000 });
  return producer;
}
const event = (key: string, n: number, size = 10): EventRecord =>
  toRecord(
    key,
    { id: `evt_${key}_${n}`, source: '/test', type: 'test.happened', time: new Date(0).toISOString() },
    Buffer.from(JSON.stringify({ n, pad: 'x'.repeat(size) })),
  );
async function startConsumer(topic: string, producer: Producer, options: Partial<ConsumerOptions>) {
  const consumer = createConsumer(kafka, {
    groupId: `g-${topic}`,
    topic,
    deadLetterTopic: `${topic}.dlq`,
    producer,
    handle: async () => {},
    retry: { baseMs: 20, capMs: 100 },
    sessionTimeoutMs: 10_000,
    ...options,
  });
  running.push(consumer);
  await consumer.start?.();
  return consumer;
}
const numberOf = ({ value }: Pick<Delivery, 'value'>): number => JSON.parse(value.toString()).n;

it('delivers every record once acknowledged, in order within a key, keys side by side', async () => {
  const topic = await freshTopic();
  const producer = await startProducer();
  const keys = [...Array(20).keys()].map((n) => `pi_${n}`);
  const seen = new Map<string, number[]>();
  let atOnce = 0;
  let most = 0;
  await startConsumer(topic, producer, {
    concurrency: 8,
    handle: async (delivery) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      seen.set(delivery.key, [...(seen.get(delivery.key) ?? []), numberOf(delivery)]);
      atOnce -= 1;
    },
  });
  await Promise.all(keys.flatMap((key) => [...Array(10).keys()].map((n) => producer.send(topic, event(key, n)))));
  await vi.waitFor(() => expect([...seen.values()].flat()).toHaveLength(200), { timeout: 20_000 });
  for (const key of keys) expect(seen.get(key)).toEqual([...Array(10).keys()]);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8);
});

it('names a topic that was deleted, to readiness and in the log, and recovers by itself once it is made again', async () => {
  const topic = await freshTopic();
  const producer = await startProducer(kafka, { topics: [topic] });
  const seen: number[] = [];
  const consumer = await startConsumer(topic, producer, {
    handle: async (delivery) => {
      seen.push(numberOf(delivery));
      return [];
    },
  });
  const sendSome = (from: number) =>
    Promise.all([...Array(5).keys()].map((n) => producer.send(topic, event(`pi_${n}`, from + n))));
  const expectSeen = (from: number) =>
    vi.waitFor(
      () => expect(seen.filter((n) => n >= from).sort()).toEqual([...Array(5).keys()].map((n) => from + n)),
      AT_LENGTH,
    );
  await sendSome(10);
  await expectSeen(10);

  const warned = vi.spyOn(kafka.log, 'warn');
  const admin = kafka.client.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  const words = `the topic ${topic} does not exist`;
  await vi.waitFor(() => expect([producer.notReady?.(), consumer.notReady?.()]).toEqual([words, words]), AT_LENGTH);
  expect(warned.mock.calls.map(([, line]) => line)).toContain(
    `${words}: the command ensure-topics creates missing topics`,
  );
  warned.mockRestore();

  await ensureTopics(kafka, [{ name: topic, partitions: 4, config: {} }]);
  await vi.waitFor(
    () => expect([producer.notReady?.(), consumer.notReady?.()]).toEqual([undefined, undefined]),
    AT_LENGTH,
  );
  await sendSome(20);
  await expectSeen(20);
  expect(consumer.dead?.()).toBeUndefined();
}, 180_000);

it('takes a message that can never succeed out of the way, with its reason, and goes on with the next', async () => {
  const topic = await freshTopic(1);
  const producer = await startProducer();
  const handled: number[] = [];
  await startConsumer(topic, producer, {
    handle: async (delivery) => {
      if (numberOf(delivery) === 1) throw new PermanentError('refused as invalid', { reason: 'rejected' });
      handled.push(numberOf(delivery));
    },
  });
  for (const n of [0, 1, 2]) await producer.send(topic, event('pi_1', n));
  await vi.waitFor(() => expect(handled).toEqual([0, 2]), { timeout: 20_000 });
  const dead: Record<string, string>[] = [];
  await scanTopic(kafka, `${topic}.dlq`, ({ headers }) => dead.push({ ...headers }));
  expect(dead).toHaveLength(1);
  expect(dead[0]).toMatchObject({
    ce_id: 'evt_pi_1_1',
    'dlq-reason': 'rejected',
    'dlq-original-topic': topic,
    'dlq-original-offset': '1',
    'dlq-attempts': '1',
    'dlq-error-class': 'PermanentError',
  });
});

it('is read from a moment on: what was written before is passed over, also where nothing came since', async () => {
  const topic = await freshTopic(4);
  const producer = await startProducer();
  const early = Array.from({ length: 12 }, (_, n) => `early-${n}`);
  for (const key of early) await producer.send(topic, event(key, 0));
  const written: { key: string; timestamp: number }[] = [];
  await scanTopic(kafka, topic, (message) => written.push(message));
  expect(written.map(({ key }) => key).toSorted()).toEqual(early.toSorted());
  const since = new Date(Math.max(...written.map(({ timestamp }) => timestamp)) + 1);
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(since.getTime()));
  for (const key of ['late-1', 'late-2']) await producer.send(topic, event(key, 0));
  const found: string[] = [];
  await scanTopic(kafka, topic, ({ key }) => found.push(key), { since });
  expect(found.toSorted()).toEqual(['late-1', 'late-2']);
  const none: string[] = [];
  await scanTopic(kafka, topic, ({ key }) => none.push(key), { since: new Date(Date.now() + 60_000) });
  expect(none).toEqual([]);
});

it('is read for one key from its own partition, in order, to where it ends now', async () => {
  const topic = await freshTopic(4);
  const producer = await startProducer();
  const keys = Array.from({ length: 8 }, (_, n) => `pi_${n}`);
  for (const n of [0, 1, 2]) for (const key of keys) await producer.send(topic, event(key, n));
  for (const key of keys) {
    const found: string[] = [];
    await scanTopic(kafka, topic, (message) => found.push(`${message.key} ${message.headers.ce_id}`), { key });
    expect(found).toEqual([0, 1, 2].map((n) => `${key} evt_${key}_${n}`));
  }
});

it.each(['gzip', 'snappy', 'lz4', 'zstd'])('is read where the broker packs it with %s', async (compression) => {
  const topic = await freshTopic(1, { 'compression.type': compression });
  const producer = await startProducer();
  const sizes = [10, 5_000, 300_000];
  await Promise.all(sizes.map((size, n) => producer.send(topic, event('pi_1', n, size))));
  const found: number[] = [];
  await scanTopic(kafka, topic, ({ value }) => found.push(value?.length ?? 0));
  expect(found.toSorted((a, b) => a - b)).toEqual(sizes.map((size) => size + '{"n":0,"pad":""}'.length));
});

it('is read to its end although retention deletes what was not read yet', async () => {
  const topic = await freshTopic(1);
  const producer = await startProducer();
  const count = 60;
  // More than one answer of the broker's holds.
  const large = Buffer.alloc(100_000, 'x');
  for (let n = 0; n < count; n += 1) await producer.send(topic, { ...event('pi_1', n), value: large });
  const admin = kafka.client.admin();
  await admin.connect();
  await admin.fetchTopicOffsets(topic);
  const found: number[] = [];
  let deleted: Promise<void> | undefined;
  await scanTopic(kafka, topic, ({ offset }) => {
    deleted ??= admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(count) }] });
    found.push(Number(offset));
  });
  await deleted;
  await admin.disconnect();
  expect(found).toEqual(found.toSorted((a, b) => a - b));
  expect(found[0]).toBe(0);
  await scanTopic(kafka, topic, () => expect.unreachable('all of it is deleted'));
});

it('says of a scan whether retention deleted some of what was asked for', async () => {
  const topic = await freshTopic(4);
  const producer = await startProducer();
  const ours = 'pi_1';
  const home = await homeOf(topic, producer, ours);
  const elsewhere = await anotherKey(topic, producer, home);
  await producer.send(topic, event(ours, 1));
  const whole = await read(topic, ours);
  const second = whole.found[1];
  if (!second) throw new Error('two were written');
  const cutOf = async (options: Parameters<typeof scanTopic>[3]) =>
    (await scanTopic(kafka, topic, () => {}, options)).cut;
  expect(whole.cut).toBe(false);

  await deleteBefore(topic, home, BigInt(second.offset));
  // From before the first that is left: what was there is gone, and nobody knows what it was.
  expect(await cutOf({ key: ours })).toBe(true);
  expect(await cutOf({ key: ours, since: new Date(0) })).toBe(true);
  expect(await cutOf({})).toBe(true);
  // Of another partition nothing was deleted, and of a time after an older record that is left, neither.
  expect(await cutOf({ key: elsewhere })).toBe(false);
  expect(await cutOf({ key: ours, since: new Date(second.timestamp + 1) })).toBe(false);

  await deleteBefore(topic, home, BigInt(second.offset) + 1n);
  // Nothing is left that would show when what is gone was written.
  expect(await cutOf({ key: ours, since: new Date() })).toBe(true);
  expect(await cutOf({ key: elsewhere, since: new Date(0) })).toBe(false);
});

async function read(topic: string, key: string) {
  const found: StoredMessage[] = [];
  const { cut } = await scanTopic(kafka, topic, (message) => found.push(message), { key });
  return { cut, found };
}

/** Writes one record of a key, and answers the partition it went to. */
async function homeOf(topic: string, producer: Producer, key: string): Promise<number> {
  await producer.send(topic, event(key, 0));
  const { found } = await read(topic, key);
  return found[0]?.partition ?? -1;
}

/** A key whose records go to another partition, with one record there. */
async function anotherKey(topic: string, producer: Producer, home: number): Promise<string> {
  for (let n = 0; ; n += 1) if ((await homeOf(topic, producer, `other_${n}`)) !== home) return `other_${n}`;
}

/** As retention does. */
async function deleteBefore(topic: string, partition: number, offset: bigint): Promise<void> {
  const admin = kafka.client.admin();
  await admin.connect();
  // It looks at the topic's partitions before it can delete from them.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  await admin.disconnect();
}

it('holds one failing payment without delaying the others, and keeps its order', async () => {
  const topic = await freshTopic(1);
  const producer = await startProducer();
  const handled: string[] = [];
  let failing = true;
  await startConsumer(topic, producer, {
    handle: async (delivery) => {
      if (delivery.key === 'bad' && failing) throw new TransientError('not now');
      handled.push(`${delivery.key} ${numberOf(delivery)}`);
    },
  });
  await producer.send(topic, event('bad', 0));
  await producer.send(topic, event('bad', 1));
  for (const n of [0, 1, 2]) await producer.send(topic, event('good', n));
  await vi.waitFor(() => expect(handled).toEqual(['good 0', 'good 1', 'good 2']), { timeout: 20_000 });
  failing = false;
  await vi.waitFor(() => expect(handled.slice(3)).toEqual(['bad 0', 'bad 1']), { timeout: 20_000 });
});

it('makes no dead letter of an outage, and of one bad key only while others succeed', async () => {
  const topic = await freshTopic(1);
  const producer = await startProducer();
  let down = true;
  const handled: string[] = [];
  await startConsumer(topic, producer, {
    parkLimitMs: 300,
    circuit: { failures: 3, keys: 2, maxProbeMs: 50 },
    handle: async ({ key }) => {
      if (down || key === 'bad') throw new TransientError('down');
      handled.push(key);
    },
  });
  for (const key of ['bad', 'a', 'b', 'c']) await producer.send(topic, event(key, 0));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const dead: string[] = [];
  await scanTopic(kafka, `${topic}.dlq`, ({ key }) => dead.push(key));
  expect(dead).toEqual([]);
  down = false;
  await vi.waitFor(() => expect(handled.toSorted()).toEqual(['a', 'b', 'c']), { timeout: 20_000 });
  await vi.waitFor(
    async () => {
      const found: string[] = [];
      await scanTopic(kafka, `${topic}.dlq`, ({ key, headers }) => found.push(`${key} ${headers['dlq-reason']}`));
      expect(found).toEqual(['bad transient_exhausted']);
    },
    { timeout: 20_000, interval: 500 },
  );
});

it('hands partitions over without losing or mixing up a key when a second member joins in mid-work', async () => {
  const topic = await freshTopic(4);
  const producer = await startProducer();
  const last = new Map<string, number>();
  const seen = new Map<string, Set<number>>();
  const backwards: string[] = [];
  const handle = async (delivery: Delivery): Promise<undefined> => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (!delivery.isAssigned()) throw new TransientError('revoked');
    const n = numberOf(delivery);
    seen.set(delivery.key, (seen.get(delivery.key) ?? new Set()).add(n));
    // A redelivered message may come again; a skipped one may not.
    if (n > (last.get(delivery.key) ?? -1) + 1) backwards.push(`${delivery.key} ${last.get(delivery.key)} → ${n}`);
    last.set(delivery.key, Math.max(n, last.get(delivery.key) ?? -1));
  };
  const group = { groupId: `g-${topic}`, handle, concurrency: 4 };
  await startConsumer(topic, producer, group);
  const keys = [...Array(12).keys()].map((n) => `pi_${n}`);
  for (let n = 0; n < 30; n += 1) await Promise.all(keys.map((key) => producer.send(topic, event(key, n))));
  await startConsumer(topic, producer, group);
  await vi.waitFor(() => expect([...seen.values()].reduce((sum, { size }) => sum + size, 0)).toBe(360), {
    timeout: 60_000,
  });
  expect(backwards).toEqual([]);
});

it('goes on when the partitions were assigned again in the middle of an outage', async () => {
  const topic = await freshTopic(4);
  const producer = await startProducer();
  let down = true;
  let isOpen = false;
  const handled = new Set<string>();
  const options: Partial<ConsumerOptions> = {
    groupId: `g-${topic}`,
    circuit: { failures: 3, keys: 2, maxProbeMs: 2_000 },
    hooks: {
      onCircuit: (_dependency, open) => {
        isOpen = open;
      },
    },
    handle: async ({ key }) => {
      if (down) throw new TransientError('down');
      handled.add(key);
    },
  };
  const consumer = await startConsumer(topic, producer, options);
  const keys = [...Array(60).keys()].map((n) => `pi_${n}`);
  await Promise.all(keys.map((key) => producer.send(topic, event(key, 0))));
  await vi.waitFor(() => expect(isOpen).toBe(true), { timeout: 20_000 });
  // A member that comes and goes takes every partition away once; what waited for the outage's end is void then.
  const other = await startConsumer(topic, producer, options);
  await vi.waitFor(() => expect(other.joined).toBe(true), { timeout: 20_000 });
  running.splice(running.indexOf(other), 1);
  await other.stop?.();
  await vi.waitFor(() => expect(consumer.joined).toBe(true), { timeout: 20_000 });
  down = false;
  // The next probe tells that the outage is over; a probe for each message that is void would take two minutes.
  await vi.waitFor(() => expect(handled.size).toBe(60), { timeout: 20_000 });
});

it('goes on after the broker was killed and restarted, without losing an acknowledged record', async () => {
  const topic = await freshTopic(2);
  const producer = await startProducer();
  const seen = new Set<string>();
  await startConsumer(topic, producer, {
    handle: async ({ attributes }) => {
      seen.add(attributes.id);
    },
  });
  const acknowledged: string[] = [];
  let n = 0;
  const sendOne = async () => {
    n += 1;
    const record = event('pi_1', n);
    await producer.send(topic, record).then(
      () => acknowledged.push(record.headers.ce_id as string),
      () => {},
    );
  };
  for (let i = 0; i < 20; i += 1) await sendOne();
  await broker.kill();
  const during = Promise.all([...Array(5).keys()].map(sendOne));
  await broker.restart();
  await during;
  await vi.waitFor(
    async () => {
      await sendOne();
      expect(acknowledged.length).toBeGreaterThan(21);
    },
    { timeout: 60_000, interval: 500 },
  );
  await vi.waitFor(() => expect(acknowledged.filter((id) => !seen.has(id))).toEqual([]), { timeout: 60_000 });
});

it('reports a record whose acknowledgement got lost as not durable, and swallows none that is sent after it', async () => {
  const topic = await freshTopic(1);
  const opened = new Set<Socket>();
  let dropping = false;
  const deaf = createKafka(environment(broker.brokers.split(',')), {
    clientId: 'deaf',
    log,
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      const emit = socket.emit.bind(socket) as (name: string | symbol, ...args: unknown[]) => boolean;
      socket.emit = (name: string | symbol, ...args: unknown[]) =>
        name === 'data' && dropping ? true : emit(name, ...args);
      opened.add(socket);
      return socket;
    },
  });
  const producer = await startProducer(deaf, { deadlineMs: 1_000 });
  await producer.send(topic, event('pi_1', 0));
  dropping = true;
  await expect(producer.send(topic, event('pi_1', 1))).rejects.toThrow(TransientError);
  dropping = false;
  for (const socket of opened) socket.destroy(new Error('connection reset'));
  for (const n of [2, 3, 4]) await vi.waitFor(() => producer.send(topic, event('pi_1', n)), { timeout: 20_000 });
  const found: number[] = [];
  await scanTopic(kafka, topic, (message) => found.push(numberOf(message)));
  // The unacknowledged one landed, perhaps more than once: a duplicate is harmless, a swallowed record would not be.
  expect(new Set(found)).toEqual(new Set([0, 1, 2, 3, 4]));
});

it('lets one too large record fail alone', async () => {
  const topic = await freshTopic(1, { 'max.message.bytes': '100000' });
  const producer = await startProducer();
  const results = await Promise.allSettled([
    producer.send(topic, event('pi_1', 0)),
    producer.send(topic, event('pi_1', 1, 200_000)),
    producer.send(topic, event('pi_1', 2)),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ name: 'PermanentError', reason: 'too_large' });
  await expect(producer.send(topic, event('pi_1', 3, 3_000_000))).rejects.toMatchObject({ reason: 'too_large' });
});

it('stays idle when nothing is to be done', async () => {
  const topic = await freshTopic(1);
  const producer = await startProducer();
  const consumer = await startConsumer(topic, producer, {});
  await vi.waitFor(() => expect(consumer.joined).toBe(true), { timeout: 20_000 });
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.name);
  process.on('warning', listen);
  const timers = vi.spyOn(globalThis, 'setTimeout');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const armed = timers.mock.calls.length;
  timers.mockRestore();
  process.off('warning', listen);
  expect(warnings).toEqual([]);
  // Without the fix each broker connection arms a 1 ms timer over and over: some thousand in this time.
  expect(armed).toBeLessThan(200);
});
