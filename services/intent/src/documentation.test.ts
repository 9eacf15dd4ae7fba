import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { documentText } from './documentation.ts';

it('docs/openapi.json is what the routes say (node services/intent/src/commands/openapi.ts writes it)', () => {
  const committed = readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8');
  expect(committed).toBe(documentText());
});
