// Loaded into a service by `--expose-gc --import`: collects all garbage once a minute and appends what is left of the heap to the file
// LIVE_HEAP_FILE, as Unix time in ms and bytes. Memory that is not collected yet hides a leak for hours.
import { appendFileSync } from 'node:fs';

const EVERY_MS = 60_000;
const { LIVE_HEAP_FILE } = process.env;

const timer = setInterval(() => {
  gc?.();
  appendFileSync(String(LIVE_HEAP_FILE), `${Date.now()} ${process.memoryUsage().heapUsed}\n`);
}, EVERY_MS);
timer.unref();
