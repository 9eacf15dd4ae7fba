const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256 entries, one after another: table n moves the remainder of a byte n bytes further. */
const TABLES = tables();

function tables(): Int32Array {
  const all = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit += 1) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
    all[byte] = remainder;
  }
  for (let at = 256; at < all.length; at += 1) {
    const before = all[at - 256] as number;
    all[at] = (before >>> 8) ^ (all[before & 255] as number);
  }
  return all;
}

const entry = (table: number, byte: number) => TABLES[table * 256 + (byte & 255)] as number;

/**
 * CRC-32C (Castagnoli) of `bytes` from `start` to `end`, unsigned: the checksum of Kafka's record batches. It takes
 * eight bytes a step ("slicing by eight"), which is three times as fast as one by one. Every sent byte passes here.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc =
      entry(7, low) ^
      entry(6, low >>> 8) ^
      entry(5, low >>> 16) ^
      entry(4, low >>> 24) ^
      entry(3, high) ^
      entry(2, high >>> 8) ^
      entry(1, high >>> 16) ^
      entry(0, high >>> 24);
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ entry(0, crc ^ view.getUint8(at));
  return (crc ^ -1) >>> 0;
}
