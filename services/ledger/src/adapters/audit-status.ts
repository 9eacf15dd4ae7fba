import { CHECKPOINTS, type EventRecord } from '@connector/contracts';
import type { Component } from '@connector/lifecycle';
import { metrics } from '@connector/telemetry';
import * as z from 'zod';
import { DIFFERENCE_KINDS, MOVEMENT_TYPES } from '../domain/audit.ts';
import { type AuditSummary, BALANCE_TYPES, emptyAudit } from '../domain/audit-summary.ts';
import { type LastRunOptions, lastRunStatus } from './last-run.ts';

const count = z.int().min(0);
const each = <K extends string>(names: readonly K[], value: z.ZodType<number>) =>
  z.record(z.enum(names as [K, ...K[]]), value);
const sums = z.object({ stripe: z.int(), commercetools: z.int() });
const summarySchema = z.object({
  movements: each(BALANCE_TYPES, count),
  foreign: count,
  payments: count,
  kinds: each(DIFFERENCE_KINDS, count),
  repairs: each(DIFFERENCE_KINDS, count),
  sums: z.record(z.string(), z.record(z.enum(MOVEMENT_TYPES), sums)),
  failed: count,
});
const runSchema = z.object({
  since: z.iso.datetime(),
  until: z.iso.datetime(),
  /** Everything before this time is compared; equal to `until` when the run is complete. */
  comparedUntil: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  summary: summarySchema,
});

const lastKey = (projectKey: string): string => `audit:${projectKey}`;
const progressKey = (projectKey: string): string => `audit-progress:${projectKey}`;

const dailyKey = (projectKey: string): string => `audit-daily:${projectKey}`;
const dailySchema = z.object({ until: z.iso.datetime() });
/** Days that a run without a window makes up for at most. */
const MOST_DAYS_LATE_MS = 30 * 24 * 60 * 60_000;

/** Until when runs without a window have compared; what they could not compare stays among the open differences. */
export const dailyAuditRecord = (projectKey: string, until: Date): EventRecord => ({
  key: dailyKey(projectKey),
  value: Buffer.from(JSON.stringify({ until })),
  headers: {},
});

/**
 * Where the window of a run without one begins: at `since`, or before it where the last such run ended. A day on which none ran to its end, because the
 * job could not start or the cluster was away, is made up for by the next.
 */
export async function beginOfDaily(
  readLatest: (topic: string, key: string) => Promise<Buffer | undefined>,
  projectKey: string,
  since: Date,
): Promise<Date> {
  const stored = await readLatest(CHECKPOINTS, dailyKey(projectKey));
  const last = stored && dailySchema.safeParse(JSON.parse(stored.toString())).data;
  if (!last) return since;
  const begin = Math.max(Date.parse(last.until), since.getTime() - MOST_DAYS_LATE_MS);
  return new Date(Math.min(begin, since.getTime()));
}

const recordOf = (key: string, summary: AuditSummary, comparedUntil: Date, finishedAt?: Date): EventRecord => {
  const { since, until, complete: _, ...counts } = summary;
  return {
    key,
    value: Buffer.from(JSON.stringify({ since, until, comparedUntil, finishedAt, summary: counts })),
    headers: {},
  };
};

/** The record of a complete run on the topic of checkpoints; the ledger exports it as metrics. */
export const auditRecord = (projectKey: string, summary: AuditSummary, finishedAt: Date): EventRecord =>
  recordOf(lastKey(projectKey), summary, summary.until, finishedAt);

/** How far a run has come. */
export const auditProgressRecord = (projectKey: string, summary: AuditSummary, comparedUntil: Date): EventRecord =>
  recordOf(progressKey(projectKey), summary, comparedUntil);

/** How far an interrupted earlier run of the same window came; undefined when there is none. */
export async function interruptedAudit(
  readLatest: (topic: string, key: string) => Promise<Buffer | undefined>,
  projectKey: string,
  { since, until }: { since: Date; until: Date },
): Promise<{ summary: AuditSummary; from: Date } | undefined> {
  const stored = await readLatest(CHECKPOINTS, progressKey(projectKey));
  const run = stored && runSchema.safeParse(JSON.parse(stored.toString())).data;
  if (!run || run.since !== since.toISOString() || run.until !== until.toISOString()) return undefined;
  if (run.comparedUntil >= run.until) return undefined;
  return {
    summary: { ...emptyAudit(since, until), ...run.summary } as AuditSummary,
    from: new Date(run.comparedUntil),
  };
}

/**
 * Exports the last complete run of audit as metrics: the command itself ends before Prometheus could scrape it.
 * `readLatest` reads the latest record of a key.
 */
export function auditStatus(
  readLatest: (topic: string, key: string) => Promise<Buffer | undefined>,
  { projectKey, ...options }: LastRunOptions & { readonly projectKey: string },
): Component & { refresh(): Promise<void> } {
  const refresh = async () => {
    const stored = await readLatest(CHECKPOINTS, lastKey(projectKey));
    if (!stored) return;
    const { finishedAt, summary } = runSchema.parse(JSON.parse(stored.toString()));
    if (!finishedAt) return;
    metrics.auditLastSuccess.set(Date.parse(finishedAt) / 1000);
    for (const kind of DIFFERENCE_KINDS)
      metrics.auditDifferences.set({ kind }, summary.kinds[kind] - summary.repairs[kind]);
    for (const type of BALANCE_TYPES) metrics.auditMovements.set({ type }, summary.movements[type]);
  };
  const zero = () => {
    metrics.auditLastSuccess.set(0);
    for (const kind of DIFFERENCE_KINDS) metrics.auditDifferences.set({ kind }, 0);
    for (const type of BALANCE_TYPES) metrics.auditMovements.set({ type }, 0);
  };
  return lastRunStatus('audit', { zero, refresh }, options);
}
