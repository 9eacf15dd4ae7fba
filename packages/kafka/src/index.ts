export {
  type BroadcastConsumer,
  type BroadcastMessage,
  createBroadcastConsumer,
} from './broadcast-consumer.ts';
export { createKafka, instanceOf, type Kafka } from './client.ts';
export { checkKafkaEnvironment, type KafkaEnvironment, kafkaConfig } from './config.ts';
export type { ConsumerOptions } from './consume/consumer-options.ts';
export type { Delivery, WaitingMessage } from './consume/delivery.ts';
export type { SkippedRange } from './consume/fetch-lane.ts';
export type { ConsumerHooks } from './consume/process.ts';
export { createConsumer } from './consumer.ts';
export { createLagExporter } from './consumer-lag.ts';
export { type DeadLetter, type DeadLetterFilter, isRedriven, type Resolution } from './dead-letter.ts';
export { createDeadLetterQueue, type DeadLetterQueue, type Handled, type HandleOptions } from './dead-letter-queue.ts';
export { type GroupState, inspectCluster, inspectGroup, type TopicState } from './inspect.ts';
export type { DeletedRecords } from './lag.ts';
export { startSentMessages } from './produce/sent-record.ts';
export { createProducer, type Producer, type ProducerOptions } from './producer.ts';
export { readLatest, type StoredMessage, scanTopic } from './scan.ts';
export { ensureTopics, missingTopics, type TopicLayout } from './topics.ts';
