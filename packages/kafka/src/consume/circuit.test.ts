import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Circuit } from './circuit.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const failBroadly = (circuit: Circuit) => {
  for (let n = 0; n < 10; n += 1) circuit.failed(`pi_${n % 4}`);
};
const passes = async (circuit: Circuit) => {
  let passed = false;
  void circuit.pass().then(() => {
    passed = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return passed;
};

it('stays closed while only one key keeps failing', async () => {
  const circuit = new Circuit();
  for (let n = 0; n < 100; n += 1) circuit.failed('pi_1');
  expect(circuit.open).toBe(false);
  expect(await passes(circuit)).toBe(true);
});

it('opens when calls of several keys fail without a success between', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  expect(circuit.open).toBe(true);
  expect(await passes(circuit)).toBe(false);
});

it('lets through one probe at a time while it is open', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  let passed = 0;
  for (let n = 0; n < 5; n += 1) void circuit.pass().then(() => (passed += 1));
  await vi.advanceTimersByTimeAsync(250);
  expect(passed).toBe(1);
});

it('lets through all waiters at the first success', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  let passed = 0;
  for (let n = 0; n < 5; n += 1) void circuit.pass().then(() => (passed += 1));
  circuit.succeeded();
  await vi.advanceTimersByTimeAsync(0);
  expect(passed).toBe(5);
  expect(circuit.open).toBe(false);
});

it('sends further probes when a probe never returns', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  let passed = 0;
  for (let n = 0; n < 3; n += 1) void circuit.pass().then(() => (passed += 1));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(passed).toBe(3);
});

it('uses no probe for work of an ended generation', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  let sentAway = 0;
  for (let n = 0; n < 50; n += 1) void circuit.pass().then(() => (sentAway += 1));
  circuit.releaseWaiters();
  await vi.advanceTimersByTimeAsync(0);
  expect(sentAway).toBe(50);
  expect(circuit.open).toBe(true);
  let passed = 0;
  void circuit.pass().then(() => (passed += 1));
  await vi.advanceTimersByTimeAsync(250);
  expect(passed).toBe(1);
});

it('uses the next work as a probe when none waited at the time', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await passes(circuit)).toBe(true);
  expect(await passes(circuit)).toBe(false);
});

it('lets everything through after it was shut down', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  let passed = 0;
  void circuit.pass().then(() => (passed += 1));
  circuit.close();
  failBroadly(circuit);
  await vi.advanceTimersByTimeAsync(0);
  expect(passed).toBe(1);
  expect(await passes(circuit)).toBe(true);
});
