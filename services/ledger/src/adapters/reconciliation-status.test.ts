import { createLogger, register } from '@connector/telemetry';
import { expect, it } from 'vitest';
import { emptySummary, type ReconciliationSummary } from '../domain/reconciliation.ts';
import { reconciliationRecord, reconciliationStatus } from './reconciliation-status.ts';

const metric = async (name: string, labels: Record<string, string> = {}) => {
  const found = await register.getSingleMetric(`stripe_connector_${name}`)?.get();
  return found?.values.find(({ labels: known }) => Object.entries(labels).every(([key, text]) => known[key] === text))
    ?.value;
};

it('exports the last complete run, and counts only repairs made since this process began', async () => {
  let stored: Buffer | undefined;
  const asked: string[] = [];
  const status = reconciliationStatus(
    async (topic, key) => {
      asked.push(`${topic} ${key}`);
      return stored;
    },
    { projectKey: 'shop', log: createLogger('test', 'silent') },
  );
  const run = (at: string, given: Partial<ReconciliationSummary>) => {
    const record = reconciliationRecord('shop', { ...emptySummary(false), ...given }, new Date(at));
    stored = record.value;
    return record.key;
  };
  const kinds = (count: number) => ({ ...emptySummary(false).kinds, transaction_outdated: count });
  const { open } = emptySummary(false);
  const OUTDATED = { kind: 'transaction_outdated' };

  const key = run('2026-11-23T10:00:00Z', {
    kinds: kinds(3),
    repairs: kinds(3),
    open: {
      ...open,
      Pending: { payments: 5, ages: { ...open.Pending.ages, over_3d: 5 }, oldest: new Date('2026-11-20T00:00:00Z') },
    },
  });
  await status.refresh();
  expect(asked).toEqual([`connector.checkpoints ${key}`]);
  expect(await metric('reconciliation_last_success_timestamp_seconds')).toBe(Date.parse('2026-11-23T10:00:00Z') / 1000);
  expect(await metric('reconciliation_divergences', OUTDATED)).toBe(3);
  expect(await metric('pending_payments', { state: 'Pending', age: 'over_3d' })).toBe(5);
  expect(await metric('oldest_pending_payment_timestamp_seconds', { state: 'Pending' })).toBe(
    Date.parse('2026-11-20T00:00:00Z') / 1000,
  );
  expect((await metric('reconciliation_repairs_total', OUTDATED)) ?? 0).toBe(0);

  run('2026-11-23T11:00:00Z', { kinds: kinds(2), repairs: kinds(2) });
  await status.refresh();
  await status.refresh();
  expect(await metric('reconciliation_repairs_total', OUTDATED)).toBe(2);
  expect(await metric('reconciliation_divergences', OUTDATED)).toBe(2);
  expect(await metric('pending_payments', { state: 'Pending', age: 'over_3d' })).toBe(0);
  // Without open payments there is no oldest one that could fire an alert.
  expect(await metric('oldest_pending_payment_timestamp_seconds', { state: 'Pending' })).toBeUndefined();
});
