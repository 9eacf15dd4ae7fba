/** The data of a run for the table; times in Unix seconds. */
export interface Totals {
  readonly since: number;
  readonly until: number;
  readonly dryRun: boolean;
  readonly listed: number;
  readonly undelivered: number;
  readonly produced: number;
  readonly ignored: number;
  readonly failed: number;
  readonly byType: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly checkpoint: string;
  readonly missed?: { readonly from: number; readonly to: number };
  readonly complete: boolean;
}

/** A run's totals as lines of text, then the events by type, most frequent first. */
export function summaryTable(totals: Totals): string {
  const {
    since,
    until,
    dryRun,
    listed,
    undelivered,
    produced,
    ignored,
    failed,
    byType,
    requests,
    missed,
    checkpoint,
    complete,
  } = totals;
  const types = Object.entries(byType).sort(([, a], [, b]) => b - a);
  const rows: [string, string | number][] = [
    ['from', isoOf(since)],
    ['to', isoOf(until)],
    ['listed', listed],
    ['  not delivered yet', undelivered],
    [dryRun ? 'would be produced' : 'produced', produced],
    ['ignored', ignored],
    ['failed', failed],
    ...types.map(([type, count]): [string, number] => [`  ${type}`, count]),
    ...(missed ? [['listed no more', `${isoOf(missed.from)} to ${isoOf(missed.to)}`] as [string, string]] : []),
    ...(requests > 0 ? [['requests of the ledger done', requests] as [string, number]] : []),
    ['checkpoint', checkpoint],
    ['complete', complete ? 'yes' : 'no'],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `${name.padEnd(width)}${value}`).join('\n');
}

/** What to do about events that Stripe no longer lists; times in Unix seconds. */
export const missedWarning = ({ from, to }: { from: number; to: number }): string =>
  `WARNING: Stripe lists events for 30 days, so those from ${isoOf(from)} to ${isoOf(to)} were not read. ` +
  `Compare the payments of that time with "reconcile-pending --since ${isoOf(from)} --repair", look at refunds and disputes of that time ` +
  'in the Dashboard, then run "reconcile --accept-gap" once.';

const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
