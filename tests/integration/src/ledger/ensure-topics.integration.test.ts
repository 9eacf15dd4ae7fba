import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TOPICS } from '@connector/contracts';
import { createKafka, kafkaConfig } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import { type RunningKafka, startKafka } from '@connector/sandbox/kafka';
import { createLogger } from '@connector/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';

const COMMAND = join(import.meta.dirname, '../../../../services/ledger/src/commands', 'ensure-topics.ts');
const PREFIX = 'shop.';
let kafka: RunningKafka;

beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka?.stop());

const ensureTopics = async (over: Record<string, string> = {}) => {
  const env = {
    PATH: process.env.PATH,
    KAFKA_BROKERS: kafka.brokers,
    KAFKA_TOPIC_PREFIX: PREFIX,
    KAFKA_TOPICS_PARTITIONS: '{"payments.events":3}',
    KAFKA_TOPICS_CONFIG: '{"retention.ms":"3600000"}',
    ...over,
  };
  return (await promisify(execFile)(process.execPath, [COMMAND], { env })).stdout;
};

it('creates what is missing as it was told, and the second time nothing', async () => {
  const names = TOPICS.map(({ name }) => `${PREFIX}${name}`);
  expect(await ensureTopics()).toBe(`created: ${names.join(', ')}\n`);

  const config = parseConfig(z.object(kafkaConfig), { KAFKA_BROKERS: kafka.brokers });
  const admin = createKafka(config, { clientId: 'test', log: createLogger('test', 'silent') }).client.admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({
      topics: [`${PREFIX}payments.events`, `${PREFIX}checkout.sessions`],
    });
    const partitions = topics.map(({ name, partitions }) => [name, partitions.length]);
    expect(Object.fromEntries(partitions)).toEqual({ 'shop.payments.events': 3, 'shop.checkout.sessions': 3 });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: `${PREFIX}payments.events`, configNames: ['retention.ms', 'max.message.bytes'] }],
    });
    const entries = resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? [];
    expect(Object.fromEntries(entries)).toEqual({ 'retention.ms': '3600000', 'max.message.bytes': '2097152' });
  } finally {
    await admin.disconnect();
  }

  expect(await ensureTopics()).toBe('every topic exists\n');
});

it('refuses while another installation reads in the group, at once and with its name, and not for pods of its own', async () => {
  const config = parseConfig(z.object(kafkaConfig), {
    KAFKA_BROKERS: kafka.brokers,
    KAFKA_TOPIC_PREFIX: PREFIX,
    KAFKA_INSTANCE: 'shop.team-b.pay',
  });
  const other = createKafka(config, { clientId: 'ledger', log: createLogger('test', 'silent') });
  const member = other.client.consumer({ groupId: other.prefixed('ledger') });
  const joined = Promise.withResolvers<void>();
  member.on(member.events.GROUP_JOIN, () => joined.resolve());
  await member.connect();
  try {
    await member.subscribe({ topic: `${PREFIX}payments.events` });
    await member.run({ eachMessage: async () => {} });
    await joined.promise;
    const began = performance.now();
    await expect(ensureTopics({ KAFKA_INSTANCE: 'shop.team-a.pay' })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Another installation (shop.team-b.pay) reads in the group shop.ledger'),
    });
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(await ensureTopics({ KAFKA_INSTANCE: 'shop.team-b.pay' })).toBe('every topic exists\n');
    expect(await ensureTopics()).toBe('every topic exists\n');
  } finally {
    await member.disconnect();
  }
});
