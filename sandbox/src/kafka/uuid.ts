import { randomBytes } from 'node:crypto';

/**
 * A random id as Kafka writes ids of clusters and log folders: 16 bytes in base64url. Its first bit is 0, so that it does not begin with a dash:
 * Kafka's command line would take it for an option.
 */
export function kafkaUuid(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('base64url');
}
