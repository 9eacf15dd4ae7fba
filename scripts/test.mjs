// `npm test`: installs what is missing, then runs every stage of the tests.
import { runWithPinnedNode } from './bootstrap.mjs';

await runWithPinnedNode('scripts/stages.mjs', process.argv.slice(2));
