import { TOPICS } from '@connector/contracts';
import { createKafka, createProducer, ensureTopics, type Kafka, kafkaConfig, type Producer } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import * as z from 'zod';

/** A client of the brokers that these variables name. */
export function connectKafka(env: Readonly<Record<string, string>>): Kafka {
  const log = createLogger('bench', 'silent');
  return createKafka(parseConfig(z.object(kafkaConfig), env), { clientId: 'bench', log });
}

/** Topics beside those of the environment, under a prefix. */
export interface OwnTopics {
  readonly producer: Producer;
  /** What a service is started with to use them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Makes all topics once more, with this many partitions each. */
export async function ownTopics(
  environment: { readonly env: Readonly<Record<string, string>> },
  prefix: string,
  partitions: number,
): Promise<OwnTopics> {
  const env = { KAFKA_TOPIC_PREFIX: prefix };
  const kafka = connectKafka({ ...environment.env, ...env });
  await ensureTopics(kafka, TOPICS, { partitions: () => partitions });
  const producer = createProducer(kafka);
  await producer.start?.();
  return { producer, env, stop: async () => producer.stop?.() };
}
