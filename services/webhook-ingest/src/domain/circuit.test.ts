import { expect, it } from 'vitest';
import { Circuit } from './circuit.ts';

let isDown = false;
const circuitOf = (down: boolean) => {
  isDown = down;
  return new Circuit({ probeEveryMs: 1000, isDown: () => isDown });
};

it('stays closed while sends may work', () => {
  const circuit = circuitOf(false);
  expect([circuit.admits(0), circuit.admits(1), circuit.refuses(2)]).toEqual([true, true, false]);
});

it('opens at once when no send can work, and probes from time to time', () => {
  const circuit = circuitOf(true);
  expect([0, 999, 1000, 1001, 1999, 2000].map((now) => circuit.admits(now))).toEqual([
    false,
    false,
    true,
    false,
    false,
    true,
  ]);
});

it('says whether a send would be refused, without using the probe', () => {
  const circuit = circuitOf(true);
  expect([circuit.refuses(0), circuit.refuses(1000), circuit.refuses(1000), circuit.admits(1000)]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

it('stays open until a send has succeeded', () => {
  const circuit = circuitOf(true);
  circuit.admits(0);
  isDown = false;
  expect([circuit.admits(999), circuit.admits(1000), circuit.admits(1001)]).toEqual([false, true, false]);
});

it('closes with the first success', () => {
  const circuit = circuitOf(true);
  circuit.admits(0);
  circuit.admits(1000);
  isDown = false;
  circuit.succeeded();
  expect([circuit.admits(1001), circuit.admits(1001)]).toEqual([true, true]);
});
