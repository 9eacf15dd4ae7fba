import { expect, it } from 'vitest';
import { missedWarning, summaryTable } from './reconcile-report.ts';

it("shows a run's totals, then its events by type, most frequent first", () => {
  const table = summaryTable({
    since: 1_790_000_000,
    until: 1_790_003_600,
    dryRun: false,
    listed: 4,
    undelivered: 1,
    produced: 3,
    ignored: 1,
    failed: 0,
    byType: { 'refund.created': 1, 'charge.refunded': 2 },
    requests: 0,
    checkpoint: 'stored',
    complete: true,
  });
  expect(table.split('\n')).toEqual([
    'from                 2026-09-21T14:13:20.000Z',
    'to                   2026-09-21T15:13:20.000Z',
    'listed               4',
    '  not delivered yet  1',
    'produced             3',
    'ignored              1',
    'failed               0',
    '  charge.refunded    2',
    '  refund.created     1',
    'checkpoint           stored',
    'complete             yes',
  ]);
});

it('says from which time Stripe no longer lists events, and what to do', () => {
  const warning = missedWarning({ from: 1_790_000_000, to: 1_790_003_600 });
  expect(warning).toContain('from 2026-09-21T14:13:20.000Z to 2026-09-21T15:13:20.000Z were not read');
  expect(warning).toContain('reconcile --accept-gap');
});
