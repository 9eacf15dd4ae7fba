import { ago, clock, counted, pairs, table, WIDTH } from '@connector/cli';
import { STRIPE_TYPE_PREFIX } from '@connector/contracts';
import type { DeadLetter, DeadLetterFilter, DeadLetterQueue, Handled } from '@connector/kafka';
import { redactText } from '@connector/telemetry';
import { redacted } from './redact.ts';
import type { Change, RedriveCommand } from './redrive-options.ts';

/** What a command has around it. */
export interface Surroundings {
  /** Standard output: the answer. */
  print(text: string): void;
  /** Standard error: progress, questions, what went wrong. */
  toStderr(text: string): void;
  /** Asks a person and answers whether the answer was yes; absent where there is nobody to ask. */
  confirm?: (question: string) => Promise<boolean>;
  now(): Date;
  signal?: AbortSignal;
}

type Run = Exclude<RedriveCommand, { kind: 'help' }>;

/** Runs a command on the dead letters and answers its exit code: 0 when everything selected was done. */
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
  // What was asked for by its id and is not there may have been redriven, or mistyped: either way it is worth a word.
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
  const content = contentOf(value, raw);
  if (json) {
    print(JSON.stringify({ ...toJson(letter), headers: shownHeaders(letter, raw), content: content.json }));
    return 0;
  }
  const { headers, origin, event } = letter;
  const tries = headers['dlq-attempts'];
  const stack = headers['dlq-error-stack'];
  print(`Dead letter ${id}: ${letter.resolution ? resolutionText(letter) : 'waits'}\n`);
  print(
    pairs(
      [
        ['event', `${shortType(letter)}  ${event.id ?? ''}`],
        ['happened', event.time ?? 'unknown'],
        ['key', letter.key],
        ['came from', `${origin.topic ?? 'unknown'} ${origin.partition ?? '?'}:${origin.offset ?? '?'}`],
        ['dead letter since', `${clock(letter.deadLetteredAt)}, ${ago(letter.deadLetteredAt, now())} ago`],
        ['by', `${headers['dlq-consumer-group'] ?? 'unknown'} ${headers['dlq-app-version'] ?? ''}`.trim()],
        ['after', tries ? counted(Number(tries), 'attempt') : 'unknown'],
        ['reason', letter.reason],
        ['error', `${headers['dlq-error-class'] ?? ''}: ${redactText(headers['dlq-error-message'] ?? '')}`],
        ...(headers['dlq-redriven-from']
          ? [['redriven from', `${headers['dlq-redriven-from']}, and refused again`] as const]
          : []),
      ],
      '  ',
    ),
  );
  const others = Object.entries(shownHeaders(letter, raw)).filter(([name]) => !name.startsWith('dlq-'));
  print(`\nHeaders\n${pairs(others, '  ')}`);
  if (stack) print(`\nStack\n${indented(redactText(stack))}`);
  print(
    `\nContent, ${counted(letter.bytes, 'byte')}${raw ? '' : ' (personal data and secrets hidden; --raw shows all)'}`,
  );
  print(content.text);
  return 0;
}

async function change(
  queue: DeadLetterQueue,
  command: Extract<Run, { kind: 'redrive' | 'discard' }>,
  around: Surroundings,
  work: (letters: DeadLetter[], options: Parameters<DeadLetterQueue['redrive']>[1]) => Promise<Handled[]>,
): Promise<0 | 1> {
  const { filter, dryRun, perSecond, json, kind } = command;
  const { print, toStderr, now, signal } = around;
  const matching = await queue.list({ ...filter, resolved: true });
  const selected = filter.resolved ? matching : matching.filter(({ resolution }) => !resolution);
  const already = matching.length - selected.length;
  const missing = missingOf(filter, matching);
  const what = counted(selected.length, 'dead letter');
  const where = kind === 'redrive' ? `put back on ${topicsOf(selected)}` : 'discarded';

  if (!json && selected.length > 0 && (dryRun || !command.yes)) print(letterTable(selected, now(), filter.resolved));
  let handled: Handled[] = [];
  let done = true;
  if (dryRun) {
    if (!json && matching.length > 0) print(`\nDry run: ${what} would be ${where}. Nothing was changed.`);
    if (!json && already > 0) print(`${counted(already, 'dead letter')} of these conditions: resolved already.`);
  } else if (selected.length > 0) {
    done = await isAgreed(command, around, `${what} will be ${where}. Go on? [y/N] `);
    if (done) {
      const progress = progressTo(toStderr, now);
      handled = await work(selected, { perSecond, onProgress: progress, ...(signal && { signal }) });
    } else toStderr('Nothing was changed. Where nobody can be asked, --yes is needed.');
  }

  const count = (outcome: Handled['outcome']) => handled.filter((each) => each.outcome === outcome).length;
  const verb = kind === 'redrive' ? ('redriven' as const) : ('discarded' as const);
  const summary = {
    selected: selected.length,
    [verb]: count(verb),
    failed: count('failed'),
    left: done && !dryRun ? count('left') : selected.length,
    alreadyResolved: already,
    notFound: missing.length,
  };
  const failures = handled.filter(({ problem }) => problem);
  if (json) {
    const failed = failures.map(({ letter, problem }) => ({ id: letter.id, problem }));
    print(JSON.stringify({ ...summary, dryRun, ids: selected.map(({ id }) => id), failures: failed, missing }));
  } else {
    if (failures.length > 0) {
      const columns = [{ title: 'FAILED', whole: true }, { title: 'EVENT', whole: true }, { title: 'WHY' }];
      print(`\n${table(columns, failures.map(failureRow))}`);
    }
    if (matching.length === 0 && missing.length === 0) print('No dead letter matches: there is nothing to do.');
    else if (!dryRun)
      print(`\n${pairs(Object.entries(summary).map(([name, value]) => [LABELS[name] ?? name, value]))}`);
  }
  if (missing.length > 0) toStderr(`There is no dead letter ${missing.join(', ')}.`);
  const complete = dryRun || (done && summary[verb] === selected.length);
  return complete && missing.length === 0 ? 0 : 1;
}

const LABELS: Record<string, string> = {
  alreadyResolved: 'already resolved',
  notFound: 'not found',
  left: 'not done',
};

async function isAgreed({ yes }: Change, { confirm }: Surroundings, question: string): Promise<boolean> {
  return yes || (confirm !== undefined && (await confirm(question)));
}

/** A line for each failure at once, and one a second for how far it is. */
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

const shortType = ({ event }: DeadLetter): string => (event.type ?? 'unknown').replace(STRIPE_TYPE_PREFIX, '');

function letterTable(letters: readonly DeadLetter[], now: Date, withResolution = false): string {
  const columns = [
    { title: 'ID', whole: true },
    { title: 'AGE', right: true, whole: true },
    { title: 'TYPE' },
    { title: 'REASON' },
    { title: 'KEY', whole: true },
    ...(withResolution ? [{ title: 'STATE' }] : []),
  ];
  const rows = letters.map((letter) => [
    letter.id,
    ago(letter.deadLetteredAt, now),
    shortType(letter),
    letter.reason,
    letter.key,
    ...(withResolution ? [stateOf(letter, now)] : []),
  ]);
  return table(columns, rows, WIDTH);
}

const stateOf = ({ resolution }: DeadLetter, now: Date): string =>
  resolution ? `${resolution.kind} ${ago(resolution.at, now)} ago` : 'waits';

function resolutionText({ resolution }: DeadLetter): string {
  if (!resolution) return 'waits';
  const { kind, at, by, reason } = resolution;
  return `${kind} ${clock(at)} by ${by}${reason ? `: ${reason}` : ''}`;
}

/** The causes, most frequent first: dead letters that share one are fixed together. */
function byCause(letters: readonly DeadLetter[]): string {
  const causeOf = (letter: DeadLetter) => redactText(letter.headers['dlq-error-message'] ?? '');
  const groups = [...Map.groupBy(letters, (letter) => `${letter.reason} ${causeOf(letter)}`).values()];
  const rows = groups
    .toSorted((a, b) => b.length - a.length)
    .flatMap((group) => group.slice(0, 1).map((one) => [String(group.length), one.reason, causeOf(one)]));
  const columns = [{ title: 'COUNT', right: true, whole: true }, { title: 'REASON', whole: true }, { title: 'ERROR' }];
  return table(columns, [...rows, [String(letters.length), 'total', '']]);
}

const failureRow = ({ letter, problem = '' }: Handled): string[] => [letter.id, letter.event.id ?? '', problem];

/** What machines read of a dead letter: nothing of its content. */
function toJson(letter: DeadLetter) {
  const { id, key, deadLetteredAt, reason, event, origin, bytes, headers, resolution } = letter;
  return {
    id,
    key,
    eventId: event.id,
    type: event.type,
    time: event.time,
    reason,
    error: { class: headers['dlq-error-class'], message: redactText(headers['dlq-error-message'] ?? '') },
    attempts: Number(headers['dlq-attempts'] ?? 0),
    deadLetteredAt,
    firstFailedAt: headers['dlq-first-failed-at'],
    origin,
    bytes,
    redrivenFrom: headers['dlq-redriven-from'],
    resolution,
  };
}

const shownHeaders = ({ headers }: DeadLetter, raw: boolean): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, raw ? text : redactText(text)]));

function contentOf(value: Buffer, raw: boolean): { text: string; json: unknown } {
  const text = value.toString();
  if (raw) return { text, json: text };
  try {
    const json = redacted(JSON.parse(text));
    return { text: JSON.stringify(json, null, 2), json };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { text: 'It is not JSON; --raw shows it.', json: null };
  }
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line.trim()}`)
    .join('\n');
