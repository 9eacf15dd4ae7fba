import { readFileSync, statSync } from 'node:fs';
import { type Logger, metrics } from '@connector/telemetry';

/** A mounted Secret is renewed within about a minute; a small file is read this often at most, in ms, and only when its value is used. */
const EVERY_MS = 5_000;
/** A file that was written so short a time ago, in ms, may be written still: Kubernetes puts a new file in the old one's place, others write into it. */
const SETTLED_MS = 1_000;

const FILES = Symbol('files');

/** A variable that was given as a file, with what the file held at the start. */
interface GivenFile {
  readonly path: string;
  readonly text: string;
}

/** Notes which variables of a configuration were given as files; copies of the configuration have the note, too. */
export function noteFiles<T extends object>(config: T, files: Readonly<Record<string, GivenFile>>): T {
  return Object.keys(files).length > 0 ? Object.assign(config, { [FILES]: files }) : config;
}

/** The value in a file: a file often ends with a line break, which no value means. Throws what reading throws. */
export const valueIn = (file: string): string => readFileSync(file, 'utf8').trim();

export interface FollowOptions<Names extends string> {
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Whether these values may take the place of the ones in use: whole, and of the same account. */
  readonly isUsable: (values: Readonly<Record<Names, string>>) => boolean;
  readonly now?: () => number;
}

/**
 * Secrets that belong together, as they are now: those that were given as files (`<NAME>_FILE`) follow them, so that a rotation needs no restart;
 * a variable that was given as text stays as it is. Files that are missing or not usable, as in the middle of being replaced, change nothing and
 * are told by name, in the log and in `secret_file_reads_total`. No value is.
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
    // Begun meanwhile: what was read may be a half of it.
    if (isBeingWritten()) return current;
    readAt = now();
    const secret = names[0] as string;
    if (!values) {
      metrics.secretFileReads.inc({ outcome: 'unusable' });
      if (wasUsable) log.warn({ secret }, 'the file of a secret cannot be used, the known value stays');
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

/** When a file was last written to, in ms since the epoch; 0 for one that is missing. */
const writtenAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
