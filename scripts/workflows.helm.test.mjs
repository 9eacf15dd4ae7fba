import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const FOLDER = join(import.meta.dirname, '../.github/workflows');
const FILES = readdirSync(FOLDER);
const REPOSITORY = join(import.meta.dirname, '..');

/** actionlint's complaints; empty when there are none. */
function complaints(args, input) {
  const all = ['-no-color', '-shellcheck=', '-pyflakes=', ...args];
  const options = { encoding: 'utf8', cwd: REPOSITORY, input };
  const { status, stdout, stderr, error } = spawnSync(process.env.ACTIONLINT_BIN ?? 'actionlint', all, options);
  if (error) throw error;
  return status === 0 ? '' : `${stdout}${stderr}`;
}

it('actionlint finds mistakes', () => {
  expect(complaints(['-'], 'on: push\njobs: { a: { runs-on: ubuntu-24.04, steps: [{ runs: true }] } }\n')).not.toBe('');
});

describe.each(FILES)('%s', (file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const { jobs, permissions, concurrency } = parse(text);
  const called = Object.values(jobs).flatMap(({ steps = [], uses }) => [uses, ...steps.map((step) => step.uses)]);

  it('has no complaint of actionlint', () => {
    expect(complaints([join(FOLDER, file)])).toBe('');
  });

  it('runs actions by commit, with the version as a comment', () => {
    const others = called.filter((name) => name && !name.startsWith('./'));
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter((name) => !/@[0-9a-f]{40}$/.test(name))).toEqual([]);
    expect(text.match(/uses: [^.\s]\S+@[0-9a-f]{40}$/gm)).toBeNull();
  });

  it('has only the rights that each job needs, a time-out, and no two runs of the same kind at once', () => {
    expect(Object.entries(permissions).filter(([, right]) => right !== 'read')).toEqual([]);
    expect(concurrency.group).toMatch(/\S/);
    const endless = Object.keys(jobs).filter((name) => !jobs[name].uses && !(jobs[name]['timeout-minutes'] > 0));
    expect(endless).toEqual([]);
  });
});

it('images are released for every service and for trials', () => {
  const { jobs } = parse(readFileSync(join(FOLDER, 'release.yml'), 'utf8'));
  const released = jobs.image.strategy.matrix.include.map(({ folder }) => folder);
  const services = readdirSync(join(REPOSITORY, 'services')).map((name) => `services/${name}`);
  expect(released.toSorted()).toEqual([...services, 'sandbox'].toSorted());
});
