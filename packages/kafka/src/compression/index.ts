import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import { MAX_UNPACKED_BYTES } from './expanding-output.ts';
import { unpackLz4 } from './lz4.ts';
import { unpackSnappy } from './snappy.ts';

// Node finds only the default export of kafkajs, which is CommonJS.
const { CompressionCodecs, CompressionTypes } = kafkajs;
const unpackZstd = promisify(zstdDecompress);

/** We send no compressed records: it would slow down every webhook, and brokers compress by themselves where configured. */
const readOnly = (decompress: (packed: Buffer) => Promise<Buffer>) => () => ({
  decompress,
  compress: () => Promise.reject(new Error('records are not sent packed')),
});

/**
 * Makes kafkajs read fetched batches in every compression. A broker compresses by `compression.type` of the topic or of
 * the cluster, whatever the producer sent. kafkajs itself reads only gzip.
 */
export function readEveryCompression(): void {
  Object.assign(CompressionCodecs, {
    [CompressionTypes.Snappy]: readOnly(async (packed) => unpackSnappy(packed)),
    [CompressionTypes.LZ4]: readOnly(async (packed) => unpackLz4(packed)),
    [CompressionTypes.ZSTD]: readOnly((packed) => unpackZstd(packed, { maxOutputLength: MAX_UNPACKED_BYTES })),
  });
}
