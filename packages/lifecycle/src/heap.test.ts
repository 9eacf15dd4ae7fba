import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { getHeapSpaceStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { collectGarbage, settleHeap } from './heap.ts';

const youngGeneration = () =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;

/** A start-up like that of loading code: many objects, some of which survive. */
const grow = () => Array.from({ length: 400_000 }, (_, n) => ({ n, text: `${n}` })).length;

/**
 * Sizes of a heap in MB before and after each full collection. Each piece of work lives for a while, like a request,
 * and is garbage afterwards.
 */
async function collections(): Promise<[before: number, after: number][]> {
  const script = `
    import { collectGarbage, settleHeap } from ${JSON.stringify(join(import.meta.dirname, 'heap.ts'))};
    const base = Array.from({ length: 100_000 }, (_, n) => ({ n, text: 'text ' + n }));
    settleHeap();
    const alive = new Array(40_000);
    for (let n = 0; n < 2_500_000; n += 1) {
      alive[n % alive.length] = { n, text: 'text ' + n };
      if (n % 20_000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    globalThis.kept = [base, alive];`;
  const options = ['--trace-gc', '--max-semi-space-size=1', '--input-type=module-typescript', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, options);
  const sizes = stdout.matchAll(/Mark-Compact ([\d.]+) \([\d.]+\) -> ([\d.]+)/g);
  return [...sizes].map(([, before, after]) => [Number(before), Number(after)]);
}

describe('the heap of a service', () => {
  it('has a small young generation again after loading code', () => {
    grow();
    const grown = youngGeneration();
    settleHeap();
    expect(grown).toBeGreaterThan(4 * 1024 ** 2);
    expect(youngGeneration()).toBeLessThan(grown / 2);
  });

  it('triples in size between two full collections', async () => {
    // The first collections make the heap small, and it fills once.
    const [, ...seen] = (await collections()).filter(([before, after]) => before > 1.5 * after);
    const growths = seen.slice(1).map(([before], at) => before / (seen[at] as [number, number])[1]);
    expect(growths.length).toBeGreaterThan(2);
    // With V8's own limits it would be 1.3 and 4.
    expect(Math.min(...growths)).toBeGreaterThan(2.5);
    expect(Math.max(...growths)).toBeLessThan(3.8);
  });
});

it('returns the memory that a rush of buffers left behind, on request', async () => {
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < 20; n += 1) Buffer.alloc(1024 * 1024);
  collectGarbage();
  await expect.poll(() => process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
});
