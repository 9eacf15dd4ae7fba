import { expect, it } from 'vitest';
import { AcknowledgedEvents } from './acknowledged-events.ts';

it('knows an acknowledged event until the window has passed', () => {
  const events = new AcknowledgedEvents({ windowMs: 1000 });
  events.add('evt_1', 0);
  expect([events.has('evt_1', 999), events.has('evt_1', 1000), events.has('evt_2', 0)]).toEqual([true, false, false]);
});

it('forgets the older half above its limit', () => {
  const events = new AcknowledgedEvents({ windowMs: 1000, limit: 4 });
  const ids = ['evt_1', 'evt_2', 'evt_3', 'evt_4', 'evt_5'];
  for (const id of ids.slice(0, 4)) events.add(id, 0);
  expect(ids.map((id) => events.has(id, 0))).toEqual([true, true, true, true, false]);
  events.add('evt_5', 0);
  expect(ids.map((id) => events.has(id, 0))).toEqual([false, false, true, true, true]);
});

it('remembers an event longer when it is acknowledged again', () => {
  const events = new AcknowledgedEvents({ windowMs: 1000, limit: 4 });
  for (const [id, at] of [
    ['evt_1', 0],
    ['evt_2', 0],
    ['evt_1', 900],
    ['evt_3', 900],
  ] as const)
    events.add(id, at);
  expect(['evt_1', 'evt_2', 'evt_3'].map((id) => events.has(id, 1500))).toEqual([true, false, true]);
});

it('remembers nothing with a window of 0', () => {
  const events = new AcknowledgedEvents({ windowMs: 0 });
  events.add('evt_1', 0);
  expect(events.has('evt_1', 0)).toBe(false);
});
