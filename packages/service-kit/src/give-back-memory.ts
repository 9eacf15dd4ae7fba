import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects all garbage now and makes V8's young generation small, for the end of a start: loading the code makes it grow to 16 MB, and a
 * process without work collects nothing, so that a service would keep some 8 MB for nothing. Under load it grows again.
 */
export function giveBackMemory(): void {
  // Only contexts that are made while the flag is set have the function, and only a collection of the last resort shrinks anything.
  setFlagsFromString('--expose-gc');
  const gc: NodeJS.GCFunction = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
