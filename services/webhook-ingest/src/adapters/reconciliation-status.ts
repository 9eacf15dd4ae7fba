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

/** Reads all of `connector.checkpoints` once. */
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

export interface ReconciliationStatusOptions {
  readCheckpoints: ReadCheckpoints;
  /** Requests to reconcile that are not completed. */
  openRequests: () => Promise<readonly unknown[]>;
  whose: { accountId: string | undefined; livemode: boolean };
  log: { debug(fields: object, text: string): void };
  everyMs?: number;
}

/**
 * Exports the last runs of the reconcile command as metrics. The command itself ends before Prometheus could scrape it,
 * but leaves a checkpoint.
 */
export const reconciliationStatus = (options: ReconciliationStatusOptions): ReconciliationStatus =>
  new ReconciliationStatus(options);

class ReconciliationStatus implements Component {
  readonly name = 'reconciliation status';
  readonly #options: ReconciliationStatusOptions;
  /** The end time of the last run of each kind, by the key of its checkpoint. */
  readonly #seen = new Map<string, string>();
  #isFirst = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ReconciliationStatusOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    metrics.reconciliationLastSuccess.set(0);
    metrics.reconciliationRepairs.inc(KIND, 0);
    metrics.reconciliationRequests.set(0);
    metrics.reconciliationDivergences.set(KIND, 0);
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), this.#options.everyMs ?? EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  async refresh(): Promise<void> {
    metrics.reconciliationRequests.set((await this.#options.openRequests()).length);
    const runs = this.#runsIn(await this.#options.readCheckpoints());
    for (const { key, finishedAt, undelivered } of runs) {
      // Repairs made before this process began are not counted by it.
      if (!this.#isFirst && this.#seen.get(key) !== finishedAt) metrics.reconciliationRepairs.inc(KIND, undelivered);
      this.#seen.set(key, finishedAt);
    }
    this.#isFirst = false;
    const latest = runs.toSorted((a, b) => (a.finishedAt < b.finishedAt ? 1 : -1))[0];
    if (!latest) return;
    metrics.reconciliationLastSuccess.set(Date.parse(latest.finishedAt) / 1000);
    metrics.reconciliationDivergences.set(KIND, latest.undelivered);
  }

  #runsIn(checkpoints: ReadonlyMap<string, Checkpoint>) {
    return [false, true].flatMap((undeliveredOnly) => {
      const key = checkpointKey(this.#options.whose, undeliveredOnly);
      const { finishedAt, undelivered = 0 } = checkpoints.get(key) ?? {};
      return finishedAt ? [{ key, finishedAt, undelivered }] : [];
    });
  }

  #tick(): void {
    // An alert fires when the metric gets too old; no webhook depends on this.
    this.refresh().catch((error: unknown) =>
      this.#options.log.debug({ error }, 'the reconciliation checkpoint cannot be read now'),
    );
  }
}
