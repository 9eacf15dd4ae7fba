import { CHECKPOINTS, type EventRecord } from '@connector/contracts';
import type { Component } from '@connector/lifecycle';
import { metrics } from '@connector/telemetry';
import * as z from 'zod';
import { DIVERGENCE_KINDS, type ReconciliationSummary } from '../domain/reconciliation.ts';
import { type LastRunOptions, lastRunStatus } from './last-run.ts';

const runSchema = z.object({
  finishedAt: z.iso.datetime(),
  kinds: z.record(z.string(), z.int()),
  repairs: z.record(z.string(), z.int()),
  open: z.record(
    z.string(),
    z.object({ ages: z.record(z.string(), z.int()).default({}), oldest: z.iso.datetime().optional() }),
  ),
});

const keyOf = (projectKey: string): string => `reconcile-pending:${projectKey}`;

/** The record of a complete run of reconcile-pending on the topic of checkpoints. */
export const reconciliationRecord = (
  projectKey: string,
  { kinds, repairs, open }: ReconciliationSummary,
  at: Date,
): EventRecord => ({
  key: keyOf(projectKey),
  value: Buffer.from(JSON.stringify({ finishedAt: at.toISOString(), kinds, repairs, open })),
  headers: {},
});

/** When the last complete run ended; undefined when there was none. */
export async function lastCompleteRun(
  readLatest: (topic: string, key: string) => Promise<Buffer | undefined>,
  projectKey: string,
): Promise<Date | undefined> {
  const stored = await readLatest(CHECKPOINTS, keyOf(projectKey));
  return stored && new Date(runSchema.parse(JSON.parse(stored.toString())).finishedAt);
}

/**
 * Exports the last run of reconcile-pending as metrics: the command itself ends before Prometheus could scrape it, but
 * leaves a record. `readLatest` reads the latest record of a key.
 */
export function reconciliationStatus(
  readLatest: (topic: string, key: string) => Promise<Buffer | undefined>,
  { projectKey, ...options }: LastRunOptions & { readonly projectKey: string },
): Component & { refresh(): Promise<void> } {
  let seen: string | undefined;
  let first = true;

  const refresh = async () => {
    const stored = await readLatest(CHECKPOINTS, keyOf(projectKey));
    const run = stored && runSchema.parse(JSON.parse(stored.toString()));
    // Repairs made before this process began are not counted by it.
    if (run && !first && run.finishedAt !== seen) {
      for (const [kind, count] of Object.entries(run.repairs)) metrics.reconciliationRepairs.inc({ kind }, count);
    }
    first = false;
    if (!run || run.finishedAt === seen) return;
    seen = run.finishedAt;
    metrics.reconciliationLastSuccess.set(Date.parse(run.finishedAt) / 1000);
    for (const [kind, count] of Object.entries(run.kinds)) metrics.reconciliationDivergences.set({ kind }, count);
    metrics.oldestPendingPayment.reset();
    for (const [state, { ages, oldest }] of Object.entries(run.open)) {
      for (const [age, payments] of Object.entries(ages)) metrics.pendingPayments.set({ state, age }, payments);
      if (oldest) metrics.oldestPendingPayment.set({ state }, Date.parse(oldest) / 1000);
    }
  };
  const zero = () => {
    metrics.reconciliationLastSuccess.set(0);
    for (const kind of DIVERGENCE_KINDS) {
      metrics.reconciliationRepairs.inc({ kind }, 0);
      metrics.reconciliationDivergences.set({ kind }, 0);
    }
  };
  return lastRunStatus('reconciliation', { zero, refresh }, options);
}
