import { HELP_OPTION, parseOptions, UsageError } from '@connector/cli';

export const ENSURE_HELP = `ensure-webhook-endpoint: keeps the webhook endpoint at Stripe up to date

Makes the endpoint post exactly the events that this version handles to <url>/stripe/webhooks. It creates no endpoint ("setup" does),
and is safe to run at any time. The chart runs it after every install and upgrade.

Usage: ensure-webhook-endpoint [options]

  --url <address>     public address of the connector, or CONNECT_SERVICE_URL
  --id <we_…>         the endpoint, or STRIPE_WEBHOOK_ID; default: every endpoint that posts to the URL already. Without
                      --id it is no failure that there is none
  --force             give the endpoint the URL although nothing of ours answers there yet. Without it the endpoint stays where it
                      is, and the command fails: events sent to an address that does not answer go nowhere
  --wait <s>          how long something of ours may take to answer there, in s (default 30)
  --any-api-version   accept an API version of another release of Stripe's API
  --dry-run           tell what would be done, change nothing
  -h, --help          this text

Stripe cannot change the API version of an endpoint. When it is of another release than this version's, events may have
another shape, so the command fails; "setup --rotate" makes an endpoint with the right one beside it. It also fails when no endpoint is
enabled, because no event arrives then, and when the key may not read and write webhook endpoints.

Configuration: STRIPE_SECRET_KEY (may read and write Webhook Endpoints), STRIPE_API_BASE.
Exit code: 0 when the endpoint is up to date, 1 when not, 64 for wrong options, 78 for a wrong configuration.
`;

/** Advice for a key that may not manage webhook endpoints, as the services' key need not. */
export const ALTERNATIVES =
  'In the chart, stripe.setupExistingSecret names a Secret with such a key for this job alone; hooks.webhookEndpoint.enabled=false leaves the job out.';

export interface EnsureOptions {
  readonly url: string | undefined;
  readonly id: string | undefined;
  readonly anyApiVersion: boolean;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly waitMs: number;
}

/** Reads the command line (without program names); `help` when it was asked for. Throws UsageError. */
export function parseEnsureOptions(argv: readonly string[]): EnsureOptions | 'help' {
  const values = parseOptions(argv, {
    url: { type: 'string' },
    id: { type: 'string' },
    force: { type: 'boolean', default: false },
    wait: { type: 'string', default: '30' },
    'any-api-version': { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    ...HELP_OPTION,
  });
  if (values.help) return 'help';
  const seconds = Number(values.wait);
  if (!(seconds >= 0 && seconds <= 600)) throw new UsageError('--wait must be a number of seconds from 0 to 600');
  return {
    url: values.url,
    id: values.id,
    anyApiVersion: values['any-api-version'],
    dryRun: values['dry-run'],
    force: values.force,
    waitMs: seconds * 1000,
  };
}
