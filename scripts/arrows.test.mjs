import { execFile } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const RULES = createRequire(import.meta.url)('../.dependency-cruiser.cjs').forbidden.map(({ name }) => name);

/** For each rule a file, and an import that the rule forbids in that file. */
const PLANTED = {
  'no-circles': ['packages/errors/src/a.ts', './b.ts'],
  'no-circle-of-workspaces': ['packages/errors/src/planted.ts', '../../http/src/index.ts'],
  'base-imports-nothing': ['packages/contracts/src/planted.ts', '../../kafka/src/index.ts'],
  'packages-know-no-service': ['packages/kafka/src/planted.ts', '../../../services/ledger/src/config.ts'],
  'services-know-no-surroundings': ['services/ledger/src/planted.ts', '../../../sandbox/src/index.ts'],
  'services-are-strangers': ['services/ledger/src/stranger.ts', '../../intent/src/config.ts'],
  'around-imports-no-tests': ['sandbox/src/planted.ts', '../../tests/chaos/src/index.ts'],
  'simulators-know-no-sandbox': ['simulators/stripe/src/planted.ts', '../../../sandbox/src/index.ts'],
  'enabler-knows-no-service': ['enabler/src/planted.ts', '../../services/intent/src/config.ts'],
  'monitoring-knows-packages-alone': ['monitoring/src/planted.ts', '../../services/intent/src/config.ts'],
  'scripts-know-no-room': ['scripts/planted.mjs', '../packages/http/src/index.ts'],
  'domain-is-pure': ['services/ledger/src/domain/planted.ts', 'node:fs'],
  'use-cases-know-no-adapters': ['services/ledger/src/use-cases/planted.ts', '../adapters/planted.ts'],
  'adapters-know-no-edges': ['services/ledger/src/adapters/planted.ts', '../routes/planted.ts'],
  'internals-in-one-folder': ['packages/kafka/src/inner.ts', 'kafkajs/src/network/connection.js'],
  'declares-what-it-imports': ['packages/errors/src/undeclared.ts', 'undici'],
  'declares-workspaces': ['packages/errors/src/workspace.ts', '@connector/kafka'],
  'testing-is-for-tests': ['services/ledger/src/builder.ts', '../../../packages/testing/src/ids.ts'],
};
const TARGETS = [
  'packages/http/src/index.ts',
  'packages/kafka/src/index.ts',
  'packages/testing/src/ids.ts',
  'services/ledger/src/config.ts',
  'services/ledger/src/routes/planted.ts',
  'services/intent/src/config.ts',
  'sandbox/src/index.ts',
  'tests/chaos/src/index.ts',
];

/** A repository with the real rules and workspaces, whose files contain only the planted imports. */
let house;
/** The violations that the check finds there, as `rule: file → import`. */
let found;

const write = (path, text) => {
  mkdirSync(dirname(join(house, path)), { recursive: true });
  writeFileSync(join(house, path), text);
};

/** Links as npm makes them: packages of others, and the repository's workspaces. */
function linkModules(manifests) {
  const modules = join(house, 'node_modules');
  mkdirSync(join(modules, '@connector'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@connector') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  for (const path of manifests) {
    const { name } = JSON.parse(readFileSync(join(house, path), 'utf8'));
    symlinkSync(join(house, dirname(path)), join(modules, name));
  }
}

beforeAll(async () => {
  house = realpathSync(mkdtempSync(join(tmpdir(), 'house-')));
  const { workspaces } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const manifests = globSync(
    workspaces.map((pattern) => `${pattern}/package.json`),
    { cwd: ROOT },
  );
  for (const path of [...manifests, 'package.json', '.dependency-cruiser.cjs'])
    cpSync(join(ROOT, path), join(house, path));
  linkModules(manifests);
  for (const path of TARGETS) write(path, 'export {};\n');
  write('packages/errors/src/b.ts', "import './a.ts';\n");
  for (const [path, imported] of Object.values(PLANTED)) write(path, `import '${imported}';\n`);
  const rooms = ['packages', 'services', 'enabler', 'simulators', 'sandbox', 'monitoring', 'tests', 'scripts'];
  const args = [join(ROOT, 'node_modules/.bin/depcruise'), '--output-type', 'json', ...rooms];
  const output = await new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: house, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (stdout) resolve(stdout);
      else reject(new Error(stderr, { cause: error }));
    });
  });
  found = JSON.parse(output).summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);
}, 60_000);

afterAll(() => rmSync(house, { recursive: true, force: true }));

it('an import is planted for each rule', () => {
  expect(Object.keys(PLANTED).toSorted()).toEqual([...new Set(RULES)].toSorted());
});

it.each(Object.entries(PLANTED).map(([rule, [path, imported]]) => [rule, path, imported]))(
  '%s: %s may not import %s',
  (rule, path) => {
    expect(found).toContain(`${rule}: ${path}`);
  },
);
