/** No fetched batch is larger than this once it is unpacked; what claims to be is not what it says. */
export const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

/** What a format of copies ("again the 12 bytes of 40 bytes ago") is unpacked into. Throws RangeError for a copy from before the beginning, and beyond the limit. */
export class ExpandingOutput {
  #bytes: Buffer;
  #length = 0;

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(Math.min(Math.max(expected, 64), MAX_UNPACKED_BYTES));
  }

  get length(): number {
    return this.#length;
  }

  /** A view, good until the next byte is added. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  add(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
  }

  /** `count` bytes from `distance` bytes ago, which may be some that this very copy makes. */
  repeat(distance: number, count: number): void {
    if (distance < 1 || distance > this.#length) throw new RangeError('a copy from outside of what is unpacked');
    this.#reserve(count);
    let from = this.#length - distance;
    for (const end = this.#length + count; this.#length < end; this.#length++) {
      this.#bytes[this.#length] = this.#bytes[from++] as number;
    }
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    if (needed > MAX_UNPACKED_BYTES) throw new RangeError(`more than ${MAX_UNPACKED_BYTES} bytes unpacked`);
    const larger = Buffer.allocUnsafe(Math.min(Math.max(needed, 2 * this.#bytes.length), MAX_UNPACKED_BYTES));
    this.bytes.copy(larger);
    this.#bytes = larger;
  }
}
