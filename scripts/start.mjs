// `npm start`: installs what is missing, then runs the whole system on this machine.
import { runWithPinnedNode } from './bootstrap.mjs';

await runWithPinnedNode('sandbox/src/main.ts', process.argv.slice(2));
