import { clock, pairs, table } from '@connector/cli';
import type { Counts, Divergence, ReconciliationSummary } from '../../domain/reconciliation.ts';

/** A run as a person reads it: what differed, the counts, and what is still open. */
export function report(summary: ReconciliationSummary, divergences: readonly Divergence[], limit = 100): string {
  const { dryRun, payments, paymentIntents, operations, open, complete } = summary;
  const parts: string[] = [];
  if (divergences.length > 0) {
    const columns = [{ title: 'DIVERGING', whole: true }, { title: '', whole: true }, { title: 'STRIPE SAYS' }];
    const rows = divergences
      .slice(0, limit)
      .map(({ paymentIntentId, paymentId, repaired, change }) => [
        paymentIntentId ?? `payment ${paymentId}`,
        repaired ? (dryRun ? 'would repair' : 'repaired') : 'left',
        change,
      ]);
    parts.push(table(columns, rows));
    if (divergences.length > limit) parts.push(`… and ${divergences.length - limit} more (--json has all)`);
  }
  const right = { right: true, whole: true };
  const columns = [
    { title: '', whole: true },
    ...['CHECKED', 'PENDING', 'DIVERGING', dryRun ? 'WOULD REPAIR' : 'REPAIRED', 'FAILED'].map((title) => ({
      title,
      ...right,
    })),
  ];
  const row = (name: string, { checked, pending, diverging, repaired, failed }: Counts) => [
    name,
    ...[checked, pending, diverging, repaired, failed].map(String),
  ];
  parts.push(
    table(columns, [
      row('payments with open transactions', payments),
      row("Stripe's PaymentIntents", paymentIntents),
      row('operations without a result', operations),
    ]),
  );
  const stillOpen = Object.entries(open)
    .filter(([, { payments: count }]) => count > 0)
    .map(([state, { payments: count, oldest }]): [string, string] => [
      state,
      `${count}${oldest ? `, the oldest since ${clock(oldest)}` : ''}`,
    ]);
  if (stillOpen.length > 0) parts.push(`Open when looked at, by state of the transaction\n${pairs(stillOpen, '  ')}`);
  if (dryRun) parts.push('Dry run: nothing was published.');
  else if (!complete) parts.push('Not everything could be checked; it can be run again at once.');
  return parts.join('\n\n');
}
