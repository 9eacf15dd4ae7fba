import { UsageError } from '@connector/cli';
import { STRIPE_EVENT_TYPES } from '@connector/contracts';
import { describe, expect, it } from 'vitest';
import { parseReconcileOptions } from './reconcile-options.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z') / 1000;

describe("the command's options", () => {
  it('default to all types up to now', () => {
    expect(parseReconcileOptions([], NOW)).toEqual({
      since: undefined,
      until: NOW,
      types: STRIPE_EVENT_TYPES,
      undeliveredOnly: false,
      dryRun: false,
      acceptGap: false,
      json: false,
    });
  });

  it.each([
    ['2026-11-22', NOW - 36 * 3600],
    ['2026-11-23T10:00:00Z', NOW - 7200],
    ['2026-11-23T11:00:00+02:00', NOW - 3 * 3600],
    [String(NOW - 5), NOW - 5],
    ['90s', NOW - 90],
    ['30m', NOW - 1800],
    ['12h', NOW - 12 * 3600],
    ['7d', NOW - 7 * 86_400],
  ])('take %s as a time', (text, since) => {
    expect(parseReconcileOptions(['--since', text], NOW)).toMatchObject({ since });
  });

  it('take a list of types and the flags', () => {
    const argv = [
      '--types',
      'charge.refunded, refund.created',
      '--undelivered-only',
      '--dry-run',
      '--json',
      '--until=1h',
    ];
    expect(parseReconcileOptions(argv, NOW)).toEqual({
      since: undefined,
      until: NOW - 3600,
      types: ['charge.refunded', 'refund.created'],
      undeliveredOnly: true,
      dryRun: true,
      acceptGap: false,
      json: true,
    });
  });

  it.each([['--help'], ['-h']])('ask for help with %s', (flag) => {
    expect(parseReconcileOptions([flag], NOW)).toBe('help');
  });

  it.each([
    ['an option that does not exist', ['--form', '1h']],
    ['an argument', ['1h']],
    ['a time that is none', ['--since', 'yesterday']],
    ['a date that is none', ['--since', '2026-13-45']],
    ['an option without its value', ['--since']],
    ['a window that ends before it begins', ['--since', '1h', '--until', '2h']],
    ['the future', ['--until', '2027-01-01']],
    ['a type that is not handled', ['--types', 'charge.refunded,invoice.paid']],
  ])('are refused with %s', (_rule, argv) => {
    expect(() => parseReconcileOptions(argv, NOW)).toThrow(UsageError);
  });
});
