import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { durationMs, HELP_OPTION, momentOf, parseArguments, parseOptions, UsageError, wholeNumber } from './options.ts';

const NOW = new Date('2026-11-23T12:00:00Z');

describe('options', () => {
  it('returns values and positionals', () => {
    const { values, positionals } = parseArguments(
      ['3:14', '--json'],
      { json: { type: 'boolean' } },
      { allowPositionals: true },
    );
    expect([values.json, positionals]).toEqual([true, ['3:14']]);
  });

  it.each([
    ['an unknown option', ['--form']],
    ['an argument where none is taken', ['now']],
    ['an option without its value', ['--since']],
  ])('refuses %s with a UsageError', (_case, argv) => {
    expect(() => parseOptions(argv, { since: { type: 'string' }, ...HELP_OPTION })).toThrow(UsageError);
  });

  it.each([['--help'], ['-h']])('accepts %s for every command', (flag) => {
    expect(parseOptions([flag], HELP_OPTION).help).toBe(true);
  });
});

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
  ])('%s is %i ms', (text, ms) => {
    expect(durationMs('--older-than', text)).toBe(ms);
  });

  it('takes a bare number in the unit that the option names', () => {
    expect(durationMs('--older-than', '60', 'm')).toBe(3_600_000);
    expect(() => durationMs('--older-than', '60')).toThrow('--older-than: not a duration such as 30m, 12h or 7d: 60');
  });
});

describe('moments', () => {
  it.each([
    ['an ISO date', '2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['an ISO time', '2026-11-23T11:00:00+02:00', '2026-11-23T09:00:00.000Z'],
    ['an ISO time of no zone, in UTC', '2026-11-23T11:00', '2026-11-23T11:00:00.000Z'],
    ['an ISO time with a space', '2026-11-22 11:00:30.5', '2026-11-22T11:00:30.500Z'],
    ['an ISO time in another zone', '2026-11-23T11:00+0200', '2026-11-23T09:00:00.000Z'],
    ['Unix seconds', '1790000000', '2026-09-21T14:13:20.000Z'],
    ['a duration before the present', '90s', '2026-11-23T11:58:30.000Z'],
  ])('can be %s', (_kind, text, iso) => {
    expect(momentOf('--since', text, NOW).toISOString()).toBe(iso);
  });

  it.each([['2026-13-45'], ['2026-02-30'], ['2026-11-23T10:00 CET'], ['2026-11-23T10'], ['yesterday'], ['7w'], ['']])(
    'refuses %j, naming the option',
    (text) => {
      expect(() => momentOf('--since', text, NOW)).toThrow(UsageError);
      expect(() => momentOf('--since', text, NOW)).toThrow(/^--since: not a/);
    },
  );

  it.each([
    ['2026-11-24', 'in the future'],
    ['1890000000', 'in the future'],
    ['99999d', 'before 1970'],
    ['999999999d', 'before 1970'],
  ])('refuses %s, which is %s', (text, why) => {
    expect(() => momentOf('--since', text, NOW)).toThrow(new UsageError(`--since: ${why}: ${text}`));
  });

  it('is the same wherever the process runs', () => {
    const options = new URL('options.ts', import.meta.url).href;
    const script = `
      import { momentOf } from '${options}';
      const moment = momentOf('--since', '2026-11-23T11:00', new Date(${NOW.getTime()}));
      console.log(new Date('2026-11-23').getTimezoneOffset(), moment.toISOString());`;
    // A process of its own: threads of one process share its time zone.
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...process.env, TZ: 'America/New_York' },
      encoding: 'utf8',
    });
    expect(printed.trim()).toBe('300 2026-11-23T11:00:00.000Z');
  });
});

describe('whole numbers', () => {
  it('are accepted only within their range', () => {
    expect(wholeNumber('--rate', '50', 1, 100)).toBe(50);
    for (const text of ['0', '101', '1.5', '-1', 'many'])
      expect(() => wholeNumber('--rate', text, 1, 100)).toThrow(`--rate: not a whole number from 1 to 100: ${text}`);
  });
});
