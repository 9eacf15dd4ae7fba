import { type EventRecord, toRecord } from '@connector/contracts';
import { createLogger } from '@connector/telemetry';
import { createKafka, type Kafka } from '../client.ts';

/** A client of brokers on this machine, without encryption. */
export const kafkaOf = (bootstrap: string[]): Kafka =>
  createKafka(
    { KAFKA_BROKERS: bootstrap, KAFKA_TOPIC_PREFIX: '', KAFKA_SSL_ENABLED: false },
    { clientId: 'test', log: createLogger('test', process.env.TEST_LOG_LEVEL ?? 'silent') },
  );

/** An event whose value is its id: `<key> <n>`. */
export const eventOf = (key: string, n: number, size = 0): EventRecord => {
  const id = `${key} ${n}`;
  const attributes = { id, source: '/test', type: 'test.happened', time: new Date(0).toISOString() };
  return toRecord(key, attributes, Buffer.from(id.padEnd(size)));
};
