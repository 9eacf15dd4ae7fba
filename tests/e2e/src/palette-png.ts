import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const RGB = 2;
const PALETTE = 3;
const COLOURS = 256;

/**
 * The same picture with at most 256 colours: a page's screenshot becomes about a third of its size.
 * Takes what Chromium makes (8 bits, RGB, not interlaced); throws Error on any other PNG.
 */
export function toPalettePng(png: Buffer): Buffer {
  const chunks = [...chunksOf(png)];
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (header?.[8] !== 8 || header[9] !== RGB || header[12] !== 0) throw new Error('not a screenshot of Chromium');
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const pixels = unfiltered(inflateSync(packed), width * 3, height);

  const frequency = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += 3) {
    const colour = pixels.readUIntBE(at, 3);
    frequency.set(colour, (frequency.get(colour) ?? 0) + 1);
  }
  const palette = chooseColours(frequency);
  const indexOf = new Map([...frequency.keys()].map((colour) => [colour, nearest(palette, colour)]));

  const rows = Buffer.alloc((width + 1) * height);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const row = Math.floor(pixel / width);
    rows[pixel + row + 1] = indexOf.get(pixels.readUIntBE(pixel * 3, 3)) ?? 0;
  }
  const colours = Buffer.alloc(palette.length * 3);
  palette.forEach((colour, index) => void colours.writeUIntBE(colour, index * 3, 3));
  const withPalette = Buffer.from(header);
  withPalette[9] = PALETTE;
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', withPalette),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** First one colour of each region of the colour space, so that a small red dot stays red, then the most frequent ones. */
function chooseColours(frequency: ReadonlyMap<number, number>): number[] {
  const byFrequency = [...frequency].sort(([, a], [, b]) => b - a).map(([colour]) => colour);
  const regions = new Map<number, number>();
  for (const colour of byFrequency) {
    const region = colour & 0xf0f0f0;
    if (!regions.has(region)) regions.set(region, colour);
  }
  return [...new Set([...regions.values(), ...byFrequency])].slice(0, COLOURS);
}

function* chunksOf(png: Buffer): Generator<{ type: string; data: Buffer }> {
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** PNG's five filters taken back (section 9 of its specification); `stride` is a row's length in bytes. */
function unfiltered(filtered: Buffer, stride: number, height: number): Buffer {
  const pixels = Buffer.alloc(stride * height);
  const at = (y: number, x: number): number => (x < 0 || y < 0 ? 0 : (pixels[y * stride + x] ?? 0));
  for (let y = 0; y < height; y += 1) {
    const filter = filtered[y * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x += 1) {
      const [left, above, corner] = [at(y, x - 3), at(y - 1, x), at(y - 1, x - 3)];
      const predicted =
        [0, left, above, (left + above) >> 1, filter === 4 ? paeth(left, above, corner) : 0][filter] ?? 0;
      pixels[y * stride + x] = (filtered[y * (stride + 1) + 1 + x] ?? 0) + predicted;
    }
  }
  return pixels;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [toLeft, toAbove, toCorner] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function nearest(palette: readonly number[], colour: number): number {
  const distance = (other: number): number =>
    [16, 8, 0].reduce((sum, shift) => sum + (((other >> shift) & 255) - ((colour >> shift) & 255)) ** 2, 0);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, candidate] of palette.entries()) {
    const far = distance(candidate);
    if (far < least) [best, least] = [index, far];
    if (far === 0) break;
  }
  return best;
}
