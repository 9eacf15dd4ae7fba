/// <reference path="./types.d.ts" />
import Encoder, { type Encoded } from 'kafkajs/src/protocol/encoder.js';

/** Free bytes before a body, for what kafkajs writes there: sizes, numbers, the client's id. */
const ROOM_IN_FRONT = 512;

/** Encoders whose memory has free bytes before the body. */
const roomInFront = new WeakMap<Encoded, { readonly memory: Buffer; readonly free: number }>();

/** A request's body in kafkajs's form. It is a copy of `bytes`, because a socket may still use it after a time-out. */
export function bodyOf(bytes: Buffer): Encoded {
  const memory = Buffer.allocUnsafeSlow(ROOM_IN_FRONT + bytes.length);
  bytes.copy(memory, ROOM_IN_FRONT);
  const buf = memory.subarray(ROOM_IN_FRONT);
  const body: Encoded = { buf, buffer: buf };
  roomInFront.set(body, { memory, free: ROOM_IN_FRONT });
  return body;
}

/**
 * kafkajs puts a request's head before its body by copying the body twice. A body from `bodyOf` has room for the head
 * instead (docs/adr/0011).
 */
export function putHeadsInFront(): void {
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
