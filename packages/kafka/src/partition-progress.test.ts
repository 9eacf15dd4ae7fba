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
