import { UsageError } from '@connector/cli';
import { describe, expect, it } from 'vitest';
import type { AuditDifference } from '../../domain/audit.ts';
import { type AuditSummary, emptyAudit } from '../../domain/audit-summary.ts';
import { AUDIT_HELP, parseAudit } from './audit-options.ts';
import { auditReport, CSV_HEAD, csvRow } from './audit-report.ts';

const now = new Date('2026-11-27T09:30:00Z');
const parse = (line: string) => parseAudit(line.split(' ').filter(Boolean), now);
const day = (text: string) => new Date(`${text}T00:00:00Z`);

describe('the command line', () => {
  it.each<[string, Date, Date]>([
    ['', day('2026-11-25'), day('2026-11-26')],
    ['--since 2026-11-01', day('2026-11-01'), now],
    ['--until 2026-11-20', day('2026-11-19'), day('2026-11-20')],
    ['--since 7d --until 0d', new Date('2026-11-20T09:30:00Z'), now],
  ])('"%s" is a window', (line, since, until) => {
    const isDaily = line === '';
    expect(parse(line)).toMatchObject({ since, until, isDaily, repair: false, format: 'text', atOnce: 8 });
  });

  it.each([
    '--since 2026-11-20 --until 2026-11-20',
    '--since soon',
    '--concurrency 0',
    '--concurrency 65',
    '--json --csv',
    '--dry-run',
    'yesterday',
  ])('refuses "%s"', (line) => {
    expect(() => parse(line)).toThrow(UsageError);
  });

  it('starts from the beginning for a table, which cannot begin in the middle', () => {
    expect(parse('--csv')).toMatchObject({ format: 'csv', fromStart: true });
    expect(parse('--json')).toMatchObject({ fromStart: false });
  });

  it('prints help in lines of at most 100 characters', () => {
    expect(parse('--help')).toBe('help');
    expect(AUDIT_HELP.split('\n').filter((each) => each.length > 100)).toEqual([]);
  });
});

const difference: AuditDifference = {
  kind: 'missing_here',
  type: 'Refund',
  interactionId: 're_3SHxAb2eZvKYlo2C0aQ9x7Lk',
  currencyCode: 'EUR',
  stripe: { centAmount: 4_999, state: 'Success' },
  paymentIntentId: 'pi_3SHxAb2eZvKYlo2C0aQ9x7Lk',
  paymentId: '11265533-7d15-49b0-9447-51132a7b8a87',
  repaired: false,
};
const found = (summary: Partial<AuditSummary> = {}): AuditSummary => {
  const empty = emptyAudit(day('2026-11-25'), day('2026-11-26'));
  return { ...empty, kinds: { ...empty.kinds, missing_here: 1 }, complete: true, ...summary };
};

describe('the report', () => {
  it('fits 100 columns, names payment and PaymentIntent, and says what to do', () => {
    const text = auditReport(found(), [difference], { dryRun: false, repair: false });
    expect(text).toContain(difference.paymentIntentId);
    expect(text).toContain(difference.paymentId);
    expect(text).toContain('--repair');
    expect(text).toMatch(/1 difference\.$/);
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it.each<[string, AuditSummary, object, RegExp]>([
    ['agrees', found({ kinds: emptyAudit(now, now).kinds }), {}, /Everything agrees\.$/],
    ['was cut off', found({ complete: false }), {}, /Not everything was compared\./],
    ['would repair', found(), { repair: true, dryRun: true }, /nothing was published\.$/],
    [
      'repaired',
      found({ repairs: { ...emptyAudit(now, now).repairs, missing_here: 1 } }),
      { repair: true },
      /1 of them are repaired/,
    ],
  ])('of a run that %s', (_what, summary, how, ending) => {
    expect(auditReport(summary, [], { dryRun: false, repair: false, ...how })).toMatch(ending);
  });

  it('says how many more there are than it shows', () => {
    const kinds = { ...emptyAudit(now, now).kinds, missing_here: 2, doubled: 3 };
    const text = auditReport(found({ kinds }), [difference, difference], { dryRun: false, repair: false });
    expect(text).toContain('… and 3 more');
  });
});

it('writes a movement as a row in whole units, and no cell that a spreadsheet reads as a formula', () => {
  const movement = {
    id: 'txn_1',
    type: 'charge' as const,
    createdAt: now,
    availableAt: now,
    amount: 1_234,
    fee: 43,
    net: 1_191,
    currency: 'eur',
    presented: { amount: 2_000, currency: 'jpy' },
    sourceId: 'ch_1',
    paymentIntent: { id: 'pi_1', object: 'payment_intent', metadata: { cart_id: '=HYPERLINK("x")' } },
    facts: () => expect.unreachable(),
  };
  const row = csvRow({ movement, payment: undefined }, { orderNumber: 'A,1' });
  expect(row.split(',')).toHaveLength(CSV_HEAD.split(',').length + 1);
  expect(row).toContain('JPY,2000,EUR,12.34,0.43,11.91');
  expect(row).toContain('"A,1"');
  expect(row).toContain(`"'=HYPERLINK(""x"")"`);
});
