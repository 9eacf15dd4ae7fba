import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { MAX_UNPACKED_BYTES } from './expanding-output.ts';
import { unpackLz4 } from './lz4.ts';
import { unpackSnappy } from './snappy.ts';

const unpackZstd = promisify(zstdDecompress);

/** Nothing is sent packed: that would cost every webhook, and brokers pack by themselves where they should. */
const readOnly = (decompress: (packed: Buffer) => Promise<Buffer>) => () => ({
  decompress,
  compress: () => Promise.reject(new Error('records are not sent packed')),
});

/**
 * Lets fetched batches be read that a broker packed, by `compression.type` of the topic or of the cluster, whatever their producer sent. kafkajs itself
 * reads gzip alone.
 */
export function readEveryCompression(): void {
  Object.assign(CompressionCodecs, {
    [CompressionTypes.Snappy]: readOnly(async (packed) => unpackSnappy(packed)),
    [CompressionTypes.LZ4]: readOnly(async (packed) => unpackLz4(packed)),
    [CompressionTypes.ZSTD]: readOnly((packed) => unpackZstd(packed, { maxOutputLength: MAX_UNPACKED_BYTES })),
  });
}
