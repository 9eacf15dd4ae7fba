import { HELP_OPTION, momentOf, parseOptions, UsageError, wholeNumber } from '@connector/cli';
import type { AuditOptions } from '../../use-cases/audit.ts';

export const AUDIT_HELP = `audit: checks that Stripe's money and commercetools' records agree

Reads Stripe's balance transactions (charges, refunds, failed refunds, disputes) of a
window and compares each payment they belong to with its transactions in commercetools, both ways,
by the ledger's own rules: missing here, missing there, another amount, another state, doubled.
Charges are compared by their sum, refunds and disputes one by one, in the currency that the
shopper paid in. Reads only, unless --repair is given. Safe to run at any time.

Usage: audit [options]

  --since <time>        begin of the window: an ISO date or time (UTC), or a time before now (3d)
  --until <time>        its end; default for both: the day before yesterday (UTC), so that slow
                        things have settled, and the days before it that were left out since
                        the last run of this kind, at most 30
  --repair              publish what is missing as events that the ledger applies; what it never
                        takes back (an amount, a transaction too many) is left to a person
  --dry-run             with --repair: say what would be repaired, publish nothing
  --concurrency <n>     calls at the same time, to each side, 1 to 64; default 8
  --from-start          compare all of the window again, though an earlier run of it was cut off
  --json                one JSON object at the end instead of text
  --csv                 a row for each movement, with fee and net, instead of text
  -h, --help            this text

Example: last week, as a table for finance
  audit --since 7d --until 0d --csv > movements.csv

Configuration: CTP_*, STRIPE_*, PAYMENT_INTERFACE and KAFKA_*, as the ledger has them.
Exit code: 0 when everything was compared and agrees, 1 when something differs, 2 when not
everything could be compared, 64 for a command line that makes no sense, 78 for a wrong
configuration.
`;

export interface AuditCommand extends Omit<AuditOptions, 'resume'> {
  /** No window was given: it is the day before yesterday, and what no such run has compared before it. */
  readonly isDaily: boolean;
  readonly fromStart: boolean;
  readonly format: 'text' | 'json' | 'csv';
}

const DAY_MS = 24 * 60 * 60_000;

/** Reads the command line, without program names; `help` when it was asked for. Throws UsageError. */
export function parseAudit(argv: readonly string[], now: Date): AuditCommand | 'help' {
  const values = parseOptions(argv, {
    since: { type: 'string' },
    until: { type: 'string' },
    repair: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '8' },
    'from-start': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    csv: { type: 'boolean', default: false },
    ...HELP_OPTION,
  });
  if (values.help) return 'help';
  if (values.json && values.csv) throw new UsageError('--json and --csv: one of them');
  if (values['dry-run'] && !values.repair)
    throw new UsageError('--dry-run: goes with --repair; without it nothing is published');
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const until = values.until === undefined ? undefined : momentOf('--until', values.until, now);
  const since = values.since === undefined ? undefined : momentOf('--since', values.since, now);
  const window = {
    since: since ?? new Date((until?.getTime() ?? today - DAY_MS) - DAY_MS),
    until: until ?? (since ? now : new Date(today - DAY_MS)),
  };
  if (window.since >= window.until) throw new UsageError('--since: not before --until');
  return {
    ...window,
    isDaily: values.since === undefined && values.until === undefined,
    repair: values.repair,
    dryRun: values['dry-run'],
    atOnce: wholeNumber('--concurrency', values.concurrency, 1, 64),
    // A table of all movements must begin at the start of the window.
    fromStart: values['from-start'] || values.csv,
    format: values.csv ? 'csv' : values.json ? 'json' : 'text',
  };
}
