import { EXIT_USAGE, optionsOrExit } from '@connector/cli';
import { NotFoundError } from '@connector/errors';
import { readConfig } from '@connector/lifecycle';
import {
  createStripe,
  explainStripeError,
  isUnauthorized,
  PINNED_API_VERSION,
  stripeWebhookEndpoints,
} from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import { whyUnanswered } from '../adapters/webhook-address.ts';
import { endpointConfigSchema, readWebhookUrl } from '../endpoint-config.ts';
import { ensureWebhookEndpoint } from '../use-cases/ensure-webhook-endpoint.ts';
import { ALTERNATIVES, ENSURE_HELP, parseEnsureOptions } from './cli/ensure-options.ts';
import { ensureReport } from './cli/ensure-report.ts';

const options = optionsOrExit(parseEnsureOptions, ENSURE_HELP);
const config = readConfig(endpointConfigSchema, process.env);
const log = createLogger('ensure-webhook-endpoint', config.LOG_LEVEL ?? config.LOGGER_LEVEL ?? 'warn', process.stderr);
const wanted = readWebhookUrl(options.url, config);
if ('problem' in wanted) {
  process.stderr.write(`${wanted.problem}\nTry --help.\n`);
  process.exit(EXIT_USAGE);
}
const { url } = wanted;
const apiVersion = PINNED_API_VERSION;
const id = options.id ?? config.STRIPE_WEBHOOK_ID;
const stripe = createStripe(config, { log });
try {
  const done = await ensureWebhookEndpoint({
    endpoints: stripeWebhookEndpoints(stripe),
    url,
    id,
    apiVersion,
    dryRun: options.dryRun,
    force: options.force,
    whyUnanswered: whyUnanswered({ withinMs: options.waitMs }),
  });
  const { lines, isFine } = ensureReport(done, { ...options, url, apiVersion });
  process[isFine ? 'stdout' : 'stderr'].write(`${lines.join('\n')}\n`);
  process.exitCode = isFine ? 0 : 1;
} catch (error) {
  const reason = error instanceof NotFoundError ? `${error.message}.` : explainStripeError(error);
  // A key that may not manage endpoints is a failure even without --id, because it would stay unknown whether events
  // arrive.
  const advice = isUnauthorized(error) ? ` ${ALTERNATIVES}` : '';
  process.stderr.write(`The webhook endpoint could not be brought up to date. ${reason}${advice}\n`);
  process.exitCode = 1;
} finally {
  await stripe.close();
}
