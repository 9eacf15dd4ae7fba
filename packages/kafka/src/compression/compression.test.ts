import { describe, expect, it } from 'vitest';
import { Decoder, decodeRecords } from '../kafkajs-internals/protocol.ts';
import { unpackLz4 } from './lz4.ts';
import { unpackSnappy } from './snappy.ts';

/** A batch of twelve records from offset 100 on, as Kafka's own client packs them. */
const BATCHES: [name: string, batch: string][] = [
  [
    'gzip',
    'AAAAAAAAAGQAAAFR/////wJUNkJNAAEAAAALAAABoMRQbAAAAAGgxFBsAP//////////////////AAAADB+LCAAAAAAAAP+N001KAzEUwPGpiB' +
      'QRERHXknWRvGReMulR3JShE7WLTkuZCiJewZWouBRXfuEB3HkWPYdJVjMOCW8ZEn6Ef/KeB1mWDZezCb8ZXLFZxcbMXjQTzkasuVxat5yel6sz' +
      'e7yyp+u6spXbKOeLdd2wMR+xupz7MyeL79ej36+nn/d7dp29OHPDm3DbNrUBQ2Ehwr45dtOz4q7NAhayoLh5wt0KCTqukBo1xTUR98O5w5Dhoe' +
      '1KUFqROqgEvB1CdGGDBimwwAS8E0p04Fwj5BRYpm6820+BmEtJerpU471+CiUlCgqsYp/Cw/v9FBqEBgpcxH7xp4MPQorH/8NBGjrgsbHz8mFo' +
      '0ZELDZw2dyJ25z9qUYReJQQAAA==',
  ],
  [
    'snappy',
    'AAAAAAAAAGQAAAGx/////wJQa8KEAAIAAAALAAABoMRQbAAAAAGgxFBsAP//////////////////AAAADIJTTkFQUFkAAAAAAQAAAAEAAAFspQ' +
      'jwWKQBAAAACHBpXzCOAXsiaWQiOiJldnRfMCIsInR5cGUiOiJjaGFyZ2UucmVmdW5kZWQiLCJhbW91bnQiOjAsIm5hbWUiOiJab8OrIOa8ouWt' +
      'lyJ9AKoBAAACAVQEMZQuVAAMNzkxOY5XAAAxWlcAEKwBAAAEAVcEMpYuVwAQMTU4MziOWAAINCwiUq8AEKwBAAAGAVgAMDJYABAyMzc1N45YAA' +
      'Q5LFZYABCuAQAACAFYBDGYLrAAEDMxNjc2jlgABDE2alkAAAoBWQAyNlkADDk1OTWOWQAEMjVqWQAADAFZADAyWQAQNDc1MTSOWQAAM26yAAwO' +
      'CHBpOgsBEDU1NDMzjlkAADRuZAEAEAFZNgsBEDYzMzUyjlkABDY0agsBABIBWTYLARA3MTI3MY5ZAAA4XsYCFLABAAAUCCELAJouFgJhHQAwjl' +
      'kACDEwMFqzAAFaABYBWgAyMloADDg3MTCWeAMAMl60AA==',
  ],
  [
    'lz4',
    'AAAAAAAAAGQAAAGj/////wK8mEK4AAMAAAALAAABoMRQbAAAAAGgxFBsAP//////////////////AAAADAQiTRhgQIJjAQAA8DOkAQAAAAhwaV' +
      '8wjgF7ImlkIjoiZXZ0XzAiLCJ0eXBlIjoiY2hhcmdlLnJlZnVuZGVkIiwiYW1vdW50IjowLCJuYW0kAPgKWm/DqyDmvKLlrZcifQCqAQAAAghw' +
      'aV8xlFQATzc5MTlXABEfMVcABFCsAQAABFcAKDKWVwBfMTU4MzhYABEfNFgACBAGWAAZMFgAXzIzNzU3WAARHzlYAARQrgEAAAhYACgxmLAAXz' +
      'MxNjc2WAARLzE2WQAIEApZABoyWQBPOTU5NVkAES8yNVkACBAMWQAZMFkAXzQ3NTE0WQARHzOyAAkQDlkACgsBXzU1NDMzWQARHzRkAQkQEFkA' +
      'CgsBXzYzMzUywwIRHzYVAgUAvQEQElkACgsBXzcxMjcxWQARHzjGAgVQsAEAABRZACgxmhYCAB0DD3UDEi8xMHcDBQBaABAWWgAZMloATzg3MT' +
      'B4AxMfMrQAAFCtlyJ9AAAAAAA=',
  ],
  [
    'zstd',
    'AAAAAAAAAGQAAAFN/////wInJDVXAAQAAAALAAABoMRQbAAAAAGgxFBsAP//////////////////AAAADCi1L/0AWIQIACKNLy5wTXOpqu8Wb1' +
      'Xwb7PZ0OtTv8CkHbUg/k1jd+p/CySJlEmmFIhK7u9MJs5jaDIFvfyeSyNksszyQoYXPshkGX74Nb81aK7f3XUBbO7tnwmcN/7XduD74UO3tEAm' +
      'wzh2z7FbuMlkGPj+eW9Ae/x5tmiATMbBkOGr4Iiymkgm08gJvegAwfAISdj4mCwopFEiVeospFdVmUgkdXSKU1VpiBSF6ECRHhgU0mhFXOroRh' +
      'dEVEgnSiUYxUaU1WQmywgrIJBz1Aa3BsW9D8l4LK0XxJPkcKDVOKmOBWKIk3psIEI8qccCMcRJfQyB4CzEGZKa8Vh6bI2TOmNLaxb5TgaXkN2Q' +
      'j5v1vBY1kPRd3DcDAQAA',
  ],
];
const batchOf = (name: string): Buffer => Buffer.from(BATCHES.find(([known]) => known === name)?.[1] ?? '', 'base64');
/** Behind them: its header, which is not packed. */
const HEADER_BYTES = 61;

describe('a batch that a broker packed', () => {
  it.each(BATCHES)('is read when it is packed with %s', async (_name, text) => {
    const batch = Buffer.from(text, 'base64');
    const size = Buffer.alloc(4);
    size.writeInt32BE(batch.length);
    const records = await decodeRecords(new Decoder(Buffer.concat([size, batch])));
    expect(records.map(({ offset, key, value }) => [offset, String(key), String(value)])).toEqual(
      Array.from({ length: 12 }, (_, n) => [
        String(100 + n),
        `pi_${n % 3}`,
        `{"id":"evt_${n * 7919}","type":"charge.refunded","amount":${n * n},"name":"Zoë 漢字"}`,
      ]),
    );
  });
});

/** Long copies, copies that repeat themselves, and nothing to copy at all, as other writers pack them. */
describe('blocks of other writers', () => {
  it('of Snappy without a stream around them, with copies of each kind', () => {
    const literal = Buffer.from('abcdefgh');
    const bytes = [...Buffer.from([28, 7 << 2]), ...literal];
    // 5 bytes of 8 ago; 11 of 3 ago, which repeat themselves; 4 of 24 ago by a long distance.
    bytes.push(0b001_01 | (0 << 5), 8, (10 << 2) | 2, 3, 0, (3 << 2) | 3, 24, 0, 0, 0);
    expect(unpackSnappy(Buffer.from(bytes)).toString()).toBe('abcdefghabcdecdecdecdecdabcd');
  });

  it('of LZ4 that are not packed, with sizes and checksums', () => {
    const frame = Buffer.from([4, 0x22, 0x4d, 0x18, 0x7c, 0x40, 3, 0, 0, 0, 0, 0, 0, 0, 9, 3, 0, 0, 0x80]);
    const rest = Buffer.from([...Buffer.from('abc'), 1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8]);
    expect(unpackLz4(Buffer.concat([frame, rest])).toString()).toBe('abc');
    expect(() => unpackLz4(Buffer.concat([frame, rest.subarray(0, -1)]))).toThrow(RangeError);
  });
});

describe('packed bytes that are damaged', () => {
  it.each([
    ['snappy', unpackSnappy],
    ['lz4', unpackLz4],
  ] as const)('end in a RangeError and never in a loop, whatever byte of %s is wrong or missing', (name, unpack) => {
    const packed = batchOf(name).subarray(HEADER_BYTES);
    const outcome = (bytes: Buffer) => {
      try {
        return unpack(bytes).length;
      } catch (error) {
        return error;
      }
    };
    for (let at = 0; at < packed.length; at += 1) {
      for (const value of [0x00, 0x7f, 0x80, 0xff]) {
        const damaged = Buffer.from(packed);
        damaged[at] = value;
        expect([expect.any(Number), expect.any(RangeError)]).toContainEqual(outcome(damaged));
      }
      expect([expect.any(Number), expect.any(RangeError)]).toContainEqual(outcome(packed.subarray(0, at)));
    }
  });
});
