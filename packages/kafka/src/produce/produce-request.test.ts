/// <reference path="../kafkajs-internals/types.d.ts" />
import fc from 'fast-check';
import kafkajs, { type PartitionMetadata } from 'kafkajs';
import crc32CofKafkajs from 'kafkajs/src/protocol/recordBatch/crc32C/crc32C.js';
import createRequest from 'kafkajs/src/protocol/request.js';
import protocol, { type Request } from 'kafkajs/src/protocol/requests/index.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bodyOf, putHeadsInFront } from '../kafkajs-internals/bodies.ts';
import { crc32c } from './crc32c.ts';
import { partitionOf } from './partitioner.ts';
import { type ProduceArguments, produceRequest } from './produce-request.ts';
import { ByteWriter } from './record-batch.ts';

// kafkajs's producer passes its own values for "none" here.
const none = { compression: 0, producerId: -1, producerEpoch: 0 };
const theirs = (given: ProduceArguments): Request =>
  protocol.requests.Produce.protocol({ version: 7 })({ ...given, ...none }).request;
const ours = (given: ProduceArguments): Request => {
  const { apiKey, version, name, body } = produceRequest(given, 7);
  const encoded = bodyOf(body);
  return { apiKey, apiVersion: version, apiName: name, encode: async () => encoded };
};
putHeadsInFront();

beforeAll(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 26), toFake: ['Date'] });
});
afterAll(() => {
  vi.useRealTimers();
});

/** The bytes for the socket. */
const frame = async (of: typeof ours, given: ProduceArguments, clientId = 'webhook-ingest'): Promise<Buffer> =>
  (await createRequest({ correlationId: 7, clientId, request: of(given) })).buffer;

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ minLength: 60, maxLength: 70 }));
const bytes = fc.uint8Array({ maxLength: 200 }).map((given) => Buffer.from(given));
/** Lengths around those that need one byte more for the length itself. */
const value = fc.oneof(
  bytes,
  text,
  fc.constantFrom(0, 63, 64, 8_100, 8_191, 8_192, 70_000, 1_100_000).map((length) => Buffer.alloc(length, 'x')),
);
const headers = fc.dictionary(
  text.filter((name) => name !== '__proto__'),
  fc.oneof(text, bytes, fc.array(fc.oneof(text, bytes), { maxLength: 3 })),
  { maxKeys: 5 },
);
const message = fc.record(
  { key: fc.oneof(text, bytes, fc.constant(null)), value: fc.oneof(value, fc.constant(null)), headers },
  { requiredKeys: ['value'] },
);
const timestamps = fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 });
const messages = fc.oneof(
  fc.array(message, { minLength: 1, maxLength: 80 }),
  fc.array(
    fc.tuple(message, timestamps).map(([one, timestamp]) => ({ ...one, timestamp: String(timestamp) })),
    { minLength: 1, maxLength: 3 },
  ),
);
const produce = fc.record({
  acks: fc.constantFrom(-1, 1),
  timeout: fc.integer({ min: 0, max: 60_000 }),
  topicData: fc.array(
    fc.record({
      topic: text,
      partitions: fc.array(fc.record({ partition: fc.nat(1_000), messages }), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});
const small = (value: string): ProduceArguments => ({
  acks: -1,
  timeout: 1,
  topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [{ value }] }] }],
});

describe('a produce request', () => {
  it("has the same bytes as kafkajs's", async () => {
    await fc.assert(
      fc.asyncProperty(produce, async (given) => {
        const [expected, found] = [await frame(theirs, given), await frame(ours, given)];
        expect(found.equals(expected)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('has its own memory: the next request does not change it while a socket may still use it', async () => {
    const first = await frame(ours, small('first'));
    const copy = Buffer.from(first);
    await frame(ours, small('other'));
    expect(first.equals(copy)).toBe(true);
    expect(first.includes('first')).toBe(true);
  });

  it("falls back to kafkajs's encoding for a client id that does not fit before the body", async () => {
    const id = 'c'.repeat(600);
    expect((await frame(ours, small('v'), id)).equals(await frame(theirs, small('v'), id))).toBe(true);
  });

  it.each([
    [3, 2, 0],
    [7, 3, 250],
  ])("of version %i is answered with each partition's error, and throws none", (version, numbers, throttleMs) => {
    const to = new ByteWriter(64);
    to.int32(1);
    to.string('t');
    to.int32(2);
    for (const [partition, error] of [
      [0, 0],
      [1, 6],
    ] as const) {
      to.int32(partition);
      to.int16(error);
      for (let n = 0; n < numbers; n += 1) to.int64(9);
    }
    to.int32(250);
    const payload = Buffer.from(to.memory.subarray(0, to.length));
    expect(produceRequest(small('v'), version).decode(payload)).toEqual({
      partitions: [
        { topic: 't', partition: 0, errorCode: 0 },
        { topic: 't', partition: 1, errorCode: 6 },
      ],
      // Brokers with older versions only have already waited themselves.
      clientSideThrottleTime: throttleMs,
    });
  });
});

describe('crc32c', () => {
  it('has the check value of CRC-32C for the check text', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it("equals kafkajs's checksum at any position of the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (given, before) => {
        const whole = Buffer.concat([Buffer.alloc(before, 1), given, Buffer.alloc(3, 2)]);
        const expected = crc32CofKafkajs(Buffer.from(given));
        expect(crc32c(whole, before, before + given.length)).toBe(expected);
        expect(crc32c(whole.subarray(before, before + given.length))).toBe(expected);
      }),
    );
  });
});

describe('partitionOf', () => {
  it("gives a key the same partition as kafkajs's partitioner, and therefore as Kafka's other clients", () => {
    const topic = 'payments.events';
    const standard = kafkajs.Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 64 }), (key, partitions) => {
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          partitionId,
          leader: 1,
        })) as PartitionMetadata[];
        const given = { topic, partitionMetadata, message: { key, value: '' } };
        expect(partitionOf(key, partitions)).toBe(standard(given));
      }),
      { numRuns: 1_000 },
    );
  });
});
