/** Lines fit into this many columns, the width of a terminal and of a log viewer. */
export const WIDTH = 100;

export interface Column {
  readonly title: string;
  /** Columns that a person copies from; they are never cut. */
  readonly whole?: boolean;
  readonly right?: boolean;
}

const GAP = '  ';

/**
 * Rows under their titles, each line within `width` characters. When a line is too long, the widest columns that may be
 * cut are shortened with an ellipsis.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], width = WIDTH): string {
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const total = () => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  while (total() > width) {
    const widest = columns.reduce<number | undefined>(
      (found, { whole, title }, at) =>
        !whole &&
        (widths[at] ?? 0) > title.length &&
        (widths[at] ?? 0) > (found === undefined ? 0 : (widths[found] ?? 0))
          ? at
          : found,
      undefined,
    );
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const line = (cells: readonly string[]) =>
    columns
      .map(({ right }, at) => {
        const text = cut(cells[at] ?? '', widths[at] ?? 0);
        return right ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
      })
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)].join('\n');
}

/** Names and their descriptions, one pair a line. A long description continues on the next line under its own start. */
export function pairs(rows: readonly (readonly [string, string | number])[], indent = ''): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const start = indent.length + width + GAP.length;
  return rows
    .map(([name, value]) => {
      const lines = wrapped(String(value), WIDTH - start).join(`\n${' '.repeat(start)}`);
      return `${indent}${name.padEnd(width)}${GAP}${lines}`;
    })
    .join('\n');
}

/** `text` in lines of at most `width` characters, broken between words. A longer word gets a line of its own. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? '';
    if (line === '' || line.length + 1 + word.length <= width)
      lines[lines.length - 1] = line ? `${line} ${word}` : word;
    else lines.push(word);
  }
  return lines;
}

export const cut = (text: string, width: number): string => {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
};

/** UTC, to the second: `2026-11-23 16:20:11Z`. */
export const clock = (at: Date): string => `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;

/** An age in its largest unit: `5s`, `12m`, `3h`, `9d`. */
export function ago(at: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
