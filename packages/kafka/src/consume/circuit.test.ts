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

it('stays closed while one key alone keeps failing', async () => {
  const circuit = new Circuit();
  for (let n = 0; n < 100; n += 1) circuit.failed('pi_1');
  expect(circuit.open).toBe(false);
  expect(await passes(circuit)).toBe(true);
});

it('opens when calls of several keys fail with no success between', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  expect(circuit.open).toBe(true);
  expect(await passes(circuit)).toBe(false);
});

it('lets one probe through at a time while it is open', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  let passed = 0;
  for (let n = 0; n < 5; n += 1) void circuit.pass().then(() => (passed += 1));
  await vi.advanceTimersByTimeAsync(250);
  expect(passed).toBe(1);
});

it('opens for all with the first success', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  let passed = 0;
  for (let n = 0; n < 5; n += 1) void circuit.pass().then(() => (passed += 1));
  circuit.succeeded();
  await vi.advanceTimersByTimeAsync(0);
  expect(passed).toBe(5);
  expect(circuit.open).toBe(false);
});

it('keeps probing when a probe never comes back', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  let passed = 0;
  for (let n = 0; n < 3; n += 1) void circuit.pass().then(() => (passed += 1));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(passed).toBe(3);
});

it('wastes no probe on work of an ended generation', async () => {
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

it('probes with the next work when none waited at the time', async () => {
  const circuit = new Circuit();
  failBroadly(circuit);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await passes(circuit)).toBe(true);
  expect(await passes(circuit)).toBe(false);
});

it('lets everything through for good once it was closed', async () => {
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
