import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const never = ['**/node_modules/**', '**/dist/**', '**/public/**', '**/.cache/**'];

/**
 * Tests of whole systems, and of Kafka's client on its sockets, share two cores with brokers and browsers. One that fails is tried once more, and
 * named with its failure in the output of `npm test` when only the second try passed, so that it is seen and fixed. Properties meet the same cases
 * again (packages/testing/src/each-file.ts), so that no second try hides what a generated case has found.
 */
const retry = 1;

/** Files follow each other in one process, so that they can share a whole system (tests/e2e/src/shared-by-files.ts). */
const shareSystem = { fileParallelism: false, isolate: false };

/** Kafka's client on scripted brokers waits most of the time, for heartbeats and time limits; histories and bundles compute for long. */
const LONG = /\/packages\/kafka\/|\/histories\.property\.test|\/bundle\.test/;

class LongOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** One project per kind of test; a file's name says which kind it is. */
export default defineConfig({
  test: {
    passWithNoTests: false,
    // A shared system stops in order after the last file.
    teardownTimeout: 60_000,
    sequence: { sequencer: LongOnesFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts', '**/*.test.mjs'],
          exclude: [
            ...never,
            '**/*.integration.test.ts',
            '**/*.pact.test.ts',
            '**/*.helm.test.{ts,mjs}',
            '**/contract/**',
            'tests/e2e/**',
            'tests/conformance/**',
          ],
          // Limits for what hangs: a machine that is busy takes long for what should take a moment.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          // Loading the same modules for each file again takes as much as the tests themselves.
          isolate: false,
          setupFiles: ['packages/testing/src/each-file.ts'],
          retry,
          // As many again as compute wait.
          maxWorkers: 2 * availableParallelism(),
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'pact',
          include: ['**/*.pact.test.ts', '**/contract/**/*.test.ts'],
          exclude: never,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Consumers write their pact files, providers verify them: one file at a time keeps that order whole.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'chart',
          // What is installed and released: the chart, the overlays, the workflows, the SBOMs.
          include: ['charts/**/*.helm.test.ts', 'scripts/**/*.helm.test.mjs'],
          exclude: never,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: [...never, 'tests/e2e/**'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          globalSetup: ['tests/integration/src/kafka-server.ts'],
          // Some files start a broker of their own; several at once would starve a small machine.
          retry,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'api',
          include: ['tests/e2e/src/api/**/*.test.ts'],
          exclude: never,
          testTimeout: 60_000,
          hookTimeout: 600_000,
          retry,
          ...shareSystem,
        },
      },
      {
        test: {
          name: 'conformance',
          // What the services send and the simulators answer, held against the vendors' published descriptions.
          include: ['tests/conformance/src/**/*.test.ts'],
          exclude: never,
          testTimeout: 60_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/src/**/*.test.ts'],
          exclude: [...never, 'tests/e2e/src/api/**'],
          testTimeout: 180_000,
          hookTimeout: 600_000,
          retry,
          ...shareSystem,
        },
      },
    ],
  },
});
