import { expect, it } from 'vitest';
import { LearntRate } from './learnt-rate.ts';

const STEP_MS = 2;
/** How long the side takes to answer, in ms. */
const LATENCY_MS = 120;
/** The first seconds are spent on learning. */
const LEARNING_MS = 3_000;

/** A side that takes `limit` calls a second, that many at once, asked by as many processes as there are shares, each as often as its rate allows. */
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
    // Whose turn it is first decides nothing.
    processes.push(processes.shift() as (typeof processes)[number]);
  }
  const period = seconds - LEARNING_MS / 1_000;
  const taken = processes.reduce((sum, process) => sum + process.taken, 0);
  const perSecondOf = (share: number) => (processes.find((one) => one.share === share)?.taken ?? 0) / period;
  return { perSecond: taken / period, repeats: refused / taken, perSecondOf };
}

it('takes every call until the first refusal', () => {
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
  'finds a limit of %d a second that %d processes share: 95 %% of its calls are used, less than a tenth of the calls is made again',
  (limit, processes) => {
    const { perSecond, repeats } = overload(limit, Array(processes).fill(1));
    expect(perSecond).toBeGreaterThanOrEqual(0.95 * limit);
    expect(repeats).toBeLessThan(0.1);
  },
);

it('leaves most of a limit to the processes with the larger share, and a little to the others', () => {
  const { perSecond, perSecondOf } = overload(60, [1, 0.8, 0.5]);
  expect(perSecond).toBeGreaterThanOrEqual(0.95 * 60);
  expect(perSecondOf(1)).toBeGreaterThan(40);
  expect(perSecondOf(0.8)).toBeGreaterThan(1);
  expect(perSecondOf(0.5)).toBeGreaterThan(1);
});

it('takes several refusals of one moment for one', () => {
  const rate = new LearntRate();
  for (let now = 0; now < 1_000; now += 20) rate.took(now);
  for (let now = 1_000; now < 1_200; now += 20) rate.refused(now);
  expect(rate.perSecond).toBeGreaterThan(40);
});

it('goes all the way back to what is taken where a limit has become far smaller', () => {
  const rate = new LearntRate();
  for (let now = 0; now < 1_000; now += 10) rate.took(now);
  rate.refused(1_000);
  for (let now = 2_000; now < 4_000; now += 100) rate.took(now);
  rate.refused(4_000);
  expect(rate.perSecond).toBeLessThan(12);
});

/** What the rate is so long after the last refusal, in seconds, while calls wait. */
function after(seconds: number, rate: LearntRate): number | undefined {
  for (let now = 0; now <= seconds * 1_000; now += 10) if (rate.hasRoom(now)) rate.take();
  return rate.perSecond;
}

it('finds a side that took nothing to be up again, and is at its full rate within a quarter of a minute', () => {
  const rate = new LearntRate();
  rate.refused(0);
  expect(after(1, rate)).toBeGreaterThanOrEqual(3);
  expect(after(15, rate)).toBeGreaterThan(500);
});

it('forgets a limit that nothing was refused by for a minute', () => {
  const rate = new LearntRate();
  rate.refused(0);
  expect(after(61, rate)).toBeUndefined();
});
