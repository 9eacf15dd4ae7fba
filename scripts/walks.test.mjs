import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = new URL('../docs/architecture.md', import.meta.url);

/** The files that a walk of docs/architecture.md names, in order, as paths from docs/. */
function filesOf(walk) {
  const [, steps = ''] = readFileSync(page, 'utf8').split(`**${walk}**\n`);
  const [list = ''] = steps.trim().split(/\n\n/);
  return list.split('\n').map((line) => line.match(/^\d+\. \[[^\]]+\]\(([^)]+)\)/)?.[1]);
}

it.each(['A webhook arrives', 'A checkout opens'])('"%s" passes at most 15 files, and each of them exists', (walk) => {
  const files = filesOf(walk);
  expect(files.length).toBeGreaterThan(5);
  expect(files.length).toBeLessThanOrEqual(15);
  expect(new Set(files).size).toBe(files.length);
  expect(files.filter((file) => !file || !existsSync(new URL(file, page)))).toEqual([]);
});

it('the map of the house and the walks through it come first on the page', () => {
  const headings = [...readFileSync(page, 'utf8').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings.slice(0, 2)).toEqual(['The house', 'Two walks through the house']);
});

it('the walk of a webhook contains the table of event types and the retry rules', () => {
  const files = filesOf('A webhook arrives').join('\n');
  expect(files).toContain('packages/contracts/src/stripe-event-types.ts');
  expect(files).toContain('packages/kafka/src/consume/retry-policy.ts');
});

it('each place where a change may begin exists', () => {
  const [, rows = ''] = readFileSync(page, 'utf8').split('### Where does a change begin?\n');
  const [table = ''] = rows.trim().split(/\n\n/);
  const places = [...table.matchAll(/\]\(([^)#]+)/g)].map(([, place]) => place);
  expect(places.length).toBeGreaterThan(10);
  expect(places.filter((place) => !existsSync(new URL(place, page)))).toEqual([]);
});
