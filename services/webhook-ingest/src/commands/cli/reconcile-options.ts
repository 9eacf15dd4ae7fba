import { HELP_OPTION, momentOf, parseOptions, UsageError } from '@connector/cli';
import { isStripeEventType, STRIPE_EVENT_TYPES, type StripeEventType } from '@connector/contracts';
import type { ReconcileOptions } from '../../use-cases/reconcile.ts';

export const RECONCILE_HELP = `reconcile: puts Stripe's events that may not have arrived by webhook on Kafka

Lists Stripe's events, oldest first, and produces them to payments.events as the webhook does, with the same event id, so
that events which the ledger has are redeliveries. Without --since it begins where the last run ended (10 minutes
earlier, to be sure), or 3 days ago when there was none. Stripe keeps events for 30 days.

Usage: reconcile [options]

  --since <time>      from this time on
  --until <time>      to before this time; default: now
  --types <list>      only these event types, comma-separated
  --undelivered-only  only events whose webhooks Stripe has not delivered
  --accept-gap        stop reporting missed events that Stripe no longer lists
  --dry-run           list and count, produce nothing and store no checkpoint
  --json              one JSON object at the end instead of lines of text
  -h, --help          this text

A <time> is an ISO date or time (2026-11-23, 2026-11-23T10:00:00+01:00; UTC without a zone), Unix seconds, or a duration
before now (90s, 30m, 12h, 7d).

The checkpoint moves only when a run of all types leaves no gap after the last run. --undelivered-only has its own.
After more than 30 days without a run, Stripe no longer lists all events in between. The command then warns and ends with
1, at each run, until --accept-gap; "reconcile-pending --since <time> --repair" checks the PaymentIntents of that time.
Exit code: 0 when everything listed was produced, nothing was missed and the checkpoint stored, 1 when not, 64 for wrong options, 78 for a
wrong configuration. It is safe to repeat at any time.
`;

export interface ReconcileCommand extends ReconcileOptions {
  readonly json: boolean;
}

/** Reads the command line (without program names); `nowSeconds` is Unix time. `help` when it was asked for. Throws UsageError. */
export function parseReconcileOptions(argv: readonly string[], nowSeconds: number): ReconcileCommand | 'help' {
  const values = parseOptions(argv, {
    since: { type: 'string' },
    until: { type: 'string' },
    types: { type: 'string' },
    'undelivered-only': { type: 'boolean', default: false },
    'accept-gap': { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    ...HELP_OPTION,
  });
  if (values.help) return 'help';
  const until = values.until === undefined ? nowSeconds : timeOf('--until', values.until, nowSeconds);
  const since = values.since === undefined ? undefined : timeOf('--since', values.since, nowSeconds);
  if (until > nowSeconds) throw new UsageError('--until must not be in the future');
  if (since !== undefined && since >= until) throw new UsageError('--since must be before --until');
  return {
    since,
    until,
    types: values.types === undefined ? STRIPE_EVENT_TYPES : typesOf(values.types),
    undeliveredOnly: values['undelivered-only'],
    dryRun: values['dry-run'],
    acceptGap: values['accept-gap'],
    json: values.json,
  };
}

function typesOf(list: string): StripeEventType[] {
  const given = list.split(',').map((type) => type.trim());
  const known = given.filter(isStripeEventType);
  const unknown = given.filter((type) => !isStripeEventType(type));
  if (unknown.length > 0) {
    throw new UsageError(`--types: not handled: ${unknown.join(', ')}. Handled are ${STRIPE_EVENT_TYPES.join(', ')}`);
  }
  return [...new Set(known)];
}

/** Unix seconds. */
const timeOf = (option: string, text: string, nowSeconds: number): number =>
  Math.floor(momentOf(option, text, new Date(nowSeconds * 1000)).getTime() / 1000);
