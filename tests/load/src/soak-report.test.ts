import { describe, expect, it } from 'vitest';
import { pageOf, svgOf, ticksTo } from './plot.ts';
import { randomOf } from './random.ts';
import { plotsOf, type Sample, trendsOf } from './soak-report.ts';

const HOUR = 3600;
const none = { samples: 0, p50: Number.NaN, p99: Number.NaN };

/** An hour of samples; memory in MB by the second, and what a collection each minute leaves of the heap. */
function hour(memory: Readonly<Record<string, (second: number) => number>>, heap = (_second: number) => 20): Sample[] {
  return Array.from({ length: HOUR / 5 }, (_, at): Sample => {
    const second = (at + 1) * 5;
    const processes = Object.fromEntries(
      Object.entries(memory).map(([name, of]) => [
        name,
        {
          rssMb: of(second),
          heapMb: second % 60 === 0 ? heap(second) : Number.NaN,
          cpuSeconds: 0,
          files: 20,
          lagMs: 11,
        },
      ]),
    );
    return { second, processes, open: none, confirm: none, webhookMs: Number.NaN, completed: at };
  });
}

const verdicts = (samples: readonly Sample[]) =>
  Object.fromEntries(trendsOf(samples).map(({ process, verdict }) => [process, verdict]));

describe('memory over an hour', () => {
  const random = randomOf(11);
  const noise = () => 8 * (random.next() - 0.5);

  it('is flat when it only wanders, and after it has settled', () => {
    const settles = (second: number) => 150 - 60 * Math.exp(-second / 120) + noise();
    const sawtooth = (second: number) => 120 + ((second / 7) % 30);
    expect(verdicts(hour({ intent: () => 100 + noise(), ledger: settles, 'session-auth': sawtooth }))).toEqual({
      intent: 'flat',
      ledger: 'flat',
      'session-auth': 'flat',
    });
  });

  it('rises when it leaks, also beneath the noise of the garbage collector', () => {
    const leaks = (second: number) => 100 + (10 * second) / HOUR + noise();
    const found = trendsOf(hour({ ledger: leaks }))[0];
    expect(found?.verdict).toBe('RISES');
    expect(found?.memory.perHour).toBeCloseTo(10, 0);
    expect(found?.memory.halfWidth).toBeLessThan(3);
  });

  it('rises when more and more of the heap is in use, though no page is added yet', () => {
    const found = trendsOf(hour({ ledger: () => 150 }, (second) => 20 + second / HOUR + noise() / 40))[0];
    expect(found?.verdict).toBe('RISES');
    expect(found?.heap.perHour).toBeCloseTo(1, 0);
    expect([found?.heap.startMb, found?.heap.endMb].map((mb) => Math.round(10 * (mb ?? 0)) / 10)).toEqual([20.2, 21]);
  });

  it('of a simulator rises because it keeps what it was told', () => {
    expect(verdicts(hour({ stripe: (second) => 100 + second / 10 }))).toEqual({ stripe: 'grows with its input' });
  });

  it('cannot be seen in a few minutes', () => {
    expect(verdicts(hour({ intent: () => 100 }).slice(0, 60))).toEqual({ intent: 'too short to tell' });
    expect(trendsOf([])).toEqual([]);
  });
});

describe('a plot', () => {
  const plot = {
    title: 'a < b & "c"',
    x: { label: 'minutes', scale: 'linear' },
    y: { label: 'MB' },
    series: [
      {
        name: 'one',
        points: [
          [0, 0],
          [1, 50],
          [2, Number.NaN],
          [3, 100],
        ],
      },
    ],
  } as const;

  it('draws what is known, and escapes what it is told', () => {
    const svg = svgOf(plot);
    expect(svg).not.toContain('NaN');
    expect(svg).toContain('a &#60; b &#38; &#34;c&#34;');
    expect(svg.match(/<circle/g)).toHaveLength(3);
  });

  it('can be of nothing', () => {
    expect(svgOf({ ...plot, series: [] })).not.toMatch(/NaN|Infinity/);
    expect(svgOf({ ...plot, series: [{ name: 'one', points: [[1, 0]] }] })).not.toMatch(/NaN|Infinity/);
  });

  it.each([
    [0, [0, 1]],
    [7, [0, 2, 4, 6, 8]],
    [100, [0, 25, 50, 75, 100]],
    [1234, [0, 500, 1000, 1500]],
  ])('up to %d has round ticks', (max, ticks) => {
    expect(ticksTo(max)).toEqual(ticks);
  });

  it('of a soak stays small, however long that was', () => {
    const page = pageOf({ title: 'Soak', measured: 'now', groups: plotsOf(hour({ intent: () => 100 }), 20) });
    expect(page).toContain('Memory of the services');
    expect(page).not.toMatch(/https?:|NaN/);
    expect(page.length).toBeLessThan(60_000);
  });
});
