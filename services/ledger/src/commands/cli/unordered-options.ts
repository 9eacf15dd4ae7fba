import { durationMs, HELP_OPTION, momentOf, parseOptions, UsageError, wholeNumber } from '@connector/cli';
import { isOrderNumberTemplate } from '../../domain/order-number.ts';
import type { SettleMode } from '../../domain/unordered.ts';
import type { FindUnorderedOptions } from '../../use-cases/find-unordered.ts';

export const UNORDERED_HELP = `unordered: payments that are paid and have no order

Looks at every payment of this connector that was charged or authorised, and lists those that no
order names while their cart is still open: the shopper paid and closed the tab, or the shop's
backend was away. With --settle create it makes the order of such a cart, but only if the cart
costs exactly what was paid; with --settle return it gives the money back through the connector's
own operations. What anybody has begun to refund, capture, cancel or dispute is listed and left to
people. Each settlement is published as checkout.payment.settled_without_order in payments.transactions.
Safe to run at any time, any number of times, and to be killed.

Usage: unordered [options]

  --after <time>        leave payments alone until they have been paid for this long: 30 (minutes),
                        2h, 1d; default 30m
  --since <time>        payments that changed since: a duration (12h, 7d) or an ISO date (UTC);
                        default 7d
  --settle <what>       report (nothing is done), create (orders) or return (money); default report
  --order-number <text> order number of orders that are made, with {cartId} in it;
                        default stripe-{cartId}
  --limit <number>      settle at most so many carts in this run, and list the rest; default 20
  --json                one JSON object at the end instead of text
  -h, --help            this text

Example: what would be settled of the last month
  unordered --since 30d

ORDERS_SETTLE, ORDERS_AFTER, ORDERS_NUMBER and ORDERS_LIMIT are the defaults of these options.
Configuration: CTP_*, STRIPE_*, PAYMENT_INTERFACE and KAFKA_*, as the ledger has them; for return
also INTENT_URL, and an API client with manage_checkout_payment_intents.
Exit code: 0 when everything was looked at, 1 when not, 64 for a command line that makes no sense,
78 for a wrong configuration.
`;

export interface UnorderedCommand extends FindUnorderedOptions {
  readonly json: boolean;
}

const MODES: readonly SettleMode[] = ['report', 'create', 'return'];
const isMode = (text: string): text is SettleMode => MODES.some((mode) => mode === text);

/** The variables that set defaults for options. */
export interface UnorderedDefaults {
  readonly ORDERS_SETTLE?: SettleMode;
  readonly ORDERS_AFTER?: string;
  readonly ORDERS_NUMBER?: string;
  readonly ORDERS_LIMIT?: number;
}

/** Reads the command line, without program names; `help` when it was asked for. Throws UsageError. */
export function parseUnordered(
  argv: readonly string[],
  now: Date,
  defaults: UnorderedDefaults = {},
): UnorderedCommand | 'help' {
  const { ORDERS_SETTLE = 'report', ORDERS_AFTER = '30m', ORDERS_NUMBER = 'stripe-{cartId}' } = defaults;
  const values = parseOptions(argv, {
    after: { type: 'string', default: ORDERS_AFTER },
    since: { type: 'string', default: '7d' },
    settle: { type: 'string', default: ORDERS_SETTLE },
    'order-number': { type: 'string', default: ORDERS_NUMBER },
    limit: { type: 'string', default: String(defaults.ORDERS_LIMIT ?? 20) },
    json: { type: 'boolean', default: false },
    ...HELP_OPTION,
  });
  if (values.help) return 'help';
  const { settle } = values;
  if (!isMode(settle)) throw new UsageError(`--settle: not one of ${MODES.join(', ')}: ${settle}`);
  if (!isOrderNumberTemplate(values['order-number']))
    throw new UsageError(
      `--order-number: must have {cartId} in it and come to 2 to 256 letters, digits, "-" or "_": ${values['order-number']}`,
    );
  return {
    afterMs: durationMs('--after', values.after, 'm'),
    since: momentOf('--since', values.since, now),
    mode: settle,
    orderNumber: values['order-number'],
    limit: wholeNumber('--limit', values.limit, 0, 1_000_000),
    json: values.json,
  };
}
