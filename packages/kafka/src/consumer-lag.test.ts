import { describe, expect, it } from 'vitest';
import { createLagExporter } from './consumer-lag.ts';
import { ageOfOldest, type DeletedRecords, deletedUnread, lagOf } from './lag.ts';

it.each([
  ['has committed everything', { low: '0', high: '7' }, '7', 0],
  ['is behind', { low: '0', high: '7' }, '3', 4],
  ['never committed', { low: '2', high: '7' }, '-1', 5],
  ['never committed in an empty partition', { low: '0', high: '0' }, '-1', 0],
  ['committed what retention has removed since', { low: '5', high: '7' }, '3', 2],
  ['committed after the end was looked up', { low: '0', high: '7' }, '9', 0],
])('a group that %s', (_what, bounds, offset, lag) => {
  expect(lagOf([{ partition: 3, ...bounds }], [{ partition: 3, offset }])).toMatchObject([{ partition: 3, lag }]);
});

it('counts a partition as a whole when nothing is known about its commits', () => {
  expect(lagOf([{ partition: 1, low: '0', high: '4' }], [])).toMatchObject([{ partition: 1, lag: 4 }]);
});

describe('the age of the oldest waiting message', () => {
  const NOW = Date.parse('2026-11-25T12:00:00Z');
  /** Two partitions. Their messages, by offset, arrived this many seconds ago. */
  const ages: Record<number, number[]> = { 0: [90_000, 3_600, 0.2], 1: [7_200, 600, 30] };
  let asked = 0;
  const offsetsAt = async (ms: number) => {
    asked += 1;
    return Object.entries(ages).map(([partition, seconds]) => {
      const first = seconds.findIndex((age) => NOW - age * 1000 >= ms);
      return { partition: Number(partition), offset: String(first === -1 ? seconds.length : first) };
    });
  };

  it.each([
    ['a message of one minute', [{ partition: 1, from: 2n }], 30],
    [
      'the oldest message of several partitions',
      [
        { partition: 0, from: 2n },
        { partition: 1, from: 1n },
      ],
      600,
    ],
    ['a message of one day', [{ partition: 0, from: 0n }], 90_000],
    ['a message that has just arrived', [{ partition: 0, from: 2n }], 0],
  ])('is measured within 1 %%: %s', async (_what, waiting, seconds) => {
    const age = await ageOfOldest(waiting, offsetsAt, NOW);
    expect(age).toBeLessThanOrEqual(seconds);
    expect(age).toBeGreaterThanOrEqual(0.99 * seconds);
  });

  it('is 0 when no message waits, without a request', async () => {
    asked = 0;
    expect(await ageOfOldest([], offsetsAt, NOW)).toBe(0);
    expect(asked).toBe(0);
  });
});

describe('messages that were deleted unread', () => {
  const low = (partition: number, offset: string) => ({ partition, low: offset, high: '900' });

  it('are those between the committed offset and the beginning of the partition', () => {
    const committed = [
      { partition: 0, offset: '10', metadata: '1790000000000' },
      { partition: 1, offset: '10', metadata: '' },
      { partition: 2, offset: '50', metadata: null },
    ];
    expect(deletedUnread([low(0, '50'), low(1, '50'), low(2, '50')], committed)).toEqual([
      { partition: 0, from: 10n, to: 50n, handledUntil: new Date(1_790_000_000_000) },
      { partition: 1, from: 10n, to: 50n },
    ]);
  });

  it('are all deleted ones if the group never committed, or its offsets have expired', () => {
    const committed = [{ partition: 0, offset: '-1', metadata: null }];
    expect(deletedUnread([low(0, '50'), low(1, '7'), low(2, '0')], committed)).toEqual([
      { partition: 0, from: 0n, to: 50n },
      { partition: 1, from: 0n, to: 7n },
    ]);
  });

  it.each(['0', '-5', 'soon', '1790000000000.5'])(
    'are unknown for the commit note %j, which contains no time',
    (metadata) => {
      expect(deletedUnread([low(0, '50')], [{ partition: 0, offset: '10', metadata }])).toEqual([
        { partition: 0, from: 10n, to: 50n },
      ]);
    },
  );
});

it('are reported once when the consumer itself found them missing', async () => {
  const told: DeletedRecords[] = [];
  const log = { error: () => {} } as never;
  const lag = createLagExporter({ log } as never, {
    groupId: 'ledger',
    topic: 'events',
    everyMs: 1_000,
    onDeleted: async (deleted) => void told.push(deleted),
  });
  for (const partition of [3, 3, 4]) lag.skipped({ partition, from: 10n, to: 50n });
  await expect.poll(() => told.map(({ partition }) => partition)).toEqual([3, 4]);
});
