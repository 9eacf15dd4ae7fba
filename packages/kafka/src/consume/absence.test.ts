import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Absence } from './absence.ts';

const SESSION_MS = 1_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** The times in one absence, in ms, at which the client is recreated. */
function recreations(absence: Absence, withinMs: number): number[] {
  const at: number[] = [];
  for (let ms = 0; ms <= withinMs; ms += 100) {
    if (absence.isStuck) {
      absence.recreatedNow();
      at.push(ms);
    }
    vi.advanceTimersByTime(100);
  }
  return at;
}

it('gives each client twice as long as the one before, so that even a slow cluster is joined in the end', () => {
  expect(recreations(new Absence(SESSION_MS), 20_000)).toEqual([2_500, 7_500, 17_500]);
});

it('starts again from the beginning for each absence', () => {
  const absence = new Absence(SESSION_MS);
  expect(recreations(absence, 8_000)).toHaveLength(2);
  absence.beginNow();
  expect(recreations(absence, 3_000)).toEqual([2_500]);
});

it('is permanent only after a second client has had its time', () => {
  const absence = new Absence(SESSION_MS);
  vi.advanceTimersByTime(6_000);
  expect(absence.isForGood).toBe(false);
  vi.advanceTimersByTime(1);
  expect(absence.isForGood).toBe(true);
});
