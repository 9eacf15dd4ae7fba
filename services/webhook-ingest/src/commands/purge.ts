import { EXIT_USAGE, HELP_OPTION, optionsOrExit, parseOptions } from '@connector/cli';
import { readConfig } from '@connector/lifecycle';
import { createStripe, explainStripeError, stripeWebhookEndpoints } from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import { endpointConfigSchema, readWebhookUrl } from '../endpoint-config.ts';
import { purgeWebhookEndpoints } from '../use-cases/ensure-webhook-endpoint.ts';

const HELP = `purge: deletes the webhook endpoint at Stripe

This cannot be undone: Stripe sends no more events, and undelivered ones are removed from its queue. The chart runs it before an
uninstall only with purge.enabled. Topics, dead letters and payments are never touched.

Usage: purge [options]

  --url <address>   public address of the connector, or CONNECT_SERVICE_URL: the endpoints that post to it
  --id <we_…>       this endpoint alone, or STRIPE_WEBHOOK_ID
  --dry-run         tell what would be deleted
  -h, --help        this text

Configuration: STRIPE_SECRET_KEY (may read and write Webhook Endpoints), STRIPE_API_BASE.
Exit code: 0 when none is left, 1 when not, 64 for wrong options, 78 for a wrong configuration.
`;

const options = optionsOrExit((argv) => {
  const values = parseOptions(argv, {
    url: { type: 'string' },
    id: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    ...HELP_OPTION,
  });
  return values.help ? 'help' : { url: values.url, id: values.id, dryRun: values['dry-run'] };
}, HELP);
const config = readConfig(endpointConfigSchema, process.env);
const log = createLogger('purge', config.LOG_LEVEL ?? config.LOGGER_LEVEL ?? 'warn', process.stderr);
const wanted = readWebhookUrl(options.url, config);
if ('problem' in wanted) {
  process.stderr.write(`${wanted.problem}\nTry --help.\n`);
  process.exit(EXIT_USAGE);
}
const stripe = createStripe(config, { log });
try {
  const endpoints = stripeWebhookEndpoints(stripe);
  const id = options.id ?? config.STRIPE_WEBHOOK_ID;
  const purged = await purgeWebhookEndpoints({ endpoints, url: wanted.url, id, dryRun: options.dryRun });
  const word = options.dryRun ? 'would delete' : 'deleted';
  const lines = purged.map((endpoint) => `${word} ${endpoint.id} (${endpoint.url})`);
  process.stdout.write(`${lines.join('\n') || 'there is no webhook endpoint of ours'}\n`);
} catch (error) {
  process.stderr.write(`The webhook endpoint could not be deleted. ${explainStripeError(error)}\n`);
  process.exitCode = 1;
} finally {
  await stripe.close();
}
