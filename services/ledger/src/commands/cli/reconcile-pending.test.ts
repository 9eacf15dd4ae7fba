import { UsageError } from '@connector/cli';
import { describe, expect, it } from 'vitest';
import { type Divergence, emptySummary } from '../../domain/reconciliation.ts';
import { parseReconcilePending, RECONCILE_PENDING_HELP } from './reconcile-pending-options.ts';
import { report } from './reconcile-pending-report.ts';

const now = new Date('2026-11-23T12:00:00Z');
const parse = (line: string) => parseReconcilePending(line.split(' ').filter(Boolean), now);
const defaults = {
  olderThanMs: 60 * 60_000,
  since: new Date('2026-11-20T12:00:00Z'),
  repair: false,
  dryRun: false,
  json: false,
};

describe('the command line', () => {
  it.each<[string, object]>([
    ['', {}],
    ['--older-than 15', { olderThanMs: 15 * 60_000 }],
    ['--older-than 2h', { olderThanMs: 2 * 60 * 60_000 }],
    ['--since 12h', { since: new Date('2026-11-23T00:00:00Z') }],
    ['--since 2026-11-01', { since: new Date('2026-11-01T00:00:00Z') }],
    ['--since never', { since: undefined }],
    ['--repair --dry-run --json', { repair: true, dryRun: true, json: true }],
  ])('"%s"', (line, given) => {
    expect(parse(line)).toEqual({ ...defaults, ...given });
  });

  it.each(['--older-than soon', '--since 5', '--since 2026-13-01', '--all', 'now'])('refuses "%s"', (line) => {
    expect(() => parse(line)).toThrow(UsageError);
  });

  it('prints help in lines of at most 100 characters', () => {
    expect(parse('--help')).toBe('help');
    expect(RECONCILE_PENDING_HELP.split('\n').filter((each) => each.length > 100)).toEqual([]);
  });
});

describe('the report', () => {
  const divergence: Divergence = {
    kind: 'transaction_outdated',
    paymentIntentId: 'pi_3SHxAb2eZvKYlo2C0aQ9x7Lk',
    paymentId: '11265533-7d15-49b0-9447-51132a7b8a87',
    change: 'Authorization Pending → Success, + Charge Success 4999 EUR, and more than fits into a line of the table',
    repaired: true,
  };
  const gone: Divergence = { kind: 'gone_from_stripe', paymentId: divergence.paymentId, change: 'x', repaired: false };

  it('fits 100 columns and names every PaymentIntent, or else the payment, whole', () => {
    const text = report(emptySummary(false), [divergence, gone]);
    expect(text).toContain(divergence.paymentIntentId);
    expect(text).toContain(gone.paymentId);
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it('says that it was a dry run, or that it did not check everything', () => {
    const dry = report(emptySummary(true), [divergence]);
    expect(dry).toContain('would repair');
    expect(dry).toContain('nothing was published');
    expect(report(emptySummary(false), [])).toContain('Not everything could be checked');
    expect(report({ ...emptySummary(false), complete: true }, [])).not.toContain('Not everything');
  });

  it('says how many more there are than it shows', () => {
    expect(report(emptySummary(false), [divergence, gone], 1)).toContain('… and 1 more');
  });
});
