import { execFile, execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '..');
const TSC = join(REPOSITORY, 'node_modules/typescript-native/bin/tsc');
/** A copy of the files under version control, without any installed package. */
const copy = mkdtempSync(join(tmpdir(), 'connector-clean-install-'));
/**
 * Rooms whose workspaces are used without the others. Sandbox, simulators and tests run only in the whole repository.
 */
const ROOMS = /^(packages|services|enabler)\b/;
const run = promisify(execFile);

/** The paths of the workspaces from the repository's root, in alphabetical order. */
const workspaces = globSync(
  (JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')).workspaces as string[]).map(
    (of) => `${of}/package.json`,
  ),
  { cwd: REPOSITORY },
)
  .map(dirname)
  .toSorted();

interface Locked {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}
const locked = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')).packages as Record<
  string,
  Locked
>;

beforeAll(() => {
  const rooms = workspaces.map((path) => path.split('/')[0] as string);
  const paths = [...new Set(rooms), 'package.json', 'tsconfig.base.json'];
  const files = execFileSync('git', ['ls-files', '-z', '--', ...paths], { cwd: REPOSITORY, encoding: 'utf8' });
  for (const file of files.split('\0').filter(Boolean)) cpSync(join(REPOSITORY, file), join(copy, file));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** The lock file's place for the package that `from` imports as `name`; undefined when it is optional and missing. */
function placeOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder === '.' ? '' : folder, 'node_modules', name);
    if (locked[place]) return place;
    if (folder === '.') return undefined;
  }
}

/** Every folder of node_modules that `npm ci -w workspace` would fill. */
function placesFor(workspace: string): Set<string> {
  const places = new Set<string>();
  const visit = (from: string, names: readonly string[]) => {
    for (const name of names) {
      const place = placeOf(name, from);
      if (!place || places.has(place)) continue;
      places.add(place);
      const { link, resolved = '' } = locked[place] as Locked;
      const home = link ? resolved : place;
      const { dependencies, peerDependencies, optionalDependencies } = locked[home] ?? {};
      visit(home, Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }));
    }
  };
  const { dependencies, devDependencies } = locked[workspace] as Locked;
  visit(workspace, Object.keys({ ...dependencies, ...devDependencies }));
  return places;
}

it.each(workspaces.filter((path) => ROOMS.test(path)))(
  '%s compiles with only the packages of its own installation',
  async (workspace) => {
    rmSync(join(copy, 'node_modules'), { recursive: true, force: true });
    for (const place of placesFor(workspace)) {
      // Packages inside another package are copied with it.
      if (place.lastIndexOf('node_modules') > 0) continue;
      const { link, resolved = '' } = locked[place] as Locked;
      mkdirSync(dirname(join(copy, place)), { recursive: true });
      symlinkSync(link ? join(copy, resolved) : join(REPOSITORY, place), join(copy, place));
    }
    // The compiler and Node's types are tools of the repository. Every other type must come with the workspace.
    const config = {
      extends: './tsconfig.json',
      compilerOptions: {
        preserveSymlinks: true,
        typeRoots: [join(REPOSITORY, 'node_modules/@types'), join(copy, 'node_modules')],
      },
      include: ['src'],
      exclude: ['**/*.test.ts', '**/testing.ts', '**/testing/**'],
    };
    writeFileSync(join(copy, workspace, 'tsconfig.alone.json'), JSON.stringify(config));
    const project = ['-p', join(copy, workspace, 'tsconfig.alone.json')];
    const { stdout } = await run(process.execPath, [TSC, ...project], { cwd: copy }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  },
);
