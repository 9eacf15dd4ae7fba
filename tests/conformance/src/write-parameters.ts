import { writeFileSync } from 'node:fs';
import { DESCRIBED_PARAMETERS, described } from './described-parameters.ts';

writeFileSync(DESCRIBED_PARAMETERS, described());
console.log(`wrote ${DESCRIBED_PARAMETERS}`);
