// The arrows of docs/architecture.md, checked by `npm test -- --only lint`: nothing imports a folder to its right.
//   errors, payment-model, contracts ← other packages ← services, enabler ← simulators, sandbox ← tests

const { globSync, readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const read = (path) => JSON.parse(readFileSync(join(__dirname, path), 'utf8'));
const WORKSPACES = globSync(
  read('package.json').workspaces.map((pattern) => `${pattern}/package.json`),
  { cwd: __dirname },
).map((path) => ({ folder: dirname(path), ...read(path) }));

/** Folders of the workspaces that a workspace declares, and its own. */
const declaredBy = ({ folder, dependencies, devDependencies, peerDependencies }) => {
  const names = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
  return [folder, ...WORKSPACES.filter(({ name }) => names.includes(name)).map((one) => one.folder)];
};

/** Folders of what a workspace stands on, by what it and they declare. */
const under = (folder, seen = new Set()) => {
  for (const below of declaredBy(WORKSPACES.find((one) => one.folder === folder))) {
    if (below === folder || seen.has(below)) continue;
    seen.add(below);
    under(below, seen);
  }
  return seen;
};

/** Folders of a room, as a pattern. */
const room = (...folders) => `^(${folders.join('|')})/`;
const BASE = ['packages/errors', 'packages/payment-model', 'packages/contracts'];
const ALL_PACKAGES = ['packages/[^/]+'];
const PRODUCT = ['services/[^/]+', 'enabler'];
const AROUND = ['simulators', 'sandbox'];
const TESTS = ['tests'];

/** What only tests and their tools load. */
const TEST_FILE = '(\\.test\\.ts$|/testing/|/contract/|/(vite|vitest)\\.config\\.)';

/** A rule that forbids imports of `to` from files of `from`, `allowed` excepted; its comment is shown with each violation. */
const forbid = (name, comment, from, to, { except } = {}) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, ...(except?.from ? { pathNot: except.from } : {}) },
  to: { path: to, ...(except?.to ? { pathNot: except.to } : {}) },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two files that import each other are one thought: join them, or move what both need into a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...WORKSPACES.map(({ folder }) => {
      const below = [...under(folder)].filter((one) => one !== folder);
      return forbid(
        'no-circle-of-workspaces',
        'A workspace is not imported by what it stands on, not even by its tests: what both need lies in the lower one.',
        below.length > 0 ? room(...below) : '^$',
        room(folder),
      );
    }),
    forbid(
      'base-imports-nothing',
      'errors, payment-model and contracts are what everything stands on: of ours they import only each other.',
      room(...BASE),
      room(...ALL_PACKAGES, ...PRODUCT, ...AROUND, ...TESTS, 'monitoring'),
      { except: { to: room(...BASE) } },
    ),
    forbid(
      'packages-know-no-service',
      'A package runs in several services and knows none of them.',
      room(...ALL_PACKAGES),
      room(...PRODUCT, ...AROUND, ...TESTS, 'monitoring'),
    ),
    forbid(
      'services-know-no-surroundings',
      'No service knows the sandbox, the simulators or the tests, not even in its own tests: addresses come from the environment.',
      room(...PRODUCT),
      room(...AROUND, ...TESTS, 'monitoring'),
    ),
    {
      name: 'services-are-strangers',
      comment: 'Services meet over HTTP and Kafka, by contracts; what two of them need is a package.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
    forbid(
      'around-imports-no-tests',
      'Simulators and the sandbox are run by tests, and know none.',
      room(...AROUND),
      room(...TESTS),
    ),
    forbid(
      'simulators-know-no-sandbox',
      'Each simulator could be published on its own.',
      room('simulators'),
      room('sandbox', 'services', 'enabler', 'monitoring'),
    ),
    forbid(
      'enabler-knows-no-service',
      'The browser library and the processor meet over HTTP.',
      room('enabler'),
      room('services'),
    ),
    forbid(
      'monitoring-knows-packages-alone',
      'Objectives, alerts and dashboards are about the metrics that packages name.',
      room('monitoring'),
      room(...PRODUCT, ...AROUND, ...TESTS),
    ),
    forbid(
      'scripts-know-no-room',
      'Scripts run before anything is installed, or start processes of the rooms; they import none.',
      room('scripts'),
      room(...ALL_PACKAGES, ...PRODUCT, ...AROUND, ...TESTS, 'monitoring'),
      { except: { from: '\\.test\\.mjs$' } },
    ),
    forbid(
      'domain-is-pure',
      'domain/ has no I/O, no clock, no Express: of ours it imports contracts, payment-model, errors and itself.',
      '^services/[^/]+/src/domain/',
      '.',
      {
        except: {
          from: '\\.test\\.ts$',
          to: [
            '^services/[^/]+/src/domain/',
            '^packages/(contracts|payment-model|errors)/',
            // Types and schemas are facts about shapes.
            '^node_modules/(zod|stripe|@commercetools/platform-sdk)/',
            // Functions of Node's without I/O: hashes, and whether a text is an IP address.
            '^(node:)?(crypto|net)$',
          ],
        },
      },
    ),
    forbid(
      'use-cases-know-no-adapters',
      'A use case names what it needs in ports.ts; adapters implement it.',
      '^services/[^/]+/src/use-cases/',
      '^services/[^/]+/src/(adapters|routes|consumers|commands|main)',
      { except: { from: '\\.test\\.ts$' } },
    ),
    forbid(
      'adapters-know-no-edges',
      'An adapter implements a port; it calls no use case and no route.',
      '^services/[^/]+/src/adapters/',
      '^services/[^/]+/src/(use-cases/(?!ports)|routes|consumers|commands|main)',
      { except: { from: '\\.test\\.ts$' } },
    ),
    {
      name: 'internals-in-one-folder',
      comment:
        'Inner files of kafkajs and undici are imported by one folder each, whose README says why; tests may compare with them.',
      severity: 'error',
      from: { pathNot: ['^packages/kafka/src/kafkajs-internals/', '^packages/http/src/undici-internals/', TEST_FILE] },
      to: { path: '(^|/)node_modules/(kafkajs/src|undici/lib)/' },
    },
    {
      name: 'declares-what-it-imports',
      comment:
        "A workspace declares every package that it imports; tests also find the root's development dependencies.",
      severity: 'error',
      from: { path: room(...ALL_PACKAGES, ...PRODUCT, ...AROUND, ...TESTS, 'monitoring'), pathNot: TEST_FILE },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    ...WORKSPACES.map((workspace) => ({
      name: 'declares-workspaces',
      comment: 'A workspace declares every other workspace that it imports by name, in its tests too.',
      severity: 'error',
      from: { path: room(workspace.folder) },
      to: {
        path: room(...WORKSPACES.map(({ folder }) => folder)),
        pathNot: room(...declaredBy(workspace)),
        // What is found through a link in node_modules.
        dependencyTypes: ['undetermined'],
      },
    })),
    forbid(
      'testing-is-for-tests',
      'Builders and fakes are for tests alone.',
      room(...ALL_PACKAGES, ...PRODUCT),
      '^packages/testing/|/src/testing/',
      { except: { from: '(\\.test\\.ts$|/src/testing/|/contract/|^packages/testing/)' } },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|/public/|\\.cache/)' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
