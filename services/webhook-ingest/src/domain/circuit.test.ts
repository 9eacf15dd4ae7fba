import { describe, expect, it } from 'vitest';
import { Circuit } from './circuit.ts';

const opened = (options: { isDown?: () => boolean } = {}) => {
  const circuit = new Circuit({ probeEveryMs: 1000, ...options });
  for (let failure = 1; failure <= 3; failure += 1) {
    expect(circuit.admits(0)).toBe(true);
    circuit.failed(0);
  }
  return circuit;
};

describe('the circuit', () => {
  it('stays closed while failures have successes between them', () => {
    const circuit = new Circuit({ probeEveryMs: 1000 });
    for (let round = 0; round < 10; round += 1) {
      circuit.failed(round);
      circuit.failed(round);
      circuit.succeeded();
    }
    expect(circuit.refuses(10)).toBe(false);
  });

  it('opens after three failures in a row, until the next probe is due', () => {
    const circuit = opened();
    expect([circuit.refuses(999), circuit.refuses(1000)]).toEqual([true, false]);
  });

  it('lets one probe through at a time', () => {
    const circuit = opened();
    expect([circuit.admits(1000), circuit.admits(1000), circuit.admits(5000)]).toEqual([true, false, false]);
  });

  it('waits again after a probe that failed', () => {
    const circuit = opened();
    circuit.admits(1000);
    circuit.failed(6000);
    expect([circuit.admits(6999), circuit.admits(7000)]).toEqual([false, true]);
  });

  it('closes with the first success', () => {
    const circuit = opened();
    circuit.admits(1000);
    circuit.succeeded();
    expect([circuit.admits(1001), circuit.admits(1001)]).toEqual([true, true]);
  });

  it('lets the next probe through after one that told nothing', () => {
    const circuit = opened();
    circuit.admits(1000);
    circuit.undecided();
    expect(circuit.admits(1001)).toBe(true);
  });

  it('opens at once when sends are known not to work, and still probes', () => {
    const circuit = new Circuit({ probeEveryMs: 1000, isDown: () => true });
    expect([circuit.admits(0), circuit.admits(999), circuit.admits(1000)]).toEqual([false, false, true]);
  });
});
