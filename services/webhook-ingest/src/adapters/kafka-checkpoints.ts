import { CHECKPOINTS } from '@connector/contracts';
import { type Kafka, type Producer, readLatest } from '@connector/kafka';
import { type Checkpoint, parseCheckpoint } from '../domain/checkpoint.ts';

/** Where a run's checkpoint is kept. */
export interface Checkpoints {
  read(key: string): Promise<Checkpoint | undefined>;
  /** Resolves once it is durable. Throws as a send to Kafka does. */
  write(key: string, checkpoint: Checkpoint): Promise<void>;
}

/** Checkpoints on the compacted topic `connector.checkpoints`. */
export const kafkaCheckpoints = (kafka: Kafka, producer: Pick<Producer, 'send'>): Checkpoints => ({
  read: async (key) => {
    const stored = await readLatest(kafka, CHECKPOINTS, key);
    return stored && parseCheckpoint(stored.toString());
  },
  write: (key, checkpoint) =>
    producer.send(CHECKPOINTS, { key, value: Buffer.from(JSON.stringify(checkpoint)), headers: {} }),
});
