import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TOPICS } from '@connector/contracts';
import { createKafka, kafkaConfig } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import { beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { type KafkaVariables, sharedKafka } from '../shared-kafka.ts';

const COMMAND = join(import.meta.dirname, '../../../../services/ledger/src/commands', 'ensure-topics.ts');
let variables: KafkaVariables;
let prefix: string;

beforeAll(async () => {
  variables = await sharedKafka();
  prefix = variables.KAFKA_TOPIC_PREFIX;
});

const ensureTopics = async (over: Record<string, string> = {}) => {
  const env = {
    PATH: process.env.PATH,
    ...variables,
    KAFKA_TOPICS_PARTITIONS: '{"payments.events":3}',
    KAFKA_TOPICS_CONFIG: '{"retention.ms":"3600000"}',
    ...over,
  };
  return (await promisify(execFile)(process.execPath, [COMMAND], { env })).stdout;
};

it('creates what is missing as it was told, and the second time nothing', async () => {
  const names = TOPICS.map(({ name }) => `${prefix}${name}`);
  expect(await ensureTopics()).toBe(`created: ${names.join(', ')}\n`);

  const config = parseConfig(z.object(kafkaConfig), { KAFKA_BROKERS: variables.KAFKA_BROKERS });
  const admin = createKafka(config, { clientId: 'test', log: createLogger('test', 'silent') }).client.admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({
      topics: [`${prefix}payments.events`, `${prefix}checkout.sessions`],
    });
    const partitions = topics.map(({ name, partitions }) => [name, partitions.length]);
    expect(Object.fromEntries(partitions)).toEqual({
      [`${prefix}payments.events`]: 3,
      [`${prefix}checkout.sessions`]: 3,
    });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: `${prefix}payments.events`, configNames: ['retention.ms', 'max.message.bytes'] }],
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
    ...variables,
    KAFKA_INSTANCE: 'shop.team-b.pay',
  });
  const other = createKafka(config, { clientId: 'ledger', log: createLogger('test', 'silent') });
  const member = other.client.consumer({ groupId: other.prefixed('ledger') });
  const joined = Promise.withResolvers<void>();
  member.on(member.events.GROUP_JOIN, () => joined.resolve());
  await member.connect();
  try {
    await member.subscribe({ topic: `${prefix}payments.events` });
    await member.run({ eachMessage: async () => {} });
    await joined.promise;
    const began = performance.now();
    await expect(ensureTopics({ KAFKA_INSTANCE: 'shop.team-a.pay' })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Another installation (shop.team-b.pay) reads in the group ${prefix}ledger`),
    });
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(await ensureTopics({ KAFKA_INSTANCE: 'shop.team-b.pay' })).toBe('every topic exists\n');
    expect(await ensureTopics()).toBe('every topic exists\n');
  } finally {
    await member.disconnect();
  }
});
