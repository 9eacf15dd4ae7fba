import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OffsetTracker } from './offset-tracker.ts';

it('commits nothing while the first message is unfinished, however many later ones are done', () => {
  const tracker = new OffsetTracker();
  tracker.begin(5n);
  tracker.begin(6n)();
  tracker.begin(7n)();
  expect(tracker.committable?.next).toBeUndefined();
});

it('commits all consecutive finished messages once the lowest is done', () => {
  const tracker = new OffsetTracker();
  const first = tracker.begin(5n);
  tracker.begin(6n)();
  tracker.begin(9n);
  first();
  expect(tracker.committable?.next).toBe(7n);
  tracker.committed(7n);
  expect(tracker.committable?.next).toBeUndefined();
});

it('counts messages in memory separately from messages that cannot be committed yet', () => {
  const tracker = new OffsetTracker();
  const first = tracker.begin(5n);
  const finishes = [6n, 7n].map((offset) => tracker.begin(offset));
  for (const finish of finishes) finish();
  expect({ unfinished: tracker.unfinished, size: tracker.size }).toEqual({ unfinished: 1, size: 3 });
  first();
  first();
  expect({ unfinished: tracker.unfinished, size: tracker.size }).toEqual({ unfinished: 0, size: 0 });
});

it('never commits an unfinished message, in whatever order messages finish', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...Array(20).keys()]), (order) => {
      const tracker = new OffsetTracker();
      const finish = [...Array(20).keys()].map((offset) => tracker.begin(BigInt(offset)));
      const done = new Set<number>();
      for (const offset of order) {
        finish[offset]?.();
        done.add(offset);
        let lowestOpen = 0;
        while (done.has(lowestOpen)) lowestOpen += 1;
        expect(tracker.committable?.next ?? 0n).toBe(BigInt(lowestOpen));
      }
    }),
  );
});
