import { expect, it } from 'vitest';
import { LearntRate } from './learnt-rate.ts';

const STEP_MS = 2;
/** The fake dependency's time to answer, in ms. */
const LATENCY_MS = 120;
/** The first seconds, in which the rate is still being learnt, are not counted. */
const LEARNING_MS = 3_000;

/**
 * A dependency that accepts `limit` calls a second, and so many at a time. As many processes as there are shares call
 * it, each as often as its learnt rate allows.
 */
function overload(limit: number, shares: readonly number[], seconds = 60) {
  const processes = shares.map((share) => ({ rate: new LearntRate(share), share, taken: 0 }));
  const answers: { at: number; process: (typeof processes)[number]; isTaken: boolean }[] = [];
  let [tokens, refused] = [limit, 0];
  for (let now = 0; now < seconds * 1_000; now += STEP_MS) {
    tokens = Math.min(limit, tokens + (limit * STEP_MS) / 1_000);
    for (let answer = answers[0]; answer && answer.at <= now; answer = answers[0]) {
      answers.shift();
      if (answer.isTaken) answer.process.rate.took(now);
      else answer.process.rate.refused(now);
    }
    for (const process of processes) {
      if (!process.rate.hasRoom(now)) continue;
      process.rate.take();
      const isTaken = tokens >= 1;
      if (isTaken) tokens -= 1;
      if (now >= LEARNING_MS && isTaken) process.taken += 1;
      if (now >= LEARNING_MS && !isTaken) refused += 1;
      answers.push({ at: now + LATENCY_MS, process, isTaken });
    }
    // Shuffled, so that the order of the processes decides nothing.
    processes.push(processes.shift() as (typeof processes)[number]);
  }
  const period = seconds - LEARNING_MS / 1_000;
  const taken = processes.reduce((sum, process) => sum + process.taken, 0);
  const perSecondOf = (share: number) => (processes.find((one) => one.share === share)?.taken ?? 0) / period;
  return { perSecond: taken / period, repeats: refused / taken, perSecondOf };
}

it('accepts every call until the first refusal', () => {
  const rate = new LearntRate();
  for (let calls = 0; calls < 1_000; calls += 1) {
    expect(rate.hasRoom(calls)).toBe(true);
    rate.take();
  }
  expect(rate.perSecond).toBeUndefined();
});

it.each([
  [10, 1],
  [25, 1],
  [25, 2],
  [25, 5],
  [100, 1],
  [100, 5],
  [1_000, 20],
])(
  'finds a limit of %d a second that %d processes share: 95 %% of it is used, and less than a tenth of the calls is repeated',
  (limit, processes) => {
    const { perSecond, repeats } = overload(limit, Array(processes).fill(1));
    expect(perSecond).toBeGreaterThanOrEqual(0.95 * limit);
    expect(repeats).toBeLessThan(0.1);
  },
);

it('leaves most of a limit to the processes with the larger share, and some of it to the others', () => {
  const { perSecond, perSecondOf } = overload(60, [1, 0.8, 0.5]);
  expect(perSecond).toBeGreaterThanOrEqual(0.95 * 60);
  expect(perSecondOf(1)).toBeGreaterThan(40);
  expect(perSecondOf(0.8)).toBeGreaterThan(1);
  expect(perSecondOf(0.5)).toBeGreaterThan(1);
});

it('counts several refusals at the same moment as one', () => {
  const rate = new LearntRate();
  for (let now = 0; now < 1_000; now += 20) rate.took(now);
  for (let now = 1_000; now < 1_200; now += 20) rate.refused(now);
  expect(rate.perSecond).toBeGreaterThan(40);
});

it('falls at once to the accepted rate when a limit has become far smaller', () => {
  const rate = new LearntRate();
  for (let now = 0; now < 1_000; now += 10) rate.took(now);
  rate.refused(1_000);
  for (let now = 2_000; now < 4_000; now += 100) rate.took(now);
  rate.refused(4_000);
  expect(rate.perSecond).toBeLessThan(12);
});

/** The rate at so many seconds after the last refusal, while calls wait. */
function after(seconds: number, rate: LearntRate): number | undefined {
  for (let now = 0; now <= seconds * 1_000; now += 10) if (rate.hasRoom(now)) rate.take();
  return rate.perSecond;
}

it('notices that a dependency is up again, and reaches its full rate within a quarter of a minute', () => {
  const rate = new LearntRate();
  rate.refused(0);
  expect(after(1, rate)).toBeGreaterThanOrEqual(3);
  expect(after(15, rate)).toBeGreaterThan(500);
});

it('forgets a limit after a minute without a refusal', () => {
  const rate = new LearntRate();
  rate.refused(0);
  expect(after(61, rate)).toBeUndefined();
});
