import { randomOf } from '@connector/load-tests/random';
import type { Coverage } from './coverage.ts';
import { mutate } from './mutate.ts';

/** Something that reads what strangers send. */
export interface Target {
  readonly name: string;
  /** What it is meant to read. */
  readonly seeds: readonly Buffer[];
  /** Words of its language. */
  readonly tokens: readonly string[];
  /** Throws Error when what came of the input may never come of any. */
  run(input: Buffer): Promise<void>;
  stop(): Promise<void>;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Ends after so many inputs, or at this time (performance.now()), whichever is first. */
  readonly runs?: number;
  readonly until?: number;
  /** Inputs that reach new code are mutated further; without it all seeds stay the parents. */
  readonly coverage?: Coverage | undefined;
  /** Told each input before it is tried. */
  readonly onInput?: (input: Buffer) => void;
}

export interface Finding {
  readonly input: Buffer;
  readonly error: Error;
}

export interface FuzzReport {
  readonly target: string;
  readonly runs: number;
  readonly seconds: number;
  /** Inputs that reached something new, the seeds among them. */
  readonly corpus: number;
  readonly branches: number;
  readonly findings: readonly Finding[];
}

/** No input of a few kB may take longer, in ms; generous, as the machine may be busy. */
const TOO_LONG_MS = 2_000;
const LARGEST = 64 * 1024;
/** Asking for the coverage costs more than most inputs do, so it is asked once for several, and again for each when something is new. */
const BATCH = 16;
/** One broken rule shows in many inputs; a few are enough. */
const ENOUGH_FINDINGS = 5;

/** Feeds a target with mutations of its seeds. The same seed makes the same choices as long as coverage answers the same. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, runs: most = Number.POSITIVE_INFINITY, until = Number.POSITIVE_INFINITY, coverage } = options;
  const random = randomOf(seed);
  const corpus = [...target.seeds];
  const findings: Finding[] = [];
  const began = performance.now();
  const tried = async (input: Buffer) => {
    options.onInput?.(input);
    const from = performance.now();
    try {
      await target.run(input);
      const took = performance.now() - from;
      if (took > TOO_LONG_MS) throw new Error(`took ${took.toFixed(0)} ms`);
    } catch (error) {
      findings.push({ input, error: error as Error });
    }
  };
  for (const known of target.seeds) await tried(known);
  coverage?.grew({ note: true });
  let runs = corpus.length;
  const isOver = () => runs >= most || performance.now() >= until || findings.length >= ENOUGH_FINDINGS;
  while (!isOver()) {
    const batch: Buffer[] = [];
    while (batch.length < BATCH && !isOver()) {
      // What was found last leads furthest.
      const newest = random.chance(0.3) ? Math.floor(corpus.length * 0.8) : 0;
      const parent = corpus[random.between(newest, corpus.length - 1)] as Buffer;
      const input = mutate(parent, random.pick(corpus), target.tokens, random).subarray(0, LARGEST);
      batch.push(input);
      runs += 1;
      await tried(input);
    }
    if (!coverage?.grew({ note: false })) continue;
    for (const input of batch) {
      await tried(input);
      if (coverage.grew({ note: true })) corpus.push(input);
    }
  }
  return {
    target: target.name,
    runs,
    seconds: (performance.now() - began) / 1000,
    corpus: corpus.length,
    branches: coverage?.branches ?? 0,
    findings,
  };
}
