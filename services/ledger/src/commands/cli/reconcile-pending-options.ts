import { durationMs, HELP_OPTION, momentOf, parseOptions } from '@connector/cli';
import type { ReconcilePaymentsOptions } from '../../use-cases/reconcile-payments.ts';

export const RECONCILE_PENDING_HELP = `reconcile-pending: asks Stripe about what commercetools still shows as open

Looks at every payment of this connector with a Pending or Initial transaction and asks Stripe for
its PaymentIntent, refund or dispute. Where the ledger would write something for it, an event with
Stripe's answer is published to payments.events: the ledger, the only writer, applies it within
moments. Then it compares Stripe's PaymentIntents of this project with their payments and reports
what differs; with --repair it publishes events for those, too. At last it looks for operations
(capture, refund, cancel) that intent noted and whose result no event says: what Stripe did not do
ends as a Failure. Safe to run at any time, any number of times.

Usage: reconcile-pending [options]

  --older-than <time>   leave younger transactions alone: 60 (minutes), 90m, 12h; default 60
  --since <time>        compare PaymentIntents created since: a duration (12h, 7d) or an ISO date
                        (UTC); default 3d; "never" leaves this part out
  --repair              publish events also for what the comparison found
  --dry-run             report only: publish nothing, store nothing
  --json                one JSON object at the end instead of text
  -h, --help            this text

Example: what would be done about the last week
  reconcile-pending --since 7d --repair --dry-run

A repair is counted when Kafka has acknowledged its event. Refunds and disputes that no open
transaction tells of are found by webhook-ingest's reconcile, from Stripe's events.

Configuration: CTP_*, STRIPE_*, PAYMENT_INTERFACE and KAFKA_*, as the ledger has them.
Exit code: 0 when everything was checked and every event acknowledged, 1 when not, 64 for a command
line that makes no sense, 78 for a wrong configuration.
`;

export interface ReconcilePendingCommand extends ReconcilePaymentsOptions {
  readonly json: boolean;
}

/** Reads the command line, without program names; `help` when it was asked for. Throws UsageError. */
export function parseReconcilePending(argv: readonly string[], now: Date): ReconcilePendingCommand | 'help' {
  const values = parseOptions(argv, {
    'older-than': { type: 'string', default: '60' },
    since: { type: 'string', default: '3d' },
    repair: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    ...HELP_OPTION,
  });
  if (values.help) return 'help';
  return {
    olderThanMs: durationMs('--older-than', values['older-than'], 'm'),
    since: values.since === 'never' ? undefined : momentOf('--since', values.since, now),
    repair: values.repair,
    dryRun: values['dry-run'],
    json: values.json,
  };
}
