import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '@connector/sandbox';
import { withSection } from './report.ts';
import { table } from './table.ts';

/**
 * The README's figures, taken from the tables of docs/benchmarks.md, so that the two cannot differ. The original's were measured once, against the
 * same simulators. Throws Error when a table has no such row any more.
 */
export function speedTable(benchmarks: string): string {
  const cell = (section: string, row: string, column = 1): string => {
    const [, text = ''] =
      benchmarks.match(new RegExp(`<!-- ${section}: begin -->(.*)<!-- ${section}: end -->`, 's')) ?? [];
    const found = text
      .split('\n')
      .map((line) => line.split('|').map((each) => each.trim()))
      .find(([, first]) => first?.startsWith(row))?.[1 + column];
    if (!found) throw new Error(`docs/benchmarks.md has no "${row}" in ${section}`);
    return found;
  };
  const perSecond = (rate: string) => Number.parseFloat(rate).toLocaleString('en');
  const p50 = (latencies: string) => `${Math.round(Number(latencies.match(/p50 ([\d.]+) ms/)?.[1]))} ms`;
  const posted = (which: string) => p50(cell('ledger', `webhook posted → written, ${which} payment`));
  const drained = (processes: string) => `${perSecond(cell('ledger', `${processes} × 32 calls at once`, 2))} events/s`;
  return table(
    ['What', 'Original', 'Here'],
    [
      [
        'opening a payment',
        '468 ms, 7 calls in a row',
        `${p50(cell('open', 'open, one at a time'))}; the longest wait is Stripe's own`,
      ],
      ['openings a second, 32 at once', '65', perSecond(cell('open', 'opens, 32 at once'))],
      [
        'webhooks acknowledged a second, 64 at once, 3 kB',
        '444',
        `${perSecond(cell('webhook', '64 at once, 3 kB'))}, each of them in Kafka first`,
      ],
      [
        'from webhook to transaction, commercetools at 50 ms',
        '–',
        `${posted('known')} for a payment it knows, ${posted('unknown')} else`,
      ],
      ['a backlog, one ledger process, commercetools at 50 ms', 'lost with an outage', drained('1')],
      ['the same, two processes', '–', drained('2')],
    ],
  );
}

/** README.md with the figures of docs/benchmarks.md as they are now. */
export async function readmeWithFigures(): Promise<string> {
  const text = (path: string) => readFile(join(REPOSITORY, path), 'utf8');
  return withSection(await text('README.md'), 'speed', speedTable(await text('docs/benchmarks.md')));
}

export async function writeReadme(): Promise<void> {
  await writeFile(join(REPOSITORY, 'README.md'), await readmeWithFigures());
}
