import { writeFileSync } from 'node:fs';
import { generated } from './generated.ts';
import { CHART } from './values.ts';

/** Writes values.schema.json, the README's table of values, and what the templates read of the services' code. */
for (const [file, text] of Object.entries(generated())) {
  writeFileSync(new URL(file, CHART), text);
  process.stdout.write(`wrote ${file}\n`);
}
