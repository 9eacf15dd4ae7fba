import type { Random } from '@connector/load-tests/random';

/** Values that programs tend to forget. */
const AWKWARD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  ' ',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '٣',
  'x'.repeat(5_000),
  [],
  [[]],
  {},
  { toString: 1 },
];
const NAMES = ['__proto__', 'constructor', 'toString', 'length', 'id', 'object', 'metadata', ''];
const BYTES = [0x00, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3d, 0x5c, 0x7b, 0x7f, 0x80, 0xc0, 0xed, 0xff];

/** Something a little different from `input`, by one to four changes; `other` lends a piece now and then. */
export function mutate(input: Buffer, other: Buffer, tokens: readonly string[], random: Random): Buffer {
  let changed = input;
  for (let left = random.between(1, 4); left > 0; left -= 1) {
    const json = random.chance(0.4) ? parsed(changed) : undefined;
    changed = json === undefined ? inBytes(changed, other, tokens, random) : inJson(json.value, random);
  }
  return changed;
}

function inBytes(input: Buffer, other: Buffer, tokens: readonly string[], random: Random): Buffer {
  const at = random.between(0, input.length);
  const to = Math.min(input.length, at + random.between(1, 16));
  const piece = (of: Buffer) => {
    const from = random.between(0, of.length);
    return of.subarray(from, Math.min(of.length, from + random.between(1, 64)));
  };
  switch (random.between(0, 7)) {
    case 0:
      return Buffer.concat([input.subarray(0, at), input.subarray(to)]);
    case 1:
      return Buffer.concat([input.subarray(0, at), piece(other), input.subarray(at)]);
    case 2:
      return Buffer.concat([input.subarray(0, at), piece(input), input.subarray(at)]);
    case 3:
      return Buffer.concat([input.subarray(0, at), Buffer.from([random.pick(BYTES)]), input.subarray(at)]);
    case 4:
      return input.subarray(0, at);
    case 5: {
      if (input.length === 0) return input;
      const flipped = Buffer.from(input);
      const which = random.between(0, input.length - 1);
      flipped[which] = (flipped[which] as number) ^ (1 << random.between(0, 7));
      return flipped;
    }
    default: {
      if (tokens.length === 0) return input;
      return Buffer.concat([
        input.subarray(0, at),
        Buffer.from(random.pick(tokens)),
        input.subarray(random.chance(0.5) ? at : to),
      ]);
    }
  }
}

function parsed(input: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(input.toString()) };
  } catch {
    return undefined;
  }
}

/** Puts something awkward into one place of it, takes one away, or wraps one. */
function inJson(root: unknown, random: Random): Buffer {
  const places: { of: Record<string, unknown>; name: string }[] = [];
  const holder: Record<string, unknown> = { root };
  const visit = (of: Record<string, unknown>) => {
    for (const name of Object.keys(of)) {
      places.push({ of, name });
      const value = of[name];
      if (typeof value === 'object' && value !== null) visit(value as Record<string, unknown>);
    }
  };
  visit(holder);
  const { of, name } = random.pick(places);
  const put = (key: string, value: unknown) =>
    Object.defineProperty(of, key, { value, enumerable: true, configurable: true, writable: true });
  switch (random.between(0, 4)) {
    case 0:
      if (of !== holder) delete of[name];
      break;
    case 1:
      put(name, [of[name]]);
      break;
    case 2:
      if (!Array.isArray(of)) put(random.pick(NAMES), random.pick(AWKWARD));
      break;
    default:
      put(name, random.pick(AWKWARD));
  }
  return Buffer.from(JSON.stringify(holder.root) ?? '');
}
