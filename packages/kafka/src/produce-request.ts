/// <reference path="./kafkajs-internals.d.ts" />
// The bundler and Node must both find the very objects that kafkajs itself uses.
import Encoder, { type Encoded } from 'kafkajs/src/protocol/encoder.js';
import protocol, { type ProduceArguments } from 'kafkajs/src/protocol/requests/index.js';
import { ByteWriter, writeRecordBatch } from './record-batch.ts';

/** The newest that kafkajs knows; every broker since Apache Kafka 2.1 takes it. */
const VERSION = 7;
/** Bytes left free in front of a body, for what kafkajs puts there: sizes, numbers, the client's id. */
const ROOM_IN_FRONT = 512;
/** The writer's memory is kept from one request to the next up to this size, in bytes. */
const KEPT_BYTES = 1024 * 1024;
const FIRST_BYTES = 64 * 1024;

/**
 * kafkajs gives each header of each record a buffer of its own and copies a record some ten times on its way to the socket:
 * with a few thousand records a second that is most of what a producer costs. Here produce requests are written once, in one
 * pass (docs/adr/0011). Connections, brokers, errors and repeats stay kafkajs's, and so do requests that are compressed,
 * idempotent or transactional.
 */
export function useOwnProduceRequest(): void {
  const { Produce } = protocol.requests;
  const protocolOf = Produce.protocol;
  Produce.protocol = ({ version }) => {
    const theirs = protocolOf({ version });
    if (version !== VERSION) return theirs;
    return (given) => {
      const { request, response } = theirs(given);
      return { response, request: isPlain(given) ? { ...request, encode: async () => bodyOf(given) } : request };
    };
  };
  takeBodiesOver();
}

const isPlain = ({ compression, transactionalId, producerId }: ProduceArguments) =>
  !compression && !transactionalId && (producerId === undefined || Number(producerId) === -1);

/** Encoded things whose memory has free bytes in front of them. */
const roomInFront = new WeakMap<Encoded, { readonly memory: Buffer; readonly free: number }>();

/**
 * kafkajs puts a request's head in front of its body by copying the body behind it, twice. A body with room in front takes
 * the head in instead.
 */
function takeBodiesOver(): void {
  const { prototype } = Encoder;
  const append = prototype.writeEncoder;
  prototype.writeEncoder = function (this: Encoder, body: Encoded) {
    const room = roomInFront.get(body);
    if (!room || room.free < this.offset) return append.call(this, body);
    const free = room.free - this.offset;
    this.buf.copy(room.memory, free, 0, this.offset);
    this.buf = room.memory.subarray(free);
    this.offset = this.buf.length;
    roomInFront.set(this, { memory: room.memory, free });
    return this;
  };
}

let writer = new ByteWriter(FIRST_BYTES);

function bodyOf(given: ProduceArguments): Encoded {
  writer.length = 0;
  writeProduceRequest(writer, given, Date.now());
  // A socket may hold on to what it was given, after a time-out too: each request has memory of its own.
  const memory = Buffer.allocUnsafeSlow(ROOM_IN_FRONT + writer.length);
  writer.memory.copy(memory, ROOM_IN_FRONT, 0, writer.length);
  if (writer.memory.length > KEPT_BYTES) writer = new ByteWriter(FIRST_BYTES);
  const buf = memory.subarray(ROOM_IN_FRONT);
  const body: Encoded = { buf, buffer: buf };
  roomInFront.set(body, { memory, free: ROOM_IN_FRONT });
  return body;
}

/** Appends a produce request of version 7, from its transactional id on; `now` is Unix time in ms. */
export function writeProduceRequest(
  to: ByteWriter,
  { acks, timeout, topicData }: Pick<ProduceArguments, 'acks' | 'timeout' | 'topicData'>,
  now: number,
): void {
  to.string(null); // transactional id
  to.int16(acks);
  to.int32(timeout);
  to.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    to.string(topic);
    to.int32(partitions.length);
    for (const { partition, messages } of partitions) {
      to.int32(Number(partition));
      const sizeAt = to.length;
      to.int32(0);
      writeRecordBatch(to, messages, now);
      to.memory.writeInt32BE(to.length - sizeAt - 4, sizeAt);
    }
  }
}
