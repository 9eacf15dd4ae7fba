import type { OwnRequest } from '../kafkajs-internals/connection.ts';
import { API, Decoder } from '../kafkajs-internals/protocol.ts';
import { ByteWriter } from '../produce/record-batch.ts';

/**
 * 7 is the first version with the leader's epoch. Every broker since Apache Kafka 1.0 accepts one of these versions.
 */
export const METADATA_VERSIONS = { oldest: 5, newest: 7 } as const;

export interface PartitionMetadata {
  readonly partition: number;
  /** Node id; -1 = no leader at the moment. */
  readonly leader: number;
  /** Counts the leaders of the partition; -1 = unknown. */
  readonly epoch: number;
}

export interface Metadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly {
    readonly errorCode: number;
    readonly topic: string;
    readonly partitions: readonly PartitionMetadata[];
  }[];
}

/** Asks for the brokers and for `topics`, by their names in the cluster. The request creates no topic. */
export function metadataRequest(topics: readonly string[], version: number): OwnRequest<Metadata> {
  const to = new ByteWriter(256);
  to.int32(topics.length);
  for (const topic of topics) to.string(topic);
  to.int8(0);
  const body = to.memory.subarray(0, to.length);
  return { apiKey: API.metadata, name: 'Metadata', version, body, decode: (payload) => metadataOf(payload, version) };
}

function metadataOf(payload: Buffer, version: number): Metadata {
  const decoder = new Decoder(payload);
  decoder.readInt32(); // throttle time
  const brokers = decoder.readArray((of) => {
    const broker = { nodeId: of.readInt32(), host: of.readString() ?? '', port: of.readInt32() };
    of.readString(); // rack
    return broker;
  });
  decoder.readString(); // the cluster's id
  decoder.readInt32(); // the controller
  const topics = decoder.readArray((of) => {
    const errorCode = of.readInt16();
    const topic = of.readString() ?? '';
    of.readBoolean(); // internal
    return { errorCode, topic, partitions: of.readArray((one) => partitionOf(one, version)) };
  });
  return { brokers, topics };
}

function partitionOf(decoder: Decoder, version: number): PartitionMetadata {
  decoder.readInt16(); // A partition's error shows in its leader: -1
  const partition = decoder.readInt32();
  const leader = decoder.readInt32();
  const epoch = version >= 7 ? decoder.readInt32() : -1;
  for (const _ of ['replicas', 'in sync', 'offline']) decoder.readArray((of) => of.readInt32());
  return { partition, leader, epoch };
}
