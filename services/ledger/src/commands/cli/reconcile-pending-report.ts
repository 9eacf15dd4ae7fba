import { clock, pairs, table } from '@connector/cli';
import type { Counts, Divergence, ReconciliationSummary } from '../../domain/reconciliation.ts';

/** The report of a run for people: the differences, the counts, and what is still open. */
export function report(summary: ReconciliationSummary, divergences: readonly Divergence[], limit = 100): string {
  const { dryRun, complete } = summary;
  const parts = [
    divergences.length > 0 && divergenceTable(divergences.slice(0, limit), dryRun),
    divergences.length > limit && `… and ${divergences.length - limit} more (--json has all)`,
    countTable(summary),
    stillOpen(summary),
    dryRun
      ? 'Dry run: nothing was published.'
      : !complete && 'Not everything could be checked; it can be run again at once.',
  ];
  return parts.filter(Boolean).join('\n\n');
}

function divergenceTable(divergences: readonly Divergence[], dryRun: boolean): string {
  const columns = [{ title: 'DIVERGING', whole: true }, { title: '', whole: true }, { title: 'STRIPE SAYS' }];
  const rows = divergences.map(({ paymentIntentId, paymentId, repaired, change }) => [
    paymentIntentId ?? `payment ${paymentId}`,
    repaired ? (dryRun ? 'would repair' : 'repaired') : 'left',
    change,
  ]);
  return table(columns, rows);
}

function countTable({ dryRun, payments, paymentIntents, operations }: ReconciliationSummary): string {
  const titles = ['CHECKED', 'PENDING', 'DIVERGING', dryRun ? 'WOULD REPAIR' : 'REPAIRED', 'FAILED'];
  const row = (name: string, { checked, pending, diverging, repaired, failed }: Counts) => [
    name,
    ...[checked, pending, diverging, repaired, failed].map(String),
  ];
  return table(
    [{ title: '', whole: true }, ...titles.map((title) => ({ title, right: true, whole: true }))],
    [
      row('payments with open transactions', payments),
      row("Stripe's PaymentIntents", paymentIntents),
      row('operations without a result', operations),
    ],
  );
}

/** Payments by the state of their open transactions; undefined when there are none. */
function stillOpen({ open }: ReconciliationSummary): string | undefined {
  const states = Object.entries(open)
    .filter(([, { payments }]) => payments > 0)
    .map(([state, { payments, oldest }]): [string, string] => [
      state,
      `${payments}${oldest ? `, the oldest since ${clock(oldest)}` : ''}`,
    ]);
  return states.length > 0 ? `Open when looked at, by state of the transaction\n${pairs(states, '  ')}` : undefined;
}
