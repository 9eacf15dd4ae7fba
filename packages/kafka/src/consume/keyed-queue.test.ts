import { expect, it } from 'vitest';
import { KeyedQueue } from './keyed-queue.ts';

it('keeps the order within a key', async () => {
  const lanes = new KeyedQueue<number>(8);
  const seen: number[] = [];
  for (let n = 0; n < 50; n += 1) {
    lanes.append('one', n, async () => {
      await Promise.resolve();
      seen.push(n);
    });
  }
  await lanes.idle();
  expect(seen).toEqual([...Array(50).keys()]);
  expect(lanes.size).toBe(0);
});

it('runs different keys in parallel, in at most as many slots as allowed', async () => {
  const lanes = new KeyedQueue<number>(3);
  let running = 0;
  let most = 0;
  for (let n = 0; n < 20; n += 1) {
    lanes.append(`key ${n}`, n, () =>
      lanes.inSlot(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      }),
    );
  }
  await lanes.idle();
  expect(most).toBe(3);
});

it('frees a slot when its work fails', async () => {
  const lanes = new KeyedQueue<number>(1);
  await expect(lanes.inSlot(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(lanes.inSlot(async () => 'yes')).resolves.toBe('yes');
});

it("lists the waiting items behind a key's running work, in order", async () => {
  const lanes = new KeyedQueue<number>(8);
  const seen: (readonly number[])[] = [];
  for (let n = 0; n < 3; n += 1) lanes.append('one', n, async () => void seen.push(lanes.behind('one')));
  lanes.append('other', 9, async () => void seen.push(lanes.behind('other')));
  await lanes.idle();
  expect(seen).toEqual([[1, 2], [], [2], []]);
  expect(lanes.behind('one')).toEqual([]);
});
