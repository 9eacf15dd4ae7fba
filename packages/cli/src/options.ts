import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { letReadersLeave } from './output.ts';

/** Exit code for a command line that makes no sense (`EX_USAGE` of sysexits). */
export const EXIT_USAGE = 64;

/** A command line that makes no sense; the message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The values and positionals of a command line without program names. Throws UsageError. */
export function parseArguments<O extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: O,
  { allowPositionals = false } = {},
) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** The values of a command line that accepts only options. Throws UsageError. */
export const parseOptions = <O extends ParseArgsOptionsConfig>(argv: readonly string[], options: O) =>
  parseArguments(argv, options).values;

/** The option that every command accepts. */
export const HELP_OPTION = { help: { type: 'boolean', short: 'h', default: false } } as const;

/** Prints `text` and ends the process with exit code 0. */
export function showHelp(text: string): never {
  letReadersLeave();
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  process.exit(0);
}

/**
 * The result of `read`, which parses this process's options. Prints the help text or the usage error and ends the
 * process when `read` throws one of them.
 */
export function optionsOrExit<T>(parse: (argv: readonly string[]) => T | 'help', help: string): T {
  try {
    const options = parse(process.argv.slice(2));
    return options === 'help' ? showHelp(help) : options;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return refuseUsage(error.message);
  }
}

/** Prints the usage error and ends the process with exit code 64. */
export function refuseUsage(message: string): never {
  process.stderr.write(`${message}\nTry --help.\n`);
  process.exit(EXIT_USAGE);
}

/**
 * The options of this process: `options` and `--help`. Prints `help` or the usage error and ends the process when one
 * of them is due.
 */
export const commandLine = <O extends ParseArgsOptionsConfig>(
  options: O,
  help: string,
  { allowPositionals = false } = {},
): ReturnType<typeof parseArguments<O>> =>
  optionsOrExit((argv) => {
    const read = parseArguments(argv, { ...options, ...HELP_OPTION }, { allowPositionals });
    return (read.values as { help?: boolean }).help ? 'help' : (read as ReturnType<typeof parseArguments<O>>);
  }, help);

const MILLISECONDS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A duration such as `90s`, `30m`, `12h` or `7d`, in ms. A bare number counts `unit`s if a unit is given. Throws
 * UsageError for anything else.
 */
export function durationMs(option: string, text: string, unit?: keyof typeof MILLISECONDS): number {
  const groups = /^(?<count>\d{1,9})(?<unit>[smhd])?$/.exec(text)?.groups;
  const given = (groups?.unit ?? unit) as keyof typeof MILLISECONDS | undefined;
  if (!groups || !given) throw new UsageError(`${option}: not a duration such as 30m, 12h or 7d: ${text}`);
  return Number(groups.count) * MILLISECONDS[given];
}

const ISO_TIME =
  /^(?<day>\d{4}-\d{2}-\d{2})(?:[T ](?<time>\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?:(?<zulu>Z)|(?<hours>[+-]\d{2}):?(?<minutes>\d{2}))?)?$/i;

/**
 * A moment that is over: an ISO date or time (UTC unless it names another zone, wherever the process runs), Unix seconds, or a duration before `now`.
 * Throws UsageError, also for a day that no calendar has and for the future: nothing has happened there, and finding nothing would look like all is well.
 */
export function momentOf(option: string, text: string, now: Date): Date {
  const at = momentIn(option, text, now);
  if (at > now) throw new UsageError(`${option}: in the future: ${text}`);
  if (!(at.getTime() >= 0)) throw new UsageError(`${option}: before 1970: ${text}`);
  return at;
}

function momentIn(option: string, text: string, now: Date): Date {
  if (/^\d{9,11}$/.test(text)) return new Date(Number(text) * 1000);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return new Date(now.getTime() - durationMs(option, text));
  const { day, time = '00:00', hours = '+00', minutes = '00' } = ISO_TIME.exec(text)?.groups ?? {};
  const at = new Date(`${day}T${time}${hours}:${minutes}`);
  // JavaScript takes 30 February for 2 March.
  const isInCalendar = !Number.isNaN(at.getTime()) && new Date(`${day}T00:00Z`).toISOString().startsWith(`${day}T`);
  if (!isInCalendar) throw new UsageError(`${option}: not a date: ${text}`);
  return at;
}

/** A whole number from `min` to `max`. Throws UsageError for anything else. */
export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new UsageError(`${option}: not a whole number from ${min} to ${max}: ${text}`);
  return value;
}
