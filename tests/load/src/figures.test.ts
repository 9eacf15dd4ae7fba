import { describe, expect, it } from 'vitest';
import type { Budget } from './benchmark.ts';
import { steadyRate } from './drain.ts';
import { latencyOf, median, slopeOf } from './figures.ts';
import { criticalPath } from './one-opening.ts';
import { randomOf } from './random.ts';
import { verdictOf, withSection } from './report.ts';

describe('latencies', () => {
  it('are told by the value that half, and 99 of 100, do not exceed, whatever their order', () => {
    const values = Array.from({ length: 200 }, (_, at) => 200 - at);
    expect(latencyOf(values)).toEqual({ samples: 200, p50: 101, p99: 199 });
    expect(median([9, 1, 5])).toBe(5);
  });
});

describe('a slope', () => {
  const noisy = (slope: number, seed: number) => {
    const random = randomOf(seed);
    return Array.from({ length: 400 }, (_, at): [number, number] => [
      at,
      100 + slope * at + 10 * (random.next() - 0.5),
    ]);
  };

  it.each([0, 0.5, -0.25])('of %d is within its interval, and the interval is narrow', (slope) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const found = slopeOf(noisy(slope, seed));
      // 1.5 intervals: of twenty draws one may miss its own.
      expect(Math.abs(found.slope - slope)).toBeLessThan(1.5 * found.halfWidth);
      expect(found.halfWidth).toBeLessThan(0.01);
    }
  });

  it('has a wider interval when each sample resembles the one before', () => {
    const random = randomOf(7);
    let wander = 0;
    const walk = Array.from({ length: 400 }, (_, at): [number, number] => {
      wander = 0.9 * wander + (random.next() - 0.5);
      return [at, wander];
    });
    const spread = (points: [number, number][]) =>
      Math.sqrt(points.reduce((sum, [, y]) => sum + y * y, 0) / points.length);
    const white = Array.from({ length: 400 }, (_, at): [number, number] => [
      at,
      (random.next() - 0.5) * 3.46 * spread(walk),
    ]);
    expect(slopeOf(walk).halfWidth).toBeGreaterThan(2 * slopeOf(white).halfWidth);
  });

  it('of fewer than three points is not known', () => {
    expect(
      slopeOf([
        [0, 1],
        [1, 2],
      ]).slope,
    ).toBeNaN();
  });
});

describe('a steady rate', () => {
  it('leaves out the beginning and the end', () => {
    const progress = [
      [1, 0],
      [2, 100],
      [3, 300],
      [4, 500],
      [5, 700],
      [6, 900],
      [9, 1000],
    ] as const;
    expect(steadyRate(progress, 1000)).toBe(200);
  });

  it('is of all events when they went by between two looks', () => {
    expect(
      steadyRate(
        [
          [1, 0],
          [2, 1000],
        ],
        1000,
      ),
    ).toBe(500);
  });
});

describe('the critical path', () => {
  it('is the chain that ends last, however many calls go beside it', () => {
    const read = { call: 'GET cart', from: 0, to: 40 };
    const intent = { call: 'POST PaymentIntent', from: 42, to: 162 };
    const payment = { call: 'POST payment', from: 42, to: 82 };
    const cart = { call: 'POST cart', from: 84, to: 124 };
    expect(criticalPath([read, intent, payment, cart])).toMatchObject({ sequential: 2, waitedMs: 162 });
    expect(criticalPath([])).toMatchObject({ sequential: 0, waitedMs: 0 });
  });
});

describe('a report', () => {
  const budget = (holds: boolean, boundBy?: string): Budget => ({ what: '', measured: '', target: '', holds, boundBy });

  it('tells a target that the machine does not let be met from one that is missed', () => {
    expect([budget(true), budget(false), budget(false, 'two cores'), budget(true, 'two cores')].map(verdictOf)).toEqual(
      ['PASS', 'MISS', 'BOUND', 'PASS'],
    );
  });

  it('replaces its own section of a page alone', () => {
    const page = 'before\n<!-- a: begin -->\nold\n<!-- a: end -->\nbetween\n<!-- b: begin -->\nkept\n<!-- b: end -->\n';
    const after = withSection(page, 'a', 'new');
    expect(after).toBe(page.replace('old', 'new'));
    expect(withSection(after, 'a', 'new')).toBe(after);
    expect(() => withSection(page, 'c', 'new')).toThrow('<!-- c: begin -->');
  });
});
