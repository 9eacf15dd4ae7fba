import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '..');
const decisions = globSync(join(REPOSITORY, 'docs/adr/*.md')).sort();
const numberOf = (file) => basename(file).slice(0, 4);

/** Links to decisions whose text and target have different numbers, as `page: link`. */
const misnumbered = (page, text) =>
  [...text.matchAll(/\[ADR (\d+)\]\([^)]*?(\d{4})-[^)]*\)/g)]
    .filter(([, told, linked]) => Number(told) !== Number(linked))
    .map(([link]) => `${page}: ${link}`);

it('decisions are numbered from 1 without a gap, each number once', () => {
  const numbers = decisions.map((file) => Number(numberOf(file)));
  expect(numbers).toEqual(decisions.map((_, index) => index + 1));
});

it.each(decisions.map((file) => [basename(file), file]))('%s begins with its number', (_, file) => {
  expect(readFileSync(file, 'utf8').split('\n')[0]).toMatch(new RegExp(`^# ${Number(numberOf(file))}\\. `));
});

it('a link to a decision has the number of the decision', () => {
  const pages = globSync(['*.md', 'docs/**/*.md', 'services/*/*.md', 'packages/*/*.md'], { cwd: REPOSITORY });
  expect(pages.length).toBeGreaterThan(20);
  expect(pages.flatMap((page) => misnumbered(page, readFileSync(join(REPOSITORY, page), 'utf8')))).toEqual([]);
  expect(misnumbered('x.md', '[ADR 3](docs/adr/0004-x.md)')).toEqual(['x.md: [ADR 3](docs/adr/0004-x.md)']);
});
