import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';

/** Variables that tell a service where Kafka is, and which topics and groups of it are the file's. */
export type KafkaVariables = Readonly<Record<'KAFKA_BROKERS' | 'KAFKA_TOPIC_PREFIX', string>>;

/**
 * The broker that the files of this stage share, with a prefix of its own for the topics and groups of the file that asks. A file that ends
 * a broker, or needs other settings of it, starts its own and says so. Throws Error where there can be no broker.
 */
export async function sharedKafka(): Promise<KafkaVariables> {
  const answer = await fetch(inject('kafkaServer'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return { KAFKA_BROKERS: text, KAFKA_TOPIC_PREFIX: `test-${randomUUID().slice(0, 8)}.` };
}
