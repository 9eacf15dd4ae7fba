import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PartitionProgress } from './partition-progress.ts';

it('commits nothing while the first message is unfinished, however many later ones are done', () => {
  const progress = new PartitionProgress();
  progress.begin(5n);
  progress.begin(6n)();
  progress.begin(7n)();
  expect(progress.committable).toBeUndefined();
});

it('commits past a run of finished messages once the lowest is done', () => {
  const progress = new PartitionProgress();
  const first = progress.begin(5n);
  progress.begin(6n)();
  progress.begin(9n);
  first();
  expect(progress.committable).toBe(7n);
  progress.committed(7n);
  expect(progress.committable).toBeUndefined();
});

it('counts what is held in memory apart from what is not committable yet', () => {
  const progress = new PartitionProgress();
  const first = progress.begin(5n);
  const finishes = [6n, 7n].map((offset) => progress.begin(offset));
  for (const finish of finishes) finish();
  expect({ unfinished: progress.unfinished, size: progress.size }).toEqual({ unfinished: 1, size: 3 });
  first();
  first();
  expect({ unfinished: progress.unfinished, size: progress.size }).toEqual({ unfinished: 0, size: 0 });
});

it('never commits past an unfinished message, whatever the order of finishing', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...Array(20).keys()]), (order) => {
      const progress = new PartitionProgress();
      const finish = [...Array(20).keys()].map((offset) => progress.begin(BigInt(offset)));
      const done = new Set<number>();
      for (const offset of order) {
        finish[offset]?.();
        done.add(offset);
        let lowestOpen = 0;
        while (done.has(lowestOpen)) lowestOpen += 1;
        expect(progress.committable ?? 0n).toBe(BigInt(lowestOpen));
      }
    }),
  );
});
