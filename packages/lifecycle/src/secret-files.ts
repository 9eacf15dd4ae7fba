import { readFileSync, statSync } from 'node:fs';
import { type Logger, metrics } from '@connector/telemetry';

/**
 * A file is read at most this often, in ms, and only when its value is used. A mounted Secret is renewed within about a
 * minute.
 */
const EVERY_MS = 5_000;
/**
 * A file that was written less than this long ago, in ms, may still be being written. Kubernetes replaces files
 * atomically, but other systems write into them.
 */
const SETTLED_MS = 1_000;

const FILES = Symbol('files');

/** A variable that was given as a file, with the file's content at the start. */
interface GivenFile {
  readonly path: string;
  readonly text: string;
}

/** Notes which variables of a configuration were given as files. Copies of the configuration have the note, too. */
export function noteFiles<T extends object>(config: T, files: Readonly<Record<string, GivenFile>>): T {
  return Object.keys(files).length > 0 ? Object.assign(config, { [FILES]: files }) : config;
}

/**
 * The value in a file, without the line break at its end, which is never part of the value. Throws the errors of
 * reading.
 */
export const valueIn = (file: string): string => readFileSync(file, 'utf8').trim();

export interface FollowOptions<Names extends string> {
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Whether these values may replace the ones in use: they are complete, and of the same account. */
  readonly isUsable: (values: Readonly<Record<Names, string>>) => boolean;
  readonly now?: () => number;
}

/**
 * Secrets that belong together, with their present values. A secret that was given as a file (`<NAME>_FILE`) follows
 * its file, so that a rotation needs no restart; one that was given as text stays. While a file is missing or unusable,
 * as during its replacement, no value changes; the file's name is logged, and `secret_file_reads_total` counts it.
 * Values are never logged.
 */
export function followSecrets<Names extends string>(
  config: Readonly<Partial<Record<Names, unknown>>>,
  names: readonly Names[],
  { log, isUsable, now = Date.now }: FollowOptions<Names>,
): () => Readonly<Record<Names, string>> {
  for (const outcome of ['changed', 'unusable'] as const) metrics.secretFileReads.inc({ outcome }, 0);
  const files = (config as { [FILES]?: Readonly<Record<string, GivenFile>> })[FILES] ?? {};
  const givenAs = (name: Names) => files[name]?.text ?? String(config[name] ?? '');
  let current = Object.fromEntries(names.map((name) => [name, givenAs(name)])) as Record<Names, string>;
  const paths = names.flatMap((name) => files[name]?.path ?? []);
  if (paths.length === 0) return () => current;
  let readAt = now();
  let wasUsable = true;

  const isBeingWritten = () => paths.some((path) => Math.abs(now() - writtenAt(path)) < SETTLED_MS);
  const read = (): Record<Names, string> | undefined => {
    try {
      const of = (name: Names) => (files[name] === undefined ? current[name] : valueIn(files[name].path));
      const values = Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Names, string>;
      return isUsable(values) ? values : undefined;
    } catch {
      return undefined;
    }
  };
  return () => {
    if (now() - readAt < EVERY_MS || isBeingWritten()) return current;
    const values = read();
    // A write began meanwhile, so what was read may be incomplete.
    if (isBeingWritten()) return current;
    readAt = now();
    const secret = names[0] as string;
    if (!values) {
      metrics.secretFileReads.inc({ outcome: 'unusable' });
      if (wasUsable) log.warn({ secret }, 'the file of a secret cannot be used, the known value stays in use');
      wasUsable = false;
      return current;
    }
    wasUsable = true;
    if (names.some((name) => values[name] !== current[name])) {
      metrics.secretFileReads.inc({ outcome: 'changed' });
      log.info({ secret }, 'a secret was changed in its file, and is used from now on');
      current = values;
    }
    return current;
  };
}

/** When a file was last written to, in ms since the epoch; 0 for one that is missing or out of reach, which the reading of it notices. */
function writtenAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
