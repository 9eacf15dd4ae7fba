import { getHeapSpaceStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { giveBackMemory } from './give-back-memory.ts';

const youngGeneration = () =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;

/** As loading code does: much is made, and some of it survives. */
const grow = () => Array.from({ length: 400_000 }, (_, n) => ({ n, text: `${n}` })).length;

it('makes the young generation small again', () => {
  grow();
  const grown = youngGeneration();
  giveBackMemory();
  expect(grown).toBeGreaterThan(4 * 1024 ** 2);
  expect(youngGeneration()).toBeLessThan(grown / 2);
});
