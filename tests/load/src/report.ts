import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '@connector/sandbox';
import type { Benchmark, Budget } from './benchmark.ts';
import { table } from './table.ts';

/** Where, when and by what something was measured. */
export interface Run {
  readonly machine: string;
  /** ISO 8601. */
  readonly date: string;
  readonly command: string;
}

export const RESULTS = join(REPOSITORY, 'tests/load/results');

/** This run, of an npm script with the arguments of this process. */
export function thisRun(script: string): Run {
  const args = process.argv.slice(2);
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`,
    date: new Date().toISOString(),
    command: [`npm run ${script}`, ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

/** Writes figures into tests/load/results and answers the file. */
export async function keep(name: string, { date }: Pick<Run, 'date'>, figures: object): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `${name}-${date.replace(/[:.]/g, '-')}.json`);
  await writeFile(file, `${JSON.stringify(figures, undefined, 2)}\n`);
  return file;
}

export type Verdict = 'PASS' | 'MISS' | 'BOUND';

export const verdictOf = ({ holds, boundBy }: Budget): Verdict => (holds ? 'PASS' : boundBy ? 'BOUND' : 'MISS');

export const budgetTable = (budgets: readonly Budget[]): string =>
  table(
    ['target', 'measured', 'wanted', 'verdict'],
    budgets.map((budget) => [
      budget.what,
      budget.measured,
      budget.target,
      verdictOf(budget) === 'BOUND' ? `BOUND: ${budget.boundBy}` : verdictOf(budget),
    ]),
  );

/** A benchmark's figures as Markdown: its tables, its targets, and where they come from. */
export function sectionOf<F>(benchmark: Benchmark<F>, figures: F, { machine, date, command }: Run): string {
  const budgets = benchmark.budgets(figures);
  return [
    benchmark.tables(figures),
    ...(budgets.length > 0 ? [budgetTable(budgets)] : []),
    `Measured ${date.slice(0, 10)} with \`${command}\` on ${machine}.`,
  ].join('\n\n');
}

/** Replaces what stands between the marks of `name` in a page. Throws Error when the page has no such marks. */
export function withSection(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`there is no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}

/** Replaces sections of a page below docs/. */
export async function writeSections(page: string, sections: Readonly<Record<string, string>>): Promise<void> {
  const file = join(REPOSITORY, 'docs', page);
  let text = await readFile(file, 'utf8');
  for (const [name, section] of Object.entries(sections)) text = withSection(text, name, section);
  await writeFile(file, text);
}
