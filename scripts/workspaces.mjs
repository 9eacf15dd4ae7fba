// The workspaces of this repository, and the packages that their sources import.
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '..');
const SOURCES = '**/*.{ts,mts,js,mjs}';
const LEFT_OUT = ['node_modules', 'dist', 'public', '.cache'];
/**
 * What only tests and their tools load: these may also use the root's development dependencies, and what stands in for outside
 * systems. A workspace cannot declare the latter, because they depend on it.
 */
const TEST_FILE = /\.test\.m?[jt]s$|(^|\/)(contract|tests|testing)\/|vite\.config|vitest\.config/;

const STAND_INS = /^@connector\/(sandbox|simulator-.+)$/;

const read = (path) => JSON.parse(readFileSync(join(REPOSITORY, path), 'utf8'));

/** Paths of the workspaces from the repository's root, in alphabetical order. */
export const workspaces = () =>
  globSync(
    read('package.json').workspaces.map((pattern) => `${pattern}/package.json`),
    { cwd: REPOSITORY },
  )
    .map(dirname)
    .toSorted();

const FROM = /\b(?:from|import)\s*\(?\s*(['"])(?<name>[^'"\n]+)\1/g;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** Names of the packages that a source text imports, without Node's own and without files. */
export function packagesIn(text) {
  const names = [...text.replace(COMMENT, '').matchAll(FROM)].map(({ groups }) => groups.name);
  const isPackage = (name) =>
    /^(@[\w.-]+\/)?[a-z][\w.-]*(\/|$)/i.test(name) && !name.startsWith('node:') && !builtinModules.includes(name);
  return new Set(names.filter(isPackage).map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name));
}

/** Imports of packages that the workspace at `path` does not declare, as `file: package`. */
export function undeclared(path) {
  const { name, dependencies, devDependencies, peerDependencies } = read(join(path, 'package.json'));
  const own = new Set([name, ...Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })]);
  const forTests = new Set(Object.keys(read('package.json').devDependencies));
  const files = globSync(SOURCES, {
    cwd: join(REPOSITORY, path),
    exclude: (entry) => LEFT_OUT.includes(entry.name ?? entry),
  });
  return files.toSorted().flatMap((file) => {
    const isTest = TEST_FILE.test(file);
    return [...packagesIn(readFileSync(join(REPOSITORY, path, file), 'utf8'))]
      .filter((imported) => !own.has(imported) && !(isTest && (forTests.has(imported) || STAND_INS.test(imported))))
      .map((imported) => `${join(path, file)}: ${imported}`);
  });
}
