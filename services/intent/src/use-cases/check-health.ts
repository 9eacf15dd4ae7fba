import { HealthProblem } from '../domain/health-problem.ts';
import type { HealthCheck } from './ports.ts';
export interface CheckResult {
  readonly name: string;
  readonly status: 'UP' | 'DOWN';
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Health {
  readonly status: 'OK' | 'Partially Available' | 'Unavailable';
  readonly checks: readonly CheckResult[];
}

/** Runs all checks at the same time under one limit, in ms; after the limit everything counts as unavailable. */
export async function checkHealth(checks: readonly HealthCheck[], timeoutMs: number): Promise<Health> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  const results = await Promise.race([Promise.all(checks.map(run)), timeout]);
  clearTimeout(timer);
  if (!results) return { status: 'Unavailable', checks: [] };
  const down = results.filter(({ status }) => status === 'DOWN').length;
  const status = down === 0 ? 'OK' : down === results.length ? 'Unavailable' : 'Partially Available';
  return { status, checks: results };
}

async function run({ name, check }: HealthCheck): Promise<CheckResult> {
  try {
    return { name, status: 'UP', ...(await check()) };
  } catch (error) {
    if (error instanceof HealthProblem) return { name, status: 'DOWN', message: error.message, details: error.details };
    // The clients log the details; an error's message may contain anything, so it is not shown.
    return { name, status: 'DOWN', details: { error: error instanceof Error ? error.name : 'unknown' } };
  }
}
