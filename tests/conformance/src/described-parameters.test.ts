import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DESCRIBED_PARAMETERS, described } from './described-parameters.ts';

it('the simulated Stripe refuses by what Stripe describes (node tests/conformance/src/write-parameters.ts writes it)', () => {
  expect(readFileSync(DESCRIBED_PARAMETERS, 'utf8')).toBe(described());
});
