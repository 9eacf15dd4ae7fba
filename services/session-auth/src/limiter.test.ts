import { TransientError } from '@connector/errors';
import { expect, it } from 'vitest';
import { createLimiter } from './limiter.ts';

const blocking = () => {
  let end = () => {};
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { end, work: () => done };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('limits running work, lets a limited number wait in order, and refuses the rest at once', async () => {
  const limit = createLimiter(2, 2);
  const pieces = Array.from({ length: 4 }, blocking);
  const begun: number[] = [];
  const results = pieces.map(({ work }, n) =>
    limit(() => {
      begun.push(n);
      return work();
    }),
  );
  await expect(limit(async () => {})).rejects.toBeInstanceOf(TransientError);
  expect(begun).toEqual([0, 1]);
  pieces[1]?.end();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  for (const { end } of pieces) end();
  await Promise.all(results);
  expect(begun).toEqual([0, 1, 2, 3]);
  await expect(limit(async () => 'free again')).resolves.toBe('free again');
});

it('frees a place when the work fails', async () => {
  const limit = createLimiter(1, 0);
  await expect(limit(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(limit(async () => 'next')).resolves.toBe('next');
});
