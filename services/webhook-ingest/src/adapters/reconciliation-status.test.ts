import { createLogger, register } from '@connector/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../domain/checkpoint.ts';
import { reconciliationStatus } from './reconciliation-status.ts';

const shown = async (name: string) =>
  (await register.getSingleMetric(`stripe_connector_reconciliation_${name}`)?.get())?.values[0]?.value;

describe('the status of reconciliation', () => {
  let checkpoints: Map<string, Checkpoint>;
  let requests: object[] = [];
  const status = () =>
    reconciliationStatus({
      readCheckpoints: async () => checkpoints,
      openRequests: async () => requests,
      whose: { accountId: 'acct_1', livemode: true },
      log: createLogger('test', 'silent'),
    });
  beforeEach(() => {
    checkpoints = new Map();
    requests = [];
    register.resetMetrics();
  });

  it('shows how many requests of the ledger wait for a run', async () => {
    requests = [{}, {}];
    const shows = status();
    await shows.refresh();
    expect(await shown('requests_open')).toBe(2);
    requests = [];
    await shows.refresh();
    expect(await shown('requests_open')).toBe(0);
  });

  it('shows when the last run of either kind ended, and what it found', async () => {
    checkpoints.set('reconcile:acct_1', { until: 1, finishedAt: '2026-11-22T00:00:00.000Z', undelivered: 5 });
    checkpoints.set('reconcile:acct_1:undelivered', {
      until: 2,
      finishedAt: '2026-11-23T00:00:00.000Z',
      undelivered: 2,
    });
    checkpoints.set('reconcile:acct_2', { until: 3, finishedAt: '2026-11-24T00:00:00.000Z', undelivered: 9 });
    await status().refresh();
    expect(await shown('last_success_timestamp_seconds')).toBe(Date.parse('2026-11-23') / 1000);
    expect(await shown('divergences')).toBe(2);
  });

  it('counts the repairs of runs that end while it watches, each once', async () => {
    const watching = status();
    const ended = (finishedAt: string, undelivered: number) =>
      checkpoints.set('reconcile:acct_1', { until: 1, finishedAt, undelivered });
    ended('2026-11-22T00:00:00.000Z', 7);
    await watching.refresh();
    ended('2026-11-23T00:00:00.000Z', 2);
    await watching.refresh();
    await watching.refresh();
    expect(await shown('repairs_total')).toBe(2);
  });

  it('does not count a checkpoint stored during a run as its end', async () => {
    checkpoints.set('reconcile:acct_1', { until: 1 });
    await status().refresh();
    expect((await shown('last_success_timestamp_seconds')) ?? 0).toBe(0);
  });
});
