import { expect, it } from 'vitest';
import { lagOf } from './consumer-lag.ts';

it.each([
  ['has committed everything', { low: '0', high: '7' }, '7', 0],
  ['is behind', { low: '0', high: '7' }, '3', 4],
  ['never committed', { low: '2', high: '7' }, '-1', 5],
  ['never committed in an empty partition', { low: '0', high: '0' }, '-1', 0],
  ['committed what retention has removed since', { low: '5', high: '7' }, '3', 2],
  ['committed after the end was looked up', { low: '0', high: '7' }, '9', 0],
])('a group that %s', (_what, bounds, offset, lag) => {
  expect(lagOf([{ partition: 3, ...bounds }], [{ partition: 3, offset }])).toEqual([{ partition: 3, lag }]);
});

it('counts a partition of which nothing is known about commits as a whole', () => {
  expect(lagOf([{ partition: 1, low: '0', high: '4' }], [])).toEqual([{ partition: 1, lag: 4 }]);
});
