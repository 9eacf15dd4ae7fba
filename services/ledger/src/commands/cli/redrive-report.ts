import { ago, clock, counted, pairs, table, WIDTH } from '@connector/cli';
import { STRIPE_TYPE_PREFIX } from '@connector/contracts';
import type { DeadLetter, Handled } from '@connector/kafka';
import { redactText } from '@connector/telemetry';
import { redacted } from './redact.ts';

/** A dead letter with its headers and its content; without `raw` personal data and secrets are hidden. */
export function letterPage({ letter, value }: { letter: DeadLetter; value: Buffer }, raw: boolean, now: Date): string {
  const others = Object.entries(shownHeaders(letter, raw)).filter(([name]) => !name.startsWith('dlq-'));
  const stack = letter.headers['dlq-error-stack'];
  const hidden = raw ? '' : ' (personal data and secrets hidden; --raw shows all)';
  return [
    `Dead letter ${letter.id}: ${letter.resolution ? resolutionText(letter) : 'waits'}\n`,
    pairs(factsOf(letter, now), '  '),
    `\nHeaders\n${pairs(others, '  ')}`,
    ...(stack ? [`\nStack\n${indented(redactText(stack))}`] : []),
    `\nContent, ${counted(letter.bytes, 'byte')}${hidden}`,
    contentOf(value, raw).text,
  ].join('\n');
}

function factsOf(letter: DeadLetter, now: Date): [string, string][] {
  const { headers, origin, event } = letter;
  const tries = headers['dlq-attempts'];
  const redrivenFrom = headers['dlq-redriven-from'];
  return [
    ['event', `${shortType(letter)}  ${event.id ?? ''}`],
    ['happened', event.time ?? 'unknown'],
    ['key', letter.key],
    ['came from', `${origin.topic ?? 'unknown'} ${origin.partition ?? '?'}:${origin.offset ?? '?'}`],
    ['dead letter since', `${clock(letter.deadLetteredAt)}, ${ago(letter.deadLetteredAt, now)} ago`],
    ['by', `${headers['dlq-consumer-group'] ?? 'unknown'} ${headers['dlq-app-version'] ?? ''}`.trim()],
    ['after', tries ? counted(Number(tries), 'attempt') : 'unknown'],
    ['reason', letter.reason],
    ['error', `${headers['dlq-error-class'] ?? ''}: ${redactText(headers['dlq-error-message'] ?? '')}`],
    ...(redrivenFrom ? [['redriven from', `${redrivenFrom}, and refused again`] as [string, string]] : []),
  ];
}

const shortType = ({ event }: DeadLetter): string => (event.type ?? 'unknown').replace(STRIPE_TYPE_PREFIX, '');

export function letterTable(letters: readonly DeadLetter[], now: Date, withResolution = false): string {
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

/** The causes, most frequent first, because dead letters with the same cause are fixed together. */
export function byCause(letters: readonly DeadLetter[]): string {
  const causeOf = (letter: DeadLetter) => redactText(letter.headers['dlq-error-message'] ?? '');
  const groups = [...Map.groupBy(letters, (letter) => `${letter.reason} ${causeOf(letter)}`).values()];
  const rows = groups
    .toSorted((a, b) => b.length - a.length)
    .flatMap((group) => group.slice(0, 1).map((one) => [String(group.length), one.reason, causeOf(one)]));
  const columns = [{ title: 'COUNT', right: true, whole: true }, { title: 'REASON', whole: true }, { title: 'ERROR' }];
  return table(columns, [...rows, [String(letters.length), 'total', '']]);
}

/** What could not be done, and why. */
export const failureTable = (failures: readonly Handled[]): string =>
  table(
    [{ title: 'FAILED', whole: true }, { title: 'EVENT', whole: true }, { title: 'WHY' }],
    failures.map(({ letter, problem = '' }) => [letter.id, letter.event.id ?? '', problem]),
  );

const LABELS: Record<string, string> = {
  alreadyResolved: 'already resolved',
  notFound: 'not found',
  left: 'not done',
};

/** How many were done, and how many not. */
export const resultTable = (counts: Readonly<Record<string, number>>): string =>
  pairs(Object.entries(counts).map(([name, value]) => [LABELS[name] ?? name, value]));

/** A dead letter as JSON, without its content. */
export function toJson(letter: DeadLetter) {
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

export const shownHeaders = ({ headers }: DeadLetter, raw: boolean): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, raw ? text : redactText(text)]));

export function contentOf(value: Buffer, raw: boolean): { text: string; json: unknown } {
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
