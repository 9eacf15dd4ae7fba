import { MAX_MESSAGE_BYTES, toRecord } from '@connector/contracts';
import { PermanentError } from '@connector/errors';
import {
  createConsumer,
  createDeadLetterQueue,
  createKafka,
  createProducer,
  type Delivery,
  ensureTopics,
  type Handled,
  type Kafka,
  kafkaConfig,
  type Producer,
  type StoredMessage,
  scanTopic,
} from '@connector/kafka';
import { type Component, parseConfig } from '@connector/lifecycle';
import { createLogger, startTracing } from '@connector/telemetry';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { sharedKafka } from '../shared-kafka.ts';

const log = createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent');
let kafka: Kafka;
let producer: Producer;
const running: Component[] = [];

beforeAll(async () => {
  await startTracing('test');
  kafka = createKafka(parseConfig(z.object(kafkaConfig), await sharedKafka()), { clientId: 'test', log });
  producer = createProducer(kafka);
  await producer.start?.();
});
afterAll(() => producer?.stop?.());
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop?.();
});

let topics = 0;
/** A topic whose consumer refuses what `isPoison` says, until that changes. */
async function ledgerOn(isPoison: (delivery: Delivery) => boolean) {
  topics += 1;
  const topic = `events${topics}`;
  const dlq = `${topic}.dlq`;
  const config = { 'max.message.bytes': String(MAX_MESSAGE_BYTES) };
  await ensureTopics(
    kafka,
    [topic, dlq].map((name) => ({ name, partitions: 3, config })),
  );
  const handled: Delivery[] = [];
  const consumer = createConsumer(kafka, {
    groupId: `g-${topic}`,
    topic,
    deadLetterTopic: dlq,
    producer,
    sessionTimeoutMs: 10_000,
    handle: async (delivery) => {
      if (isPoison(delivery)) throw new PermanentError('jane@example.com cannot be charged', { reason: 'rejected' });
      handled.push(delivery);
    },
  });
  running.push(consumer);
  await consumer.start?.();
  const queue = createDeadLetterQueue(kafka, { topic: dlq, producer, by: 'sre@laptop' });
  const waiting = (count: number) =>
    vi.waitFor(async () => expect(await queue.depth()).toBe(count), { timeout: 30_000, interval: 200 });
  return { topic, dlq, handled, queue, waiting };
}

/** As Stripe sends it, with spaces and a character of two bytes: bytes that no parser gives back. */
const bytesOf = (n: number) => Buffer.from(`{ "id":"evt_${n}",\n  "name":"Zoë",  "n":${n} }`);
const event = (key: string, n: number) =>
  toRecord(
    key,
    {
      id: `evt_${n}`,
      source: '/stripe/acct_1',
      type: 'com.stripe.charge.succeeded',
      time: '2026-11-23T10:00:00.000Z',
      subject: key,
    },
    bytesOf(n),
    { 'stripe-api-version': '2026-01-28.basil' },
  );

const withoutTrace = ({ traceparent: _, ...headers }: Record<string, string> = {}) => headers;
const traceOf = (headers: Readonly<Record<string, string>> | undefined) => headers?.traceparent?.split('-')[1];

async function all(topic: string): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = [];
  await scanTopic(kafka, topic, (message) => messages.push(message));
  return messages;
}

it('lists a poison message with its reason, puts it back unchanged once its cause is fixed, and lists it no more', async () => {
  let fixed = false;
  const { topic, dlq, handled, queue, waiting } = await ledgerOn(
    ({ attributes }) => !fixed && attributes.id === 'evt_2',
  );
  const records = [event('pi_1', 1), event('pi_1', 2), event('pi_2', 3)];
  for (const record of records) await producer.send(topic, record);
  await waiting(1);

  const listed = await queue.list();
  expect(listed).toMatchObject([
    {
      key: 'pi_1',
      reason: 'rejected',
      bytes: bytesOf(2).length,
      event: { id: 'evt_2', type: 'com.stripe.charge.succeeded' },
      origin: { topic },
    },
  ]);
  const [letter] = listed;
  if (!letter) throw new Error('nothing listed');
  const read = await queue.read(letter.id);
  expect(read?.value.equals(bytesOf(2))).toBe(true);
  expect(read?.letter.headers['dlq-error-message']).toBe('[redacted] cannot be charged');
  expect(read?.letter.headers['dlq-error-stack']).toContain('PermanentError');

  fixed = true;
  const progress: string[] = [];
  const result = await queue.redrive(listed, {
    perSecond: 1000,
    onProgress: ({ letter: { id }, outcome }, done, total) => progress.push(`${id} ${outcome} ${done}/${total}`),
  });
  expect(result.map(({ outcome }) => outcome)).toEqual(['redriven']);
  expect(progress).toEqual([`${letter.id} redriven 1/1`]);
  await vi.waitFor(() => expect(handled.map(({ attributes }) => attributes.id)).toContain('evt_2'), {
    timeout: 20_000,
  });
  const again = handled.find(({ attributes }) => attributes.id === 'evt_2');
  expect(again?.value.equals(bytesOf(2))).toBe(true);
  expect(again).toMatchObject({
    key: 'pi_1',
    headers: { ...withoutTrace(records[1]?.headers), 'dlq-redriven-from': letter.id },
  });
  // From Stripe's request over the dead letter to its second handling it is one trace.
  const [sent] = (await all(topic)).filter(({ headers }) => headers.ce_id === 'evt_2');
  expect(traceOf(sent?.headers)).toMatch(/^[0-9a-f]{32}$/);
  expect(traceOf(letter.headers)).toBe(traceOf(sent?.headers));
  expect(traceOf(again?.headers)).toBe(traceOf(sent?.headers));
  expect(Object.keys(again?.headers ?? {}).filter((name) => name.startsWith('dlq-'))).toEqual(['dlq-redriven-from']);

  expect(await queue.list()).toEqual([]);
  expect(await queue.depth()).toBe(0);
  expect(await queue.list({ resolved: true })).toMatchObject([
    { id: letter.id, resolution: { kind: 'redriven', by: 'sre@laptop' } },
  ]);
  // The audit line lies beside the message it is about, under the same key.
  const [kept, audit] = await all(dlq);
  expect(kept?.value.equals(bytesOf(2))).toBe(true);
  expect(audit).toMatchObject({
    key: 'pi_1',
    headers: { 'dlq-resolution': 'redriven', 'dlq-resolves': letter.id, 'dlq-resolved-by': 'sre@laptop' },
  });

  // Twice is harmless: the event arrives again, nothing else changes.
  await queue.redrive(listed, { perSecond: 1000 });
  await vi.waitFor(() => expect(handled.filter(({ attributes }) => attributes.id === 'evt_2')).toHaveLength(2), {
    timeout: 20_000,
  });
  expect(await queue.depth()).toBe(0);
});

it('lists a message that is refused again as a new dead letter that knows where it came from', async () => {
  const { topic, queue, waiting } = await ledgerOn(() => true);
  await producer.send(topic, event('pi_1', 1));
  await waiting(1);
  const [first] = await queue.list();
  if (!first) throw new Error('nothing listed');
  await queue.redrive([first], { perSecond: 1000 });
  await waiting(1);
  const [second, ...others] = await queue.list();
  expect(others).toEqual([]);
  expect(second?.id).not.toBe(first.id);
  expect(second?.headers).toMatchObject({ 'dlq-redriven-from': first.id, ce_id: 'evt_1' });
});

it('redrives in the order the messages of a key became dead letters, whatever order they are given in', async () => {
  let fixed = false;
  const { topic, handled, queue, waiting } = await ledgerOn(() => !fixed);
  for (const n of [1, 2, 3, 4]) await producer.send(topic, event('pi_1', n));
  await waiting(4);
  fixed = true;
  await queue.redrive((await queue.list()).toReversed(), { perSecond: 1000 });
  await vi.waitFor(() => expect(handled).toHaveLength(4), { timeout: 20_000 });
  expect(handled.map(({ attributes }) => attributes.id)).toEqual(['evt_1', 'evt_2', 'evt_3', 'evt_4']);
});

it('finds the letters of one key in its partition alone, with what was done about them', async () => {
  const { topic, dlq, queue, waiting } = await ledgerOn(() => true);
  const keys = ['pi_1', 'pi_2', 'pi_3', 'pi_4', 'pi_5', 'pi_6'];
  for (const [n, key] of keys.entries()) await producer.send(topic, event(key, n));
  await producer.send(topic, event('pi_1', 7));
  await waiting(7);
  const [first] = await queue.list({ key: 'pi_1' });
  if (!first) throw new Error('nothing listed');
  await queue.discard([first], 'a test payment');
  const others = (await all(dlq)).filter(({ partition }) => partition !== first.partition);
  expect(others.length).toBeGreaterThan(0);
  expect(await queue.ofKey('pi_1')).toMatchObject([
    { event: { id: 'evt_0' }, resolution: { kind: 'discarded' } },
    { event: { id: 'evt_7' }, partition: first.partition },
  ]);
  expect(await queue.ofKey('pi_nobody')).toEqual([]);
});

it('discards with a reason, and without losing the message', async () => {
  const { topic, dlq, handled, queue, waiting } = await ledgerOn(() => true);
  for (const n of [1, 2]) await producer.send(topic, event(`pi_${n}`, n));
  await waiting(2);
  const selected = await queue.list({ eventId: 'evt_1' });
  await expect(queue.discard(selected, ' ')).rejects.toThrow('reason');
  expect(await queue.depth()).toBe(2);
  await queue.discard(selected, 'test payment of a deleted project', { perSecond: 1000 });
  expect((await queue.list()).map(({ event: { id } }) => id)).toEqual(['evt_2']);
  expect(await queue.list({ eventId: 'evt_1', resolved: true })).toMatchObject([
    { resolution: { kind: 'discarded', by: 'sre@laptop', reason: 'test payment of a deleted project' } },
  ]);
  expect((await all(dlq)).some(({ value }) => value.equals(bytesOf(1)))).toBe(true);
  expect(handled).toEqual([]);
});

it('keeps a message listed that Kafka does not take, and leaves the rest for later', async () => {
  const { topic, queue, waiting } = await ledgerOn(() => true);
  for (const n of [1, 2]) await producer.send(topic, event('pi_1', n));
  await waiting(2);
  const unconnected = createProducer(kafka, { deadlineMs: 100 });
  const other = createDeadLetterQueue(kafka, { topic: `${topic}.dlq`, producer: unconnected, by: 'sre' });
  const results: Handled[] = await other.redrive(await queue.list(), { perSecond: 1000 });
  expect(results.map(({ outcome, problem }) => [outcome, problem])).toEqual([
    ['failed', 'Kafka did not acknowledge in time'],
    ['left', undefined],
  ]);
  expect(await queue.depth()).toBe(2);
});

it('says so of a message that the topic does not hold', async () => {
  const { topic, queue, waiting } = await ledgerOn(() => true);
  await producer.send(topic, event('pi_1', 1));
  await waiting(1);
  const [letter] = await queue.list();
  if (!letter) throw new Error('nothing listed');
  expect(await queue.read(`${letter.partition}:999`)).toBeUndefined();
  const gone = { ...letter, id: `${letter.partition}:999`, offset: '999' };
  const results = await queue.redrive([gone, letter], { perSecond: 1000 });
  expect(results.map(({ letter: { id }, outcome }) => [id, outcome])).toEqual([
    [letter.id, 'redriven'],
    [gone.id, 'failed'],
  ]);
});
