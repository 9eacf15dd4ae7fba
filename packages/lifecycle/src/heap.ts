import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How much the heap may grow between two collections of all of it, in percent of what the last one left. */
const GROWTH_PERCENT = 200;

/** Sets V8's heap up for what a service does, at the end of its start: little memory at rest, few collections under load. */
export function settleHeap(): void {
  giveBackMemory();
  collectRarely();
  collectAlone();
}

/**
 * Collects all garbage now and makes V8's young generation small: loading the code makes it grow to 16 MB, and a process without work
 * collects nothing, so that a service would keep some 8 MB for nothing. Under load it grows again.
 */
function giveBackMemory(): void {
  // Only a collection of the last resort shrinks anything.
  collector()({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/**
 * Collects all garbage now, which takes some 30 ms of a service's small heap, in which nothing else is done. For after a rush: what it left behind
 * outside of the heap (buffers) would stay until there is work again.
 */
export function collectGarbage(): void {
  collector()({ type: 'major', execution: 'sync' });
}

/** Only contexts that are made while the flag is set have the function. */
function collector(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc');
  const gc: NodeJS.GCFunction = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return gc;
}

/**
 * Once a heap was made small, above or by V8 itself when there was little to do, V8 lets it grow by three tenths between two
 * collections from then on. Under load it marked all of it several times a second, mostly on threads beside the main one, which took
 * an eighth of webhook-ingest's processor time.
 */
const collectRarely = (): void => setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);

/**
 * The young generation is collected on the main thread alone. What survives there are the few requests under way: less work than waking
 * other threads and waiting for them, which took a tenth of webhook-ingest's processor time.
 */
const collectAlone = (): void => setFlagsFromString('--no-parallel-scavenge');
