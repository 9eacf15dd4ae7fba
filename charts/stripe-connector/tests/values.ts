import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const CHART = new URL('../', import.meta.url);
export const read = (file: string): string => readFileSync(new URL(file, CHART), 'utf8');

export type Values = { readonly [key: string]: unknown };
export const isMap = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const defaultValues = (): Values => parse(read('values.yaml')) as Values;

export interface Documented {
  /** Keys from the top. */
  readonly path: readonly string[];
  readonly text: string;
  readonly value: unknown;
}

/** Every value that has a comment `# -- …` above it, in the file's order. */
export function documentedValues(): Documented[] {
  const values = defaultValues();
  const documented: Documented[] = [];
  const above: { indent: number; key: string }[] = [];
  let text: string | undefined;
  for (const line of read('values.yaml').split('\n')) {
    const comment = /^ *# -- (.*)$/.exec(line)?.[1];
    const key = /^( *)([\w.-]+):/.exec(line);
    if (comment) text = comment;
    if (!key) continue;
    const indent = key[1]?.length ?? 0;
    while ((above.at(-1)?.indent ?? -1) >= indent) above.pop();
    above.push({ indent, key: key[2] ?? '' });
    const path = above.map((entry) => entry.key);
    if (text) {
      documented.push({ path, text, value: path.reduce<unknown>((at, name) => (at as Values)[name], values) });
    }
    text = undefined;
  }
  return documented;
}

/** Values that neither have a comment nor lie below one that has. */
export function undocumentedValues(): string[] {
  const known = new Set(documentedValues().map(({ path }) => path.join(' ')));
  const missing: string[] = [];
  const look = (value: unknown, path: readonly string[]): void => {
    if (known.has(path.join(' '))) return;
    if (isMap(value) && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) look(inner, [...path, key]);
    } else missing.push(path.join('.'));
  };
  look(defaultValues(), []);
  return missing;
}
