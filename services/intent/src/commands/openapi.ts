import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { documentText } from '../documentation.ts';

/** Writes the OpenAPI document of the processor to docs/openapi.json. */
const file = fileURLToPath(new URL('../../../../docs/openapi.json', import.meta.url));
writeFileSync(file, documentText());
process.stdout.write(`wrote ${file}\n`);
