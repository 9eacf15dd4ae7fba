import { counted } from '@connector/cli';
import type { DeadLetter, DeadLetterFilter, DeadLetterQueue, Handled } from '@connector/kafka';
import type { Change, RedriveCommand } from './redrive-options.ts';
import {
  byCause,
  contentOf,
  failureTable,
  letterPage,
  letterTable,
  resultTable,
  shownHeaders,
  toJson,
} from './redrive-report.ts';

/** The environment of a command: output, questions, time. */
export interface Surroundings {
  /** Standard output: the answer. */
  print(text: string): void;
  /** Standard error: progress, questions, what went wrong. */
  toStderr(text: string): void;
  /** Asks the user and resolves to whether the answer was yes; absent without a terminal. */
  confirm?: (question: string) => Promise<boolean>;
  now(): Date;
  signal?: AbortSignal;
}

type Run = Exclude<RedriveCommand, { kind: 'help' }>;

/** Runs a command on the dead letters and returns its exit code: 0 when everything selected was done. */
export async function runRedrive(queue: DeadLetterQueue, command: Run, around: Surroundings): Promise<0 | 1> {
  switch (command.kind) {
    case 'list':
      return list(queue, command, around);
    case 'show':
      return show(queue, command, around);
    case 'redrive':
      return change(queue, command, around, (letters, options) => queue.redrive(letters, options));
    case 'discard':
      return change(queue, command, around, (letters, options) => queue.discard(letters, command.because, options));
  }
}

async function list(
  queue: DeadLetterQueue,
  { filter, limit, json }: Extract<Run, { kind: 'list' }>,
  { print, toStderr, now }: Surroundings,
): Promise<0 | 1> {
  const letters = await queue.list(filter);
  const missing = missingOf(filter, letters);
  if (json) {
    print(JSON.stringify({ count: letters.length, deadLetters: letters.slice(0, limit).map(toJson) }));
  } else if (letters.length === 0) {
    print(filter.resolved ? 'No dead letters.' : 'No dead letters wait.');
  } else {
    print(letterTable(letters.slice(0, limit), now(), filter.resolved));
    if (letters.length > limit) print(`… and ${letters.length - limit} more (--limit shows more)`);
    print(`\n${byCause(letters)}`);
  }
  // An id that was asked for and is not found may be redriven or mistyped: in both cases the user should know.
  if (missing.length > 0) toStderr(`Not among them: ${missing.join(', ')}`);
  return missing.length > 0 ? 1 : 0;
}

async function show(
  queue: DeadLetterQueue,
  { id, raw, json }: Extract<Run, { kind: 'show' }>,
  { print, toStderr, now }: Surroundings,
): Promise<0 | 1> {
  const found = await queue.read(id);
  if (!found) {
    toStderr(`There is no dead letter ${id}.`);
    return 1;
  }
  const { letter, value } = found;
  if (json) {
    const content = contentOf(value, raw).json;
    print(JSON.stringify({ ...toJson(letter), headers: shownHeaders(letter, raw), content }));
  } else print(letterPage(found, raw, now()));
  return 0;
}

type Work = (letters: DeadLetter[], options: Parameters<DeadLetterQueue['redrive']>[1]) => Promise<Handled[]>;
type ChangeCommand = Extract<Run, { kind: 'redrive' | 'discard' }>;

/** The dead letters that a command works on. */
interface Selection {
  /** All that meet the conditions, resolved ones too. */
  readonly matching: readonly DeadLetter[];
  /** Those of them that are not resolved yet. */
  readonly selected: DeadLetter[];
  /** Ids that were given and not found. */
  readonly missing: readonly string[];
}

async function change(
  queue: DeadLetterQueue,
  command: ChangeCommand,
  around: Surroundings,
  work: Work,
): Promise<0 | 1> {
  const { filter, dryRun, json, kind } = command;
  const { print, toStderr } = around;
  const matching = await queue.list({ ...filter, resolved: true });
  const selected = filter.resolved ? matching : matching.filter(({ resolution }) => !resolution);
  const selection: Selection = { matching, selected, missing: missingOf(filter, matching) };
  const { missing } = selection;
  if (!json) for (const text of announcement(selection, command, around.now())) print(text);

  const handled = await carryOut(selected, command, around, work);
  const counts = countsOf(selection, handled, command);
  const failures = (handled ?? []).filter(({ problem }) => problem);
  if (json) {
    const failed = failures.map(({ letter, problem }) => ({ id: letter.id, problem }));
    print(JSON.stringify({ ...counts, dryRun, ids: selected.map(({ id }) => id), failures: failed, missing }));
  } else {
    if (failures.length > 0) print(`\n${failureTable(failures)}`);
    if (matching.length === 0 && missing.length === 0) print('No dead letter matches: there is nothing to do.');
    else if (!dryRun) print(`\n${resultTable(counts)}`);
  }
  if (missing.length > 0) toStderr(`There is no dead letter ${missing.join(', ')}.`);
  const isComplete = dryRun || (handled !== undefined && counts[VERB[kind]] === selected.length);
  return isComplete && missing.length === 0 ? 0 : 1;
}

const VERB = { redrive: 'redriven', discard: 'discarded' } as const;

/** A sentence such as `3 dead letters would be discarded`, with `will` or `would`. */
const whatHappens = (selected: readonly DeadLetter[], will: string, kind: ChangeCommand['kind']): string =>
  `${counted(selected.length, 'dead letter')} ${will} be ${kind === 'redrive' ? `put back on ${topicsOf(selected)}` : 'discarded'}.`;

/** The text that is printed before anything is done. */
function announcement(
  { matching, selected }: Selection,
  { filter, dryRun, yes, kind }: ChangeCommand,
  now: Date,
): string[] {
  const already = matching.length - selected.length;
  return [
    ...(selected.length > 0 && (dryRun || !yes) ? [letterTable(selected, now, filter.resolved)] : []),
    ...(dryRun && matching.length > 0
      ? [`\nDry run: ${whatHappens(selected, 'would', kind)} Nothing was changed.`]
      : []),
    ...(dryRun && already > 0 ? [`${counted(already, 'dead letter')} of these conditions: resolved already.`] : []),
  ];
}

/** Returns the result for each dead letter: none in a dry run, and undefined when the user did not agree. */
async function carryOut(
  selected: DeadLetter[],
  command: ChangeCommand,
  around: Surroundings,
  work: Work,
): Promise<readonly Handled[] | undefined> {
  const { dryRun, perSecond, kind } = command;
  const { toStderr, now, signal } = around;
  if (dryRun || selected.length === 0) return [];
  if (!(await isAgreed(command, around, `${whatHappens(selected, 'will', kind)} Go on? [y/N] `))) {
    toStderr('Nothing was changed. Where nobody can be asked, --yes is needed.');
    return undefined;
  }
  return work(selected, { perSecond, onProgress: progressTo(toStderr, now), ...(signal && { signal }) });
}

function countsOf(
  { matching, selected, missing }: Selection,
  handled: readonly Handled[] | undefined,
  { kind, dryRun }: ChangeCommand,
): Record<string, number> {
  const count = (outcome: Handled['outcome']) => (handled ?? []).filter((each) => each.outcome === outcome).length;
  return {
    selected: selected.length,
    [VERB[kind]]: count(VERB[kind]),
    failed: count('failed'),
    left: handled && !dryRun ? count('left') : selected.length,
    alreadyResolved: matching.length - selected.length,
    notFound: missing.length,
  };
}

async function isAgreed({ yes }: Change, { confirm }: Surroundings, question: string): Promise<boolean> {
  return yes || (confirm !== undefined && (await confirm(question)));
}

/** Prints a line for each failure at once, and the progress once a second. */
function progressTo(toStderr: (text: string) => void, now: () => Date) {
  let told = now().getTime();
  return ({ letter, problem }: Handled, done: number, total: number) => {
    if (problem) toStderr(`${letter.id} failed: ${problem}`);
    const at = now().getTime();
    if (done < total && at - told < 1_000) return;
    told = at;
    toStderr(`${done} of ${total}`);
  };
}

const missingOf = ({ ids = [] }: DeadLetterFilter, letters: readonly DeadLetter[]): string[] =>
  ids.filter((id) => !letters.some((letter) => letter.id === id));

const topicsOf = (letters: readonly DeadLetter[]): string =>
  [...new Set(letters.map(({ origin }) => origin.topic ?? 'an unknown topic'))].join(', ') || 'their topic';
