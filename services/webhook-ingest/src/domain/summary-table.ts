/** What the table shows of a run; times in Unix seconds. */
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
  readonly checkpoint: string;
  readonly complete: boolean;
}

/** A run's totals as lines of text, then the events by type, most frequent first. */
export function summaryTable(totals: Totals): string {
  const { since, until, dryRun, listed, undelivered, produced, ignored, failed, byType, checkpoint, complete } = totals;
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
    ['checkpoint', checkpoint],
    ['complete', complete ? 'yes' : 'no'],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `${name.padEnd(width)}${value}`).join('\n');
}

const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
