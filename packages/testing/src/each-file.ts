import { register } from '@connector/telemetry';
import fc from 'fast-check';
import { beforeAll } from 'vitest';

/**
 * The seed of one file's properties, unless a test has a seed of its own: a repetition of the file tries the same
 * cases. fast-check prints the seed of a failure.
 */
const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));

// Test files that run one after another in the same process each count from 0.
beforeAll(() => {
  register.resetMetrics();
  fc.configureGlobal({ seed });
});
