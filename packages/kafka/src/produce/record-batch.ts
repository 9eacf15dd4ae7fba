import { crc32c } from './crc32c.ts';

/** The parts of a record; text is UTF-8. */
export interface KafkaMessage {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;
  /** Unix time in ms. */
  readonly timestamp?: number | string;
}

type HeaderValue = Buffer | string;

/** A growing buffer. Numbers are big-endian; lengths of records' parts are varints. */
export class ByteWriter {
  memory: Buffer;
  length = 0;

  constructor(capacity: number) {
    this.memory = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for this many more bytes. */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.memory.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.memory.length));
    this.memory.copy(larger, 0, 0, this.length);
    this.memory = larger;
  }

  int8(value: number): void {
    this.reserve(1);
    this.memory[this.length++] = value;
  }

  int16(value: number): void {
    this.reserve(2);
    this.length = this.memory.writeInt16BE(value, this.length);
  }

  int32(value: number): void {
    this.reserve(4);
    this.length = this.memory.writeInt32BE(value, this.length);
  }

  /** For safe integers only. */
  int64(value: number): void {
    this.reserve(8);
    this.memory.writeInt32BE(Math.floor(value / 2 ** 32), this.length);
    this.memory.writeUInt32BE(value >>> 0, this.length + 4);
    this.length += 8;
  }

  /** Text after its length in two bytes; null is -1. */
  string(text: string | null): void {
    if (text === null) {
      this.int16(-1);
      return;
    }
    this.int16(Buffer.byteLength(text));
    this.reserve(3 * text.length);
    this.length += this.memory.write(text, this.length);
  }

  /** Zigzag: small numbers of either sign take few bytes. For safe integers above -2^31. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    while (rest >= 0x80) {
      this.memory[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.memory[this.length++] = rest;
  }

  /** Bytes or text after their length as a varint; undefined is -1. */
  varBytes(value: Buffer | string | null | undefined): void {
    if (value === null || value === undefined) {
      this.varint(-1);
    } else if (typeof value === 'string') {
      this.varText(value);
    } else {
      this.varint(value.length);
      this.reserve(value.length);
      this.length += value.copy(this.memory, this.length);
    }
  }

  /** Ids, names and dates are short ASCII texts: writing them here is faster than a call into native code. */
  private varText(text: string): void {
    const start = this.length;
    this.varint(text.length);
    this.reserve(3 * text.length);
    const { memory } = this;
    let at = this.length;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) {
        this.length = start;
        this.varBytes(Buffer.from(text));
        return;
      }
      memory[at++] = code;
    }
    this.length = at;
  }
}

/**
 * From a batch's start to the bytes that its checksum covers, and to its records; offsets of Kafka's message format 2.
 */
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const MAGIC = 2;

/**
 * Appends `messages` as one uncompressed record batch of Kafka's message format 2, without a producer id (neither
 * idempotent nor transactional). Messages without a timestamp get `now`, Unix time in ms.
 */
export function writeRecordBatch(to: ByteWriter, messages: readonly KafkaMessage[], now: number): void {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const message of messages) {
    const timestamp = timestampOf(message, now);
    first = Math.min(first, timestamp);
    last = Math.max(last, timestamp);
  }
  const start = to.length;
  to.int64(0); // base offset: set by the broker
  to.int32(0); // length: written below
  to.int32(0); // partition leader epoch: set by the broker
  to.int8(MAGIC);
  to.int32(0); // checksum: written below
  to.int16(0); // attributes: no compression, creation time
  to.int32(messages.length - 1);
  to.int64(first);
  to.int64(last);
  to.int64(-1); // producer id
  to.int16(0); // producer epoch
  to.int32(0); // first sequence
  to.int32(messages.length);
  for (let index = 0; index < messages.length; index += 1) {
    const message = messages[index] as KafkaMessage;
    writeRecord(to, message, index, timestampOf(message, now) - first);
  }
  const { memory, length } = to;
  memory.writeInt32BE(length - start - 12, start + 8);
  memory.writeUInt32BE(crc32c(memory, start + ATTRIBUTES_AT, length), start + CRC_AT);
}

const timestampOf = ({ timestamp }: KafkaMessage, now: number): number =>
  timestamp === undefined || timestamp === null ? now : Number(timestamp);

/** The length of most records takes two bytes as a varint. */
const LENGTH_BYTES = 2;

function writeRecord(to: ByteWriter, message: KafkaMessage, offsetDelta: number, timestampDelta: number): void {
  const start = to.length;
  // The length stands first and is known last.
  to.reserve(LENGTH_BYTES);
  to.length += LENGTH_BYTES;
  to.int8(0); // attributes: unused
  to.varint(timestampDelta);
  to.varint(offsetDelta);
  to.varBytes(message.key);
  to.varBytes(message.value);
  writeHeaders(to, message.headers ?? {});
  const end = to.length;
  const size = end - start - LENGTH_BYTES;
  to.reserve(8);
  to.length = start;
  const { memory } = to;
  if (size < 0x40 || size >= 0x2000) {
    const bytes = varintBytes(size);
    memory.copyWithin(start + bytes, start + LENGTH_BYTES, end);
  }
  to.varint(size);
  to.length += size;
}

/** Bytes of a length as a varint. */
function varintBytes(length: number): number {
  let bytes = 1;
  for (let rest = 2 * length; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

function writeHeaders(to: ByteWriter, headers: NonNullable<KafkaMessage['headers']>): void {
  let count = 0;
  for (const name in headers) {
    const value = headers[name];
    count += isSeveral(value) ? value.length : 1;
  }
  to.varint(count);
  for (const name in headers) {
    const value = headers[name] as HeaderValue | readonly HeaderValue[];
    if (isSeveral(value)) for (const each of value) writeHeader(to, name, each);
    else writeHeader(to, name, value);
  }
}

const isSeveral = (value: HeaderValue | readonly HeaderValue[] | undefined): value is readonly HeaderValue[] =>
  Array.isArray(value);

function writeHeader(to: ByteWriter, name: string, value: HeaderValue): void {
  to.varBytes(name);
  to.varBytes(value);
}
