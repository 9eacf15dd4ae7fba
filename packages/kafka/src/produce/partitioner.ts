const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/**
 * The partition of a key, the same for every Kafka client. The result equals that of kafkajs's own partitioner, which
 * computes with BigInts and lists the partitions again for each record.
 */
export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;

/** Kafka's hash of a key: murmur2 with 32 bits, signed. */
function murmur2(key: Buffer): number {
  const { length } = key;
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = Math.imul(key.readInt32LE(at), M);
    hash = Math.imul(hash, M) ^ Math.imul(word ^ (word >>> 24), M);
  }
  const rest = length - at;
  if (rest > 0) hash = Math.imul(hash ^ key.readUIntLE(at, rest), M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}
