import { ExpandingOutput, MAX_UNPACKED_BYTES } from './expanding-output.ts';
import { within } from './lz4.ts';

/** What Java's Snappy writes before its blocks; others write one block alone. */
const STREAM = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const STREAM_HEADER_BYTES = 16;

/** Unpacks Snappy, as Kafka has it in record batches. Throws RangeError for anything else. Source: Snappy's format description. */
export function unpackSnappy(packed: Buffer): Buffer {
  const output = new ExpandingOutput(packed.length * 4);
  if (!packed.subarray(0, STREAM.length).equals(STREAM)) {
    unpackBlock(packed, output);
    return output.bytes;
  }
  for (let at = STREAM_HEADER_BYTES; at < packed.length; ) {
    const length = packed.readInt32BE(at);
    unpackBlock(within(packed, at + 4, length), output);
    at += 4 + length;
  }
  return output.bytes;
}

/** Its length, then elements: literals, or a copy within the block. */
function unpackBlock(block: Buffer, output: ExpandingOutput): void {
  let at = 0;
  let expected = 0;
  for (let shift = 0, more = true; more; shift += 7) {
    const byte = block.readUInt8(at++);
    expected += (byte & 0x7f) * 2 ** shift;
    more = byte >= 0x80;
    if (expected > MAX_UNPACKED_BYTES) throw new RangeError(`more than ${MAX_UNPACKED_BYTES} bytes unpacked`);
  }
  const end = output.length + expected;
  while (at < block.length) {
    const tag = block.readUInt8(at++);
    const upper = tag >> 2;
    switch (tag & 3) {
      case 0: {
        const lengthBytes = Math.max(0, upper - 59);
        const literals = 1 + (lengthBytes === 0 ? upper : block.readUIntLE(at, lengthBytes));
        output.add(within(block, at + lengthBytes, literals));
        at += lengthBytes + literals;
        break;
      }
      case 1:
        output.repeat(((upper >> 3) << 8) | block.readUInt8(at), 4 + (upper & 7));
        at += 1;
        break;
      default: {
        const distanceBytes = (tag & 3) === 2 ? 2 : 4;
        output.repeat(block.readUIntLE(at, distanceBytes), upper + 1);
        at += distanceBytes;
      }
    }
  }
  if (output.length !== end) throw new RangeError('a Snappy block is not as long as it says');
}
