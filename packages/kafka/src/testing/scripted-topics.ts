import { Decoder, decodeRecords } from '../kafkajs-internals/protocol.ts';
import type { Answer, ScriptedBrokers, ScriptedPartition } from './scripted-answer.ts';

const NOT_LEADER = 6;
const UNKNOWN_PARTITION = 3;

const produce: Answer = ({ cluster, nodeId, version, body, to, error, isUnnamed }) => {
  body.readString(); // transactional id
  body.readInt16(); // acks
  body.readInt32(); // timeout
  const topics = body.readArray((of) => ({
    topic: of.readString() ?? '',
    partitions: of.readArray((one) => ({ partition: one.readInt32(), records: one.readBytes() ?? Buffer.alloc(0) })),
  }));
  if (isUnnamed) topics.splice(0);
  to.int32(topics.length);
  for (const { topic, partitions } of topics) {
    to.string(topic);
    to.int32(partitions.length);
    for (const { partition, records } of partitions) {
      const state = cluster.partitions.get(topic)?.[partition];
      const wrong = state ? (state.leader === nodeId ? error : NOT_LEADER) : UNKNOWN_PARTITION;
      to.int32(partition);
      to.int16(wrong);
      to.int64(state && wrong === 0 ? append(state, records) : -1);
      to.int64(-1);
      if (version >= 5) to.int64(0);
    }
  }
  to.int32(0);
};

/** A record batch's record count stands after the producer's fields. */
const COUNT_AT = 57;

export function append(state: ScriptedPartition, sent: Buffer): number {
  const bytes = Buffer.from(sent);
  const records = bytes.readInt32BE(COUNT_AT);
  const base = state.next;
  bytes.writeBigInt64BE(BigInt(base), 0);
  state.batches.push({ base, records, bytes });
  state.next += records;
  return base;
}

const metadata: Answer = ({ cluster, version, body, to }) => {
  const asked = body.readArray((of) => of.readString() ?? '');
  to.int32(0);
  to.int32(cluster.ports.length);
  for (const [nodeId, port] of cluster.ports.entries()) {
    to.int32(nodeId);
    to.string('127.0.0.1');
    to.int32(port);
    to.string(null);
  }
  to.string('scripted');
  to.int32(0);
  to.int32(asked.length);
  for (const topic of asked) {
    const partitions = cluster.partitions.get(topic);
    to.int16(partitions ? 0 : UNKNOWN_PARTITION);
    to.string(topic);
    to.int8(0);
    to.int32(partitions?.length ?? 0);
    for (const [partition, state] of (partitions ?? []).entries()) {
      const { leader, epoch } = cluster.told(topic, partition) ?? state;
      to.int16(0);
      to.int32(partition);
      to.int32(leader);
      if (version >= 7) to.int32(epoch);
      for (const _ of ['replicas', 'in sync']) {
        to.int32(cluster.ports.length);
        for (const nodeId of cluster.ports.keys()) to.int32(nodeId);
      }
      to.int32(0); // offline replicas
    }
  }
};

const apiVersions: Answer = ({ cluster, version, to }) => {
  to.int16(0);
  to.int32(cluster.versions.length);
  for (const [apiKey, oldest, newest] of cluster.versions) {
    to.int16(apiKey);
    to.int16(oldest);
    to.int16(newest);
  }
  if (version >= 1) to.int32(0);
};

/** The brokers' answers to producers and about topics. */
export const TOPIC_ANSWERS = [
  [0, { versions: [3, 7], answer: produce }],
  [3, { versions: [5, 7], answer: metadata }],
  [18, { versions: [0, 2], answer: apiVersions }],
] as const;

/** The values in a partition, in order, as text. */
export async function valuesIn(cluster: ScriptedBrokers, topic: string, partition: number): Promise<string[]> {
  const values: string[] = [];
  for (const { bytes } of cluster.partition(topic, partition).batches) {
    const size = Buffer.alloc(4);
    size.writeInt32BE(bytes.length);
    const records = await decodeRecords(new Decoder(Buffer.concat([size, bytes])));
    values.push(...records.map(({ value }) => value?.toString() ?? ''));
  }
  return values;
}
