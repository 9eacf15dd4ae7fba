import { CHECKPOINTS, type EventRecord } from '@connector/contracts';
import { expect, it } from 'vitest';
import type { AuditDifference } from '../domain/audit.ts';
import { auditDifferences } from './audit-differences.ts';

const day = (n: number) => new Date(Date.UTC(2026, 10, n));
const hour = (n: number) => new Date(day(25).getTime() + n * 3_600_000);
const window = { since: day(25), until: day(26) };
const of = (paymentIntentId: string): AuditDifference => ({
  kind: 'other_amount',
  type: 'Charge',
  interactionId: paymentIntentId,
  transactionId: 'transaction-1',
  currencyCode: 'EUR',
  stripe: { centAmount: 4_999, state: 'Success' },
  commercetools: { centAmount: 99, state: 'Success', currencyCode: 'USD' },
  paymentIntentId,
  paymentId: 'payment-1',
  repaired: false,
});

/** A topic of checkpoints that keeps everything that was ever written to it. */
function topic() {
  const records: EventRecord[] = [];
  const send = async (name: string, record: EventRecord) => {
    expect(name).toBe(CHECKPOINTS);
    records.push(record);
  };
  const scan = async (name: string, onMessage: (record: EventRecord) => void) => {
    expect(name).toBe(CHECKPOINTS);
    records.forEach(onMessage);
  };
  return { records, of: (projectKey: string) => auditDifferences(scan, { send }, projectKey) };
}

it('returns the differences of the slices before the one to continue with, as they were stored', async () => {
  const kept = topic().of('shop');
  await kept.keep(window, hour(1), [of('pi_1'), of('pi_2')]);
  await kept.keep(window, hour(2), []);
  await kept.keep(window, hour(3), [of('pi_3')]);
  expect(await kept.before(window, hour(2))).toEqual([of('pi_1'), of('pi_2')]);
  expect(await kept.before(window, hour(3))).toHaveLength(3);
});

it('replaces the stored differences of a slice that is compared again', async () => {
  const kept = topic().of('shop');
  await kept.keep(window, hour(1), [of('pi_1')]);
  await kept.keep(window, hour(1), [of('pi_1')]);
  expect(await kept.before(window, hour(1))).toEqual([of('pi_1')]);
});

it('forgets a stored difference that a second comparison of the slice does not find', async () => {
  const kept = topic().of('shop');
  const many = Array.from({ length: 1_500 }, (_, n) => of(`pi_${n}`));
  await kept.keep(window, hour(1), [of('pi_1')]);
  await kept.keep(window, hour(1), []);
  await kept.keep(window, hour(2), many);
  await kept.keep(window, hour(2), many.slice(0, 3));
  expect(await kept.before(window, hour(2))).toEqual(many.slice(0, 3));
});

it('returns no differences of another window or project', async () => {
  const { of: project } = topic();
  await project('shop').keep({ since: day(24), until: day(26) }, hour(1), [of('pi_1')]);
  await project('shop-b').keep(window, hour(1), [of('pi_2')]);
  expect(await project('shop').before(window, hour(9))).toEqual([]);
});

it('splits many differences into records that the topic accepts, and forgets all of them when the run ends', async () => {
  const { records, of: project } = topic();
  const kept = project('shop');
  const many = Array.from({ length: 2_500 }, (_, n) => of(`pi_${n}`));
  await kept.keep(window, hour(1), many);
  expect(records.map(({ value }) => value.length).filter((bytes) => bytes > 1024 * 1024)).toEqual([]);
  expect(await kept.before(window, hour(1))).toEqual(many);
  await kept.clear();
  expect(await kept.before(window, hour(1))).toEqual([]);
  const keys = records.map(({ key }) => key);
  // The last record of each key has no value.
  for (const key of new Set(keys)) expect(records[keys.lastIndexOf(key)]?.value).toHaveLength(0);
});
