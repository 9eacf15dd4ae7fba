import type { OwnRequest } from '../kafkajs-internals/connection.ts';
import { API, Decoder } from '../kafkajs-internals/protocol.ts';
import { ByteWriter, type KafkaMessage, writeRecordBatch } from './record-batch.ts';

/**
 * The body is the same in these versions; from 5 on the answer has one more number. Every broker since Apache Kafka
 * 0.11 accepts one of them.
 */
export const PRODUCE_VERSIONS = { oldest: 3, newest: 7 } as const;
/** The writer's memory is reused for the next request up to this size, in bytes. */
const KEPT_BYTES = 1024 * 1024;
const FIRST_BYTES = 64 * 1024;

export interface ProduceArguments {
  /** -1: all in-sync replicas. */
  readonly acks: number;
  /** For the broker, in ms. */
  readonly timeout: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly KafkaMessage[] }[];
  }[];
}

/** The broker's answer for one partition; 0 = written with the requested durability. */
export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
}

export interface Produced {
  readonly partitions: readonly ProducedPartition[];
  readonly clientSideThrottleTime: number;
}

let writer = new ByteWriter(FIRST_BYTES);

/**
 * A produce request, written once and in one pass (docs/adr/0011). Its answer has every partition's own error.
 * kafkajs's answer throws the first error, which hides the results of the others.
 */
export function produceRequest(given: ProduceArguments, version: number): OwnRequest<Produced> {
  if (writer.memory.length > KEPT_BYTES) writer = new ByteWriter(FIRST_BYTES);
  writer.length = 0;
  writeProduceRequest(writer, given, Date.now());
  const body = writer.memory.subarray(0, writer.length);
  return { apiKey: API.produce, name: 'Produce', version, body, decode: (payload) => producedOf(payload, version) };
}

/** Topic, [partition, error, base offset, append time, (log start)]; then the throttle time in ms. */
function producedOf(payload: Buffer, version: number): Produced {
  const decoder = new Decoder(payload);
  const partitions = decoder.readArray((of) => {
    const topic = of.readString() ?? '';
    return of.readArray((one) => {
      const partition = one.readInt32();
      const errorCode = one.readInt16();
      one.readInt64();
      one.readInt64();
      if (version >= 5) one.readInt64();
      return { topic, partition, errorCode };
    });
  });
  const throttle = decoder.readInt32();
  // Older brokers have already waited themselves.
  return { partitions: partitions.flat(), clientSideThrottleTime: version >= 6 ? throttle : 0 };
}

/** Appends a produce request of version 3 to 8, starting with its transactional id; `now` is Unix time in ms. */
function writeProduceRequest(to: ByteWriter, { acks, timeout, topicData }: ProduceArguments, now: number): void {
  to.string(null); // transactional id
  to.int16(acks);
  to.int32(timeout);
  to.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    to.string(topic);
    to.int32(partitions.length);
    for (const { partition, messages } of partitions) {
      to.int32(partition);
      const sizeAt = to.length;
      to.int32(0);
      writeRecordBatch(to, messages, now);
      to.memory.writeInt32BE(to.length - sizeAt - 4, sizeAt);
    }
  }
}
