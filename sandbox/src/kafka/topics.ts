import { TOPICS } from '@connector/contracts';
import { createKafka, ensureTopics, type Kafka, kafkaConfig } from '@connector/kafka';
import { type Environment, parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import * as z from 'zod';
import { KafkaUnavailable } from './distribution.ts';

/**
 * The sandbox's own client to the cluster in the KAFKA_* variables of `env`. Throws ConfigError for unusable settings.
 */
export const connectKafka = (env: Environment): Kafka =>
  createKafka(parseConfig(z.object(kafkaConfig), env), { clientId: 'sandbox', log: createLogger('sandbox', 'silent') });

/** Creates the system's missing topics, with the cluster's default replication. Throws KafkaUnavailable. */
export async function createTopics(kafka: Kafka, brokers: string): Promise<void> {
  try {
    await ensureTopics(kafka, TOPICS);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new KafkaUnavailable(`The topics could not be created at ${brokers}: ${reason}.`, { cause });
  }
}
