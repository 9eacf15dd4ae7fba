import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { atMostEvery } from '../adapters/at-most-every.ts';
import { BODY_LIMIT, BodyMemory, SMALL_BODY } from './body-memory.ts';

const MIB = 1024 * 1024;
const LIMIT = 64 * MIB;

function memoryOf(limit = LIMIT) {
  let now = 0;
  const givenUp: string[] = [];
  const relieved = vi.fn();
  const memory = new BodyMemory({ limit, now: () => now, onRelief: relieved });
  const open = (address: string, bytes: number) => {
    const account = memory.open(address, () => givenUp.push(address));
    return { ...account, hasRoom: account.grow(bytes) };
  };
  const later = (ms: number) => {
    now += ms;
  };
  return { memory, open, later, givenUp, relieved };
}
const many = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('large bodies that stall', () => {
  it('leave half of the memory to small ones, from any number of addresses', () => {
    const { open, memory } = memoryOf();
    const taken = many(66).filter((n) => open(`10.0.0.${n}`, MIB - 1).hasRoom);
    expect(taken).toHaveLength(32);
    expect(memory.held).toBeLessThanOrEqual(LIMIT / 2);
    expect(many(100).every((n) => open(`stripe-${n % 10}`, SMALL_BODY).hasRoom)).toBe(true);
  });

  it('of one address take an eighth of it, whatever their size', () => {
    const { open, memory } = memoryOf();
    expect(many(66).filter(() => open('10.0.0.1', MIB).hasRoom)).toHaveLength(8);
    expect(open('10.0.0.1', 1).hasRoom).toBe(false);
    expect(memory.held).toBe(8 * MIB);
    expect(open('stripe', MIB).hasRoom).toBe(true);
  });

  it('are dropped for a large one that comes later', () => {
    const { open, later, givenUp } = memoryOf();
    for (const n of many(32)) open(`10.0.0.${n}`, MIB);
    later(250);
    expect(open('stripe', MIB).hasRoom).toBe(true);
    expect(givenUp).toEqual(['10.0.0.0']);
  });
});

describe('small bodies that stall', () => {
  it('and fill the memory are dropped for new ones, the oldest first', () => {
    const { open, later, givenUp, memory } = memoryOf();
    for (const n of many(256)) open(`10.0.${n}.1`, SMALL_BODY);
    expect(memory.held).toBe(LIMIT);
    later(250);
    expect(many(3).every(() => open('stripe', 8_000).hasRoom)).toBe(true);
    expect(givenUp).toEqual(['10.0.0.1']);
    expect(memory.held).toBeLessThanOrEqual(LIMIT);
  });

  it('are not dropped in their first moments, so that a burst of honest ones succeeds', () => {
    const { open, later, givenUp } = memoryOf();
    for (const n of many(256)) open(`10.0.${n}.1`, SMALL_BODY);
    later(249);
    expect([open('stripe', 8_000).hasRoom, givenUp]).toEqual([false, []]);
  });

  it('are limited to a thousand if they contain no byte', () => {
    const { memory, later, givenUp } = memoryOf();
    for (const n of many(1_000)) memory.open(`10.0.${n}.1`, () => givenUp.push(String(n)));
    later(250);
    memory.open('stripe', () => {});
    expect(givenUp).toEqual(['0']);
  });
});

describe("an address with one of Stripe's signatures", () => {
  it('has no limited share, because all of Stripe may come through one unconfigured proxy', () => {
    const { memory, open } = memoryOf();
    memory.prove('proxy');
    expect(many(200).every(() => open('proxy', SMALL_BODY).hasRoom)).toBe(true);
  });

  it('is dropped only after those of strangers', () => {
    const { memory, open, later, givenUp } = memoryOf();
    memory.prove('stripe');
    for (const address of ['stripe', ...many(255).map(String)]) open(address, SMALL_BODY);
    later(250);
    expect(open('other', 1).hasRoom).toBe(true);
    expect(givenUp).toEqual(['0']);
  });

  it('counts as a stranger again after an hour, or after a thousand other addresses', () => {
    const { memory, open, later } = memoryOf();
    const roomOf = (address: string) => many(9).filter(() => open(address, MIB).hasRoom).length;
    memory.prove('early');
    for (const n of many(1_000)) memory.prove(String(n));
    expect(roomOf('early')).toBe(8);
    later(60 * 60_000);
    expect(roomOf('999')).toBe(8);
  });
});

it('a complete body is never dropped', () => {
  const { open, later, givenUp } = memoryOf(4 * SMALL_BODY);
  for (const n of many(4)) open(`10.0.0.${n}`, SMALL_BODY).arrived();
  later(10_000);
  expect([open('c', 1).hasRoom, givenUp]).toEqual([false, []]);
});

it('the memory in use always equals what was taken and not given back, within the limit, and is zero in the end', () => {
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('open', 'grow', 'arrived', 'release', 'wait', 'prove'),
      n: fc.nat(20),
      bytes: fc.integer({ min: 1, max: BODY_LIMIT }),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const { memory, later } = memoryOf(4 * MIB);
      const open: { account: ReturnType<BodyMemory['open']>; bytes: number; isGone: boolean }[] = [];
      for (const { what, n, bytes } of all) {
        const body = open[n];
        if (what === 'wait') later(bytes % 500);
        else if (what === 'prove') memory.prove(`address-${n % 3}`);
        else if (what === 'open') {
          const opened: (typeof open)[number] = {
            account: memory.open(`address-${n % 3}`, () => (opened.isGone = true)),
            bytes: 0,
            isGone: false,
          };
          open.push(opened);
        } else if (body && !body.isGone) {
          if (what === 'arrived') body.account.arrived();
          else if (what === 'release') {
            body.account.release();
            body.isGone = true;
          } else if (bytes > body.bytes && body.account.grow(bytes)) body.bytes = bytes;
        }
        const taken = open.filter(({ isGone }) => !isGone).reduce((sum, each) => sum + each.bytes, 0);
        expect(memory.held).toBe(taken);
        expect(memory.held).toBeLessThanOrEqual(4 * MIB);
      }
      for (const { account } of open) account.release();
      expect(memory.held).toBe(0);
    }),
  );
});

describe('after a rush', () => {
  it('is reported once, when the memory is free again', () => {
    const { open, relieved } = memoryOf();
    const bodies = many(20).map((n) => open(`10.0.0.${n}`, MIB));
    for (const body of bodies.slice(0, 18)) body.release();
    expect(relieved).not.toHaveBeenCalled();
    for (const body of bodies) body.release();
    expect(relieved).toHaveBeenCalledOnce();
    open('10.0.0.1', SMALL_BODY).release();
    expect(relieved).toHaveBeenCalledOnce();
  });

  it('has its garbage collected a moment later, and not more often than the interval', () => {
    vi.useFakeTimers();
    try {
      const collect = vi.fn();
      const ask = atMostEvery(30_000, collect);
      for (let second = 0; second < 60; second += 1) {
        ask();
        vi.advanceTimersByTime(1_000);
      }
      expect(collect).toHaveBeenCalledTimes(2);
    } finally {
      vi.useRealTimers();
    }
  });
});
