// Feeds one target in a thread of its own, so that an input that never comes back can be reported and ended.
import { parentPort, workerData } from 'node:worker_threads';
import { Coverage } from './coverage.ts';
import { fuzz } from './fuzzer.ts';
import { TARGETS } from './targets.ts';

export interface Task {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  /** Where the current input is kept: its number, its length, its bytes. */
  readonly current: SharedArrayBuffer;
}

const { target: name, seed, seconds, current } = workerData as Task;
const numbers = new Int32Array(current, 0, 2);
const bytes = new Uint8Array(current, 8);
const target = await (TARGETS[name] as (typeof TARGETS)[string])();
const coverage = new Coverage();
const report = await fuzz(target, {
  seed,
  until: performance.now() + seconds * 1000,
  coverage,
  onInput: (input) => {
    bytes.set(input.subarray(0, bytes.length));
    numbers[1] = Math.min(input.length, bytes.length);
    Atomics.add(numbers, 0, 1);
  },
});
coverage.stop();
await target.stop();
const findings = report.findings.map(({ input, error }) => ({ input, error: error.stack ?? error.message }));
parentPort?.postMessage({ ...report, findings });
