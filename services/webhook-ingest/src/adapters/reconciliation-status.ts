import { CHECKPOINTS } from '@connector/contracts';
import { type Kafka, scanTopic } from '@connector/kafka';
import type { Component } from '@connector/lifecycle';
import { metrics } from '@connector/telemetry';
import { type Checkpoint, checkpointKey, parseCheckpoint } from '../domain/checkpoint.ts';

const EVERY_MS = 5 * 60_000;

/** The kind of divergence reconciliation finds: an event that Stripe has not delivered. */
const KIND = { kind: 'undelivered_event' };

/** Latest checkpoint of each key. */
export type ReadCheckpoints = () => Promise<ReadonlyMap<string, Checkpoint>>;

/** Reads `connector.checkpoints` once through. */
export const allCheckpoints =
  (kafka: Kafka): ReadCheckpoints =>
  async () => {
    const latest = new Map<string, Checkpoint>();
    await scanTopic(kafka, CHECKPOINTS, ({ key, value }) => {
      const checkpoint = parseCheckpoint(value.toString());
      if (checkpoint) latest.set(key, checkpoint);
    });
    return latest;
  };

/**
 * Exports the last runs of the reconcile command as metrics. The command itself is gone before anything could scrape it; what it
 * left is its checkpoint.
 */
export function reconciliationStatus(options: {
  readCheckpoints: ReadCheckpoints;
  /** What reconcile was asked to do and has not completed. */
  openRequests: () => Promise<readonly unknown[]>;
  whose: { accountId: string | undefined; livemode: boolean };
  log: { debug(fields: object, text: string): void };
  everyMs?: number;
}): Component & { refresh(): Promise<void> } {
  const { readCheckpoints, openRequests, whose, log, everyMs = EVERY_MS } = options;
  const keys = [false, true].map((undeliveredOnly) => checkpointKey(whose, undeliveredOnly));
  const seen = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let first = true;

  const refresh = async () => {
    metrics.reconciliationRequests.set((await openRequests()).length);
    const checkpoints = await readCheckpoints();
    const runs = keys.flatMap((key) => {
      const { finishedAt, undelivered = 0 } = checkpoints.get(key) ?? {};
      return finishedAt ? [{ key, finishedAt, undelivered }] : [];
    });
    for (const { key, finishedAt, undelivered } of runs) {
      // What was repaired before this process began is not its to count.
      if (!first && seen.get(key) !== finishedAt) metrics.reconciliationRepairs.inc(KIND, undelivered);
      seen.set(key, finishedAt);
    }
    first = false;
    const latest = runs.toSorted((a, b) => (a.finishedAt < b.finishedAt ? 1 : -1))[0];
    if (!latest) return;
    metrics.reconciliationLastSuccess.set(Date.parse(latest.finishedAt) / 1000);
    metrics.reconciliationDivergences.set(KIND, latest.undelivered);
  };
  const tick = () => {
    // The metric growing old is the alarm; a webhook does not need this.
    refresh().catch((error: unknown) => log.debug({ error }, 'the reconciliation checkpoint cannot be read now'));
  };

  return {
    name: 'reconciliation status',
    refresh,
    start: async () => {
      metrics.reconciliationLastSuccess.set(0);
      metrics.reconciliationRepairs.inc(KIND, 0);
      metrics.reconciliationRequests.set(0);
      metrics.reconciliationDivergences.set(KIND, 0);
      tick();
      timer = setInterval(tick, everyMs);
    },
    stop: async () => clearInterval(timer),
  };
}
