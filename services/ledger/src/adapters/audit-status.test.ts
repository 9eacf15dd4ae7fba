import { CHECKPOINTS, type EventRecord } from '@connector/contracts';
import { describe, expect, it } from 'vitest';
import { emptyAudit } from '../domain/audit-summary.ts';
import { auditRecord, beginOfDaily, dailyAuditRecord } from './audit-status.ts';
import { openDifferences, openDifferencesRecord } from './open-differences.ts';

const day = (text: string) => new Date(`2026-${text}T00:00:00Z`);
/** A topic of checkpoints with these records. */
const topic = (...records: EventRecord[]) => {
  const latest = new Map(records.map(({ key, value }) => [key, value]));
  return async (name: string, key: string) => (name === CHECKPOINTS ? latest.get(key) : undefined);
};
const beginOf = (...records: EventRecord[]) => beginOfDaily(topic(...records), 'shop', day('11-25'));

it('the PaymentIntents that differed are known to the next daily run of their project alone', async () => {
  const latest = topic(openDifferencesRecord('shop', new Set(['pi_1', 'pi_2'])));
  expect(await openDifferences(latest, 'shop')).toEqual(['pi_1', 'pi_2']);
  expect(await openDifferences(latest, 'other')).toEqual([]);
});

describe('the window of a run without one', () => {
  it.each([
    ['nothing ran before', [], '11-25'],
    ['the last run was that of the day before', [dailyAuditRecord('shop', day('11-25'))], '11-25'],
    ['three days were left out', [dailyAuditRecord('shop', day('11-22'))], '11-22'],
    ['the last run was months ago', [dailyAuditRecord('shop', day('03-01'))], '10-26'],
    ['it has run today already', [dailyAuditRecord('shop', day('11-26'))], '11-25'],
    ['another project left days out', [dailyAuditRecord('other', day('11-01'))], '11-25'],
  ])('begins so that no day is left out when %s', async (_when, records, begin) => {
    expect(await beginOf(...records)).toEqual(day(begin));
  });

  it('does not begin where a run of a window of its own ended', async () => {
    const own = emptyAudit(day('01-01'), day('02-01'));
    expect(await beginOf(auditRecord('shop', own, day('11-24')))).toEqual(day('11-25'));
  });
});
