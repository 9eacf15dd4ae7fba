import { register } from '@connector/telemetry';
import fc from 'fast-check';
import { beforeAll } from 'vitest';

/** Of the properties of one file, unless a test has one of its own: a second try meets the same cases. A failure prints it. */
const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));

// Test files that follow each other in one process count from 0 each.
beforeAll(() => {
  register.resetMetrics();
  fc.configureGlobal({ seed });
});
