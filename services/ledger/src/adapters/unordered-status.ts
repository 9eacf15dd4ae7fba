import { CHECKPOINTS, type EventRecord } from '@connector/contracts';
import type { Component } from '@connector/lifecycle';
import { DEFINITIONS, metrics } from '@connector/telemetry';
import * as z from 'zod';
import type { UnorderedSummary } from '../domain/unordered.ts';
import { UNORDERED_REASONS } from '../domain/unordered-reasons.ts';
import { type LastRunOptions, lastRunStatus } from './last-run.ts';

const runSchema = z.object({
  finishedAt: z.iso.datetime(),
  reasons: z.record(z.string(), z.int()),
  settlements: z.record(z.string(), z.int()),
});

const keyOf = (projectKey: string): string => `unordered:${projectKey}`;

/** The record of a complete run of unordered on the topic of checkpoints. */
export const unorderedRecord = (
  projectKey: string,
  { reasons, settlements }: Pick<UnorderedSummary, 'reasons' | 'settlements'>,
  at: Date,
): EventRecord => ({
  key: keyOf(projectKey),
  value: Buffer.from(JSON.stringify({ finishedAt: at.toISOString(), reasons, settlements })),
  headers: {},
});

/** Exports the last complete run of unordered as metrics: the command itself ends before Prometheus could scrape it. */
export function unorderedStatus(
  readLatest: (topic: string, key: string) => Promise<Buffer | undefined>,
  { projectKey, ...options }: LastRunOptions & { readonly projectKey: string },
): Component & { refresh(): Promise<void> } {
  let seen: string | undefined;
  let isFirst = true;

  const refresh = async () => {
    const stored = await readLatest(CHECKPOINTS, keyOf(projectKey));
    const run = stored && runSchema.parse(JSON.parse(stored.toString()));
    // Carts settled before this process began are not counted by it.
    if (run && !isFirst && run.finishedAt !== seen) {
      for (const [settlement, carts] of Object.entries(run.settlements)) {
        metrics.unorderedSettlements.inc({ settlement }, carts);
      }
    }
    isFirst = false;
    if (!run || run.finishedAt === seen) return;
    seen = run.finishedAt;
    metrics.unorderedLastSuccess.set(Date.parse(run.finishedAt) / 1000);
    for (const [reason, payments] of Object.entries(run.reasons)) metrics.unorderedPayments.set({ reason }, payments);
  };
  const zero = () => {
    metrics.unorderedLastSuccess.set(0);
    for (const reason of UNORDERED_REASONS) metrics.unorderedPayments.set({ reason }, 0);
    for (const settlement of DEFINITIONS.unorderedSettlements.labels.settlement) {
      metrics.unorderedSettlements.inc({ settlement }, 0);
    }
  };
  return lastRunStatus('unordered', { zero, refresh }, options);
}
