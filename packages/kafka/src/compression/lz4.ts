import { ExpandingOutput } from './expanding-output.ts';

const MAGIC = 0x184d2204;
const [CONTENT_SIZE, CONTENT_CHECKSUM, BLOCK_CHECKSUM, DICTIONARY_ID] = [0x08, 0x04, 0x10, 0x01];
const IS_PLAIN = 0x80000000;
const MIN_COPY = 4;

/**
 * Unpacks an LZ4 frame, as Kafka has it in record batches. Checksums are not compared: TCP, TLS and the batch have their own.
 * Throws RangeError for anything else. Source: LZ4 Frame Format 1.6.2, LZ4 Block Format.
 */
export function unpackLz4(packed: Buffer): Buffer {
  if (packed.readUInt32LE(0) !== MAGIC) throw new RangeError('no LZ4 frame');
  const flags = packed.readUInt8(4);
  let at = 6 + (flags & CONTENT_SIZE ? 8 : 0) + (flags & DICTIONARY_ID ? 4 : 0) + 1;
  const output = new ExpandingOutput(packed.length * 4);
  for (;;) {
    const size = packed.readUInt32LE(at);
    at += 4;
    if (size === 0) break;
    const length = size & ~IS_PLAIN;
    const block = within(packed, at, length);
    if (size & IS_PLAIN) output.add(block);
    else unpackBlock(block, output);
    at += length + (flags & BLOCK_CHECKSUM ? 4 : 0);
  }
  if (at + (flags & CONTENT_CHECKSUM ? 4 : 0) > packed.length) throw new RangeError('an LZ4 frame is cut off');
  return output.bytes;
}

/** Sequences of literals and a copy; the last one has literals alone. */
function unpackBlock(block: Buffer, output: ExpandingOutput): void {
  let at = 0;
  const lengthOf = (short: number): number => {
    let length = short;
    for (let more = short === 15 ? 255 : 0; more === 255; length += more) more = block.readUInt8(at++);
    return length;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = lengthOf(token >> 4);
    output.add(within(block, at, literals));
    at += literals;
    if (at >= block.length) return;
    const distance = block.readUInt16LE(at);
    at += 2;
    output.repeat(distance, lengthOf(token & 15) + MIN_COPY);
  }
}

/** These bytes of `bytes`. Throws RangeError when they are not all there. */
export function within(bytes: Buffer, from: number, length: number): Buffer {
  if (length < 0 || from + length > bytes.length) throw new RangeError('packed bytes are cut off');
  return bytes.subarray(from, from + length);
}
