import { expect, it } from 'vitest';
import { AcknowledgedEvents } from './acknowledged-events.ts';

it('knows an acknowledged event until its window is over', () => {
  const events = new AcknowledgedEvents({ windowMs: 1000 });
  events.add('evt_1', 0);
  expect([events.has('evt_1', 999), events.has('evt_1', 1000), events.has('evt_2', 0)]).toEqual([true, false, false]);
});

it('forgets the oldest beyond its limit', () => {
  const events = new AcknowledgedEvents({ windowMs: 1000, limit: 2 });
  for (const id of ['evt_1', 'evt_2', 'evt_1', 'evt_3']) events.add(id, 0);
  expect(['evt_1', 'evt_2', 'evt_3'].map((id) => events.has(id, 0))).toEqual([true, false, true]);
});

it('remembers nothing with a window of 0', () => {
  const events = new AcknowledgedEvents({ windowMs: 0 });
  events.add('evt_1', 0);
  expect(events.has('evt_1', 0)).toBe(false);
});
