import { momentOf, parseArguments, UsageError, wholeNumber } from '@connector/cli';
import { STRIPE_TYPE_PREFIX } from '@connector/contracts';
import type { DeadLetterFilter } from '@connector/kafka';
import { REDRIVE_HELP } from './redrive-help.ts';

type Command = Exclude<keyof typeof REDRIVE_HELP, ''>;

/** A parsed command line. */
export type RedriveCommand =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'list'; readonly filter: DeadLetterFilter; readonly limit: number; readonly json: boolean }
  | { readonly kind: 'show'; readonly id: string; readonly raw: boolean; readonly json: boolean }
  | ({ readonly kind: 'redrive' } & Change)
  | ({ readonly kind: 'discard'; readonly because: string } & Change);

/** Options of both redrive and discard. */
export interface Change {
  readonly filter: DeadLetterFilter;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly perSecond: number;
  readonly json: boolean;
  readonly by?: string;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const FILTERS = {
  event: text,
  type: text,
  reason: text,
  'payment-intent': text,
  'older-than': text,
  'newer-than': text,
  offsets: text,
} as const;
const COMMON = { json: flag, help: { ...flag, short: 'h' } } as const;
const CHANGES = {
  ...FILTERS,
  ...COMMON,
  everything: flag,
  'dry-run': flag,
  yes: flag,
  rate: { ...text, default: '50' },
  by: text,
} as const;

/** Reads the command line, without program names. Throws UsageError. */
export function parseRedriveCommand(argv: readonly string[], now: Date): RedriveCommand {
  const [command, ...rest] = argv;
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
    return { kind: 'help', text: REDRIVE_HELP[''] };
  }
  if (!isCommand(command)) throw new UsageError(`There is no command ${command}: list, show, redrive, discard.`);
  if (rest.includes('--help') || rest.includes('-h')) return { kind: 'help', text: REDRIVE_HELP[command] };
  switch (command) {
    case 'list': {
      const { values, positionals } = read(rest, {
        ...FILTERS,
        ...COMMON,
        all: flag,
        limit: { ...text, default: '100' },
      });
      const filter = { ...filterOf(values, positionals, now), resolved: values.all };
      return { kind: 'list', filter, limit: wholeNumber('--limit', values.limit, 1, 1_000_000), json: values.json };
    }
    case 'show': {
      const { values, positionals } = read(rest, { ...COMMON, raw: flag });
      const [id, ...others] = idsOf(positionals);
      if (id === undefined || others.length > 0) throw new UsageError('Name one dead letter, as in: show 3:14');
      return { kind: 'show', id, raw: values.raw, json: values.json };
    }
    case 'redrive': {
      const { values, positionals } = read(rest, { ...CHANGES, again: flag });
      const change = changeOf(values, positionals, now);
      return { kind: 'redrive', ...change, filter: { ...change.filter, resolved: values.again } };
    }
    case 'discard': {
      const { values, positionals } = read(rest, { ...CHANGES, because: text });
      if (!values.because?.trim()) throw new UsageError('Say why with --because; it goes into the audit trail.');
      return { kind: 'discard', because: values.because.trim(), ...changeOf(values, positionals, now) };
    }
  }
}

const isCommand = (word: string): word is Command => word !== '' && Object.hasOwn(REDRIVE_HELP, word);

const read = <T extends Parameters<typeof parseArguments>[1]>(args: string[], options: T) =>
  parseArguments(args, options, { allowPositionals: true });

interface FilterValues {
  event?: string | undefined;
  type?: string | undefined;
  reason?: string | undefined;
  'payment-intent'?: string | undefined;
  'older-than'?: string | undefined;
  'newer-than'?: string | undefined;
  offsets?: string | undefined;
}

interface ChangeValues extends FilterValues {
  everything: boolean;
  'dry-run': boolean;
  yes: boolean;
  rate: string;
  by?: string | undefined;
  json: boolean;
}

function changeOf(values: ChangeValues, positionals: readonly string[], now: Date): Change {
  const filter = filterOf(values, positionals, now);
  const selects = Object.keys(filter).length > 0;
  if (!selects && !values.everything) {
    throw new UsageError('Say which: ids, conditions such as --reason rejected, or --everything.');
  }
  if (selects && values.everything) throw new UsageError('--everything and conditions contradict each other.');
  return {
    filter,
    dryRun: values['dry-run'],
    yes: values.yes,
    perSecond: wholeNumber('--rate', values.rate, 1, 10_000),
    json: values.json,
    ...(values.by && { by: values.by }),
  };
}

function filterOf(values: FilterValues, positionals: readonly string[], now: Date): DeadLetterFilter {
  const { event, type, reason, offsets } = values;
  const olderThan = values['older-than'];
  const newerThan = values['newer-than'];
  const key = values['payment-intent'];
  return {
    ...(positionals.length > 0 && { ids: idsOf(positionals) }),
    ...(event !== undefined && { eventId: event }),
    ...(type !== undefined && { type: typeOf(type) }),
    ...(reason !== undefined && { reason }),
    ...(key !== undefined && { key }),
    ...(olderThan !== undefined && { before: momentOf('--older-than', olderThan, now) }),
    ...(newerThan !== undefined && { after: momentOf('--newer-than', newerThan, now) }),
    ...(offsets !== undefined && { offsets: offsetsOf(offsets) }),
  };
}

function idsOf(positionals: readonly string[]): string[] {
  for (const id of positionals) {
    if (!/^\d{1,9}:\d{1,19}$/.test(id)) throw new UsageError(`Not the id of a dead letter, such as 3:14: ${id}`);
  }
  return [...new Set(positionals)];
}

const typeOf = (type: string): string =>
  /^(com\.stripe|checkout)\.|^\*/.test(type) ? type : `${STRIPE_TYPE_PREFIX}${type}`;

function offsetsOf(range: string): NonNullable<DeadLetterFilter['offsets']> {
  const groups = /^(?<partition>\d{1,9}):(?<from>\d{1,19})-(?<to>\d{1,19})$/.exec(range)?.groups;
  const { partition, from, to } = groups ?? {};
  if (!partition || !from || !to || BigInt(from) > BigInt(to)) {
    throw new UsageError(`--offsets: not a range such as 3:10-20: ${range}`);
  }
  return { partition: Number(partition), from: BigInt(from), to: BigInt(to) };
}
