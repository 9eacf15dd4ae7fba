import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '@connector/sandbox';
import { expect, it } from 'vitest';
import { readmeWithFigures, speedTable } from './readme.ts';

it('README.md shows the figures of docs/benchmarks.md, and no others (npm run docs)', async () => {
  expect(await readFile(join(REPOSITORY, 'README.md'), 'utf8')).toBe(await readmeWithFigures());
});

it('refuses a page whose tables lack a row', () => {
  expect(() => speedTable('<!-- open: begin -->\n| what | measured |\n<!-- open: end -->')).toThrow(
    'docs/benchmarks.md has no "open, one at a time" in open',
  );
});
