import { CHECKPOINTS } from '@connector/contracts';
import { type Kafka, type Producer, readLatest } from '@connector/kafka';
import { parseCheckpoint } from '../domain/checkpoint.ts';
import type { Checkpoints } from '../use-cases/ports.ts';

/** Checkpoints on the compacted topic `connector.checkpoints`. */
export const kafkaCheckpoints = (kafka: Kafka, producer: Pick<Producer, 'send'>): Checkpoints => ({
  read: async (key) => {
    const stored = await readLatest(kafka, CHECKPOINTS, key);
    return stored && parseCheckpoint(stored.toString());
  },
  write: (key, checkpoint) =>
    producer.send(CHECKPOINTS, { key, value: Buffer.from(JSON.stringify(checkpoint)), headers: {} }),
});
