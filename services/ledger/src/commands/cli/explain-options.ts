import { durationMs, HELP_OPTION, parseArguments, UsageError } from '@connector/cli';

export const EXPLAIN_HELP = `explain: the whole story of one payment, and whether all is well

Usage: explain <anything> [options]

<anything> is a payment's id or key, a cart id, an order's id or number, or Stripe's id of a PaymentIntent,
charge, refund, dispute or balance transaction. Prints in the order of time what commercetools,
Stripe and our topics have about it (Kafka as far back as the topics keep their records), then what
the ledger would write now, and one sentence that says whether all is well and, if not, what to do.
Reads only. Amounts are in minor units. Nothing of a person is shown.

  --late-after <time>  an event that waits for longer is parked: 60s, 5m; default 60s
  --json               one JSON object instead of text
  --reveal             also the e-mail address and the name on cart and order, for whoever may see them
  -h, --help           this text

Example
  explain pi_3SHxAb2eZvKYlo2C0aQ9x7Lk

Configuration: CTP_*, STRIPE_*, PAYMENT_INTERFACE and KAFKA_*, as the ledger has them.
Exit code: 0 when all is well, 1 when not or when a side did not answer, 64 for a command line that
makes no sense, 78 for a wrong configuration.
`;

export interface ExplainCommand {
  readonly asked: string;
  readonly handledWithinMs: number;
  readonly json: boolean;
  readonly reveal: boolean;
}

/** Reads the command line, without program names; `help` when it was asked for. Throws UsageError. */
export function parseExplain(argv: readonly string[]): ExplainCommand | 'help' {
  const { values, positionals } = parseArguments(
    argv,
    {
      'late-after': { type: 'string', default: '60s' },
      json: { type: 'boolean', default: false },
      reveal: { type: 'boolean', default: false },
      ...HELP_OPTION,
    },
    { allowPositionals: true },
  );
  if (values.help) return 'help';
  const [asked, ...more] = positionals;
  if (!asked || more.length > 0) throw new UsageError('Name one payment, by any of its ids.');
  const handledWithinMs = durationMs('--late-after', values['late-after']);
  return { asked, handledWithinMs, json: values.json, reveal: values.reveal };
}
