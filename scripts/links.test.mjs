import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '..');
const PAGES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: REPOSITORY,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((page) => existsSync(join(REPOSITORY, page)));

/** The repository's address, where its files can be read. */
const OURS = 'https://github.com/stripe-checkout-connector/stripe-checkout-connector/blob/main/';

/** The anchor name of a heading with this `text`, by GitHub's rules. */
const anchorOf = (text) =>
  text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const withoutCode = (text) => text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');

function anchorsIn(file) {
  const counts = new Map();
  const text = readFileSync(file, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
  return new Set(
    [...text.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading]) => {
      const anchor = anchorOf(heading);
      const count = counts.get(anchor) ?? 0;
      counts.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

/** Links of the page to missing files and headings. */
function brokenLinks(page, text) {
  const links = [...withoutCode(text).matchAll(/\]\(([^()\s]+(?:\([^()\s]*\))?)\)/g)].map(([, link]) => link);
  return links.filter((link) => {
    const isOurs = link.startsWith(OURS);
    if (/^[a-z]+:/.test(link) && !isOurs) return false;
    const [path, anchor] = link.split('#');
    const local = isOurs ? join(REPOSITORY, path.slice(OURS.length)) : path && join(dirname(page), decodeURI(path));
    const file = local || page;
    if (!existsSync(file)) return true;
    return Boolean(anchor) && file.endsWith('.md') && !anchorsIn(file).has(anchor);
  });
}

it('there are pages', () => {
  expect(PAGES).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/security.md', 'k8s/README.md']));
});

it.each([
  ['a file', '[x](nowhere.md)', ['nowhere.md']],
  ['a heading', '[x](README.md#nowhere)', ['README.md#nowhere']],
  ['a file by its address', `[x](${OURS}nowhere.md) [y](${OURS}docs/install.md#commands)`, [`${OURS}nowhere.md`]],
  ['a heading of its own', '[x](#nowhere)', ['#nowhere']],
  ['nothing', '[x](README.md) [y](README.md#how-it-works) [z](https://example.com/nowhere) `[x](nowhere.md)`', []],
])('a link to %s that does not exist is found', (_what, text, broken) => {
  expect(brokenLinks(join(REPOSITORY, 'README.md'), text)).toEqual(broken);
});

it.each(PAGES.filter((page) => /^charts\/[^/]+\/[A-Z]+\.md$/.test(page)))(
  '%s, which is also shown outside the repository, has only full addresses as links',
  (page) => {
    const text = withoutCode(readFileSync(join(REPOSITORY, page), 'utf8'));
    const links = [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link);
    expect(links.filter((link) => !/^(https:|#)/.test(link))).toEqual([]);
  },
);

describe.each(PAGES)('%s', (page) => {
  const file = join(REPOSITORY, page);
  const text = readFileSync(file, 'utf8');

  it('links only to existing files and headings', () => {
    expect(brokenLinks(file, text)).toEqual([]);
  });

  it('names only existing commands and scripts', () => {
    const scripts = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')).scripts;
    const commands = globSync('services/*/src/commands/*.ts', { cwd: REPOSITORY }).map((path) =>
      relative(dirname(path), path).replace('.ts', ''),
    );
    const named = [...text.matchAll(/\bdist\/commands\/([\w-]+)\.js/g)].map(([, name]) => name);
    const run = [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name);
    expect([...named.filter((name) => !commands.includes(name)), ...run.filter((name) => !scripts[name])]).toEqual([]);
  });
});
