import { randomOf } from '@connector/load-tests/random';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuzz, type Target } from './fuzzer.ts';
import { mutate } from './mutate.ts';
import { TARGETS } from './targets.ts';

/** A short run of `npm run fuzz`, the same at each time. */
const RUNS = {
  'webhook-body': 500,
  'webhook-signature': 500,
  'kafka-message': 4_000,
  'session-id': 400,
  'json-config': 400,
};
const SEED = 20_261_125;

describe.each(Object.entries(RUNS))('%s', (name, runs) => {
  let target: Target;
  beforeAll(async () => {
    target = await (TARGETS[name] as () => Promise<Target>)();
  });
  afterAll(() => target.stop());

  it('takes whatever a stranger sends', { timeout: 60_000 }, async () => {
    const { findings, runs: done } = await fuzz(target, { seed: SEED, runs });
    expect(findings.map(({ input, error }) => `${error.message}: ${input.toString('base64').slice(0, 400)}`)).toEqual(
      [],
    );
    expect(done).toBe(runs);
  });
});

describe('the fuzzer', () => {
  const target = (run: Target['run']): Target => ({
    name: 'test',
    seeds: [Buffer.from('{"id":"a"}')],
    tokens: ['boom'],
    run,
    stop: async () => {},
  });

  it('finds what breaks, and tells the input', async () => {
    const run = async (input: Buffer) => {
      if (input.includes('boom')) throw new Error('broken');
    };
    const { findings } = await fuzz(target(run), { seed: 1, runs: 2_000 });
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.every(({ input, error }) => input.includes('boom') && error.message === 'broken')).toBe(true);
  });

  it('makes the same inputs of the same seed, and others of another', () => {
    const inputs = (seed: number) => {
      const random = randomOf(seed);
      const from = Buffer.from('{"id":"a","n":[1,2]}');
      return Array.from({ length: 50 }, () => mutate(from, from, ['x'], random).toString('hex'));
    };
    expect(inputs(1)).toEqual(inputs(1));
    expect(inputs(1)).not.toEqual(inputs(2));
  });

  it('changes what it reads of no other input, and nothing of Object', () => {
    const random = randomOf(5);
    const from = Buffer.from('{"a":{"b":1}}');
    const before = Buffer.from(from);
    for (let time = 0; time < 2_000; time += 1) mutate(from, from, [], random);
    expect(from.equals(before)).toBe(true);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
