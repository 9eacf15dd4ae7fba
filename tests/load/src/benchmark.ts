import type { Environment } from './environment/environment.ts';

/** A target of the project, and whether a run met it. */
export interface Budget {
  readonly what: string;
  readonly measured: string;
  readonly target: string;
  readonly holds: boolean;
  /** Why the machine and not the code decides here; such a budget is reported, and is no miss. */
  readonly boundBy?: string | undefined;
}

/** What each call to a side takes, in ms. */
export interface Latencies {
  readonly commercetools: number;
  readonly stripe: number;
}

export interface Plan {
  /** A try: a tenth of the work, figures for orientation alone. */
  readonly quick: boolean;
  readonly latencies: Latencies;
  /** Processes of intent that share the limits, in the benchmark of limits. */
  readonly pods: number;
  /** Profiles the service that a benchmark is about into this folder. */
  readonly cpuProf?: string | undefined;
  readonly progress: (line: string) => void;
}

/** One benchmark of `npm run bench`. What it measures goes into JSON as it is, and from there into tables. */
export interface Benchmark<F> {
  /** For the option --only, and for the marks in docs/benchmarks.md. */
  readonly name: string;
  /** True: Stripe sends its webhooks to its webhook-ingest. */
  readonly webhooks?: boolean;
  measure(environment: Environment, plan: Plan): Promise<F>;
  /** Markdown. */
  tables(figures: F): string;
  budgets(figures: F): Budget[];
}

/** Options of Node that profile the processor. */
export const profile = ({ cpuProf }: Plan): string[] => (cpuProf ? ['--cpu-prof', `--cpu-prof-dir=${cpuProf}`] : []);

export const ms = (value: number, digits = 1): string => `${value.toFixed(digits)} ms`;
export const rate = (value: number): string => `${value.toFixed(0)}/s`;
export const times = (value: number): string => `× ${value.toFixed(2)}`;
