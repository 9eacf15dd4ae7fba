import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How much the heap may grow between two full collections, in percent of what the last one left. */
const GROWTH_PERCENT = 200;

/** Sets V8's heap up for a service, at the end of its start: little memory at rest, few collections under load. */
export function settleHeap(): void {
  giveBackMemory();
  collectRarely();
}

/**
 * Collects all garbage now and makes V8's young generation small. Loading the code makes it grow to 16 MB, and a
 * process without work collects nothing, so that a service would keep about 8 MB unused. Under load the young
 * generation grows again.
 */
function giveBackMemory(): void {
  // Only a last-resort collection shrinks the young generation.
  collector()({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/**
 * Collects all garbage now. A service's small heap takes about 30 ms, in which the process does nothing else. For the
 * time after a rush, whose garbage outside the heap (buffers) would otherwise stay until there is work again.
 */
export function collectGarbage(): void {
  collector()({ type: 'major', execution: 'sync' });
}

/** Only contexts that are made while the flag is set have `gc`. */
function collector(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc');
  const gc: NodeJS.GCFunction = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return gc;
}

/**
 * Once V8 has made a heap small, here or because there was little to do, it lets the heap grow by only three tenths
 * between two full collections. Under load it then marked the whole heap several times a second, mostly on other
 * threads, which took an eighth of webhook-ingest's processor time.
 */
const collectRarely = (): void => setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
