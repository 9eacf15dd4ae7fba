import { EXIT_USAGE, optionsOrExit } from '@connector/cli';
import { readConfig } from '@connector/lifecycle';
import {
  createStripe,
  explainStripeError,
  PINNED_API_VERSION,
  postSignedProbe,
  stripeWebhookEndpoints,
} from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import { readWebhookUrl, setupConfigSchema } from '../endpoint-config.ts';
import { abortRotation, beginRotation, finishRotation, setUp } from '../use-cases/set-up-webhook-endpoint.ts';
import { parseSetUpOptions, SETUP_HELP } from './cli/setup-options.ts';
import { setUpReport } from './cli/setup-report.ts';

const options = optionsOrExit(parseSetUpOptions, SETUP_HELP);
const config = readConfig(setupConfigSchema, process.env);
// Standard output is only for the manifest.
const toStderr = (line: string) => process.stderr.write(`${line}\n`);
const log = createLogger('setup', config.LOG_LEVEL ?? config.LOGGER_LEVEL ?? 'warn', process.stderr);
const wanted = readWebhookUrl(options.url, config);
if ('problem' in wanted) {
  toStderr(`${wanted.problem}\nTry --help.`);
  process.exit(EXIT_USAGE);
}
const { url } = wanted;
const stripe = createStripe(config, { log });
const deps = {
  endpoints: stripeWebhookEndpoints(stripe),
  url,
  projectKey: config.CTP_PROJECT_KEY,
  apiVersion: PINNED_API_VERSION,
  knownSecrets: config.STRIPE_WEBHOOK_SIGNING_SECRET ?? [],
  probe: (secret: string) => postSignedProbe(url, secret),
  dryRun: options.dryRun,
};
const actions = {
  'set-up': () => setUp(deps),
  rotate: () => beginRotation(deps),
  'finish-rotation': () => finishRotation(deps, options),
  'abort-rotation': () => abortRotation(deps),
};
try {
  const { lines, manifest, exitCode } = setUpReport(await actions[options.action](), url, options.secret);
  for (const line of lines) toStderr(line);
  if (manifest) process.stdout.write(manifest);
  process.exitCode = exitCode;
} catch (error) {
  toStderr(`The webhook endpoint could not be set up. ${explainStripeError(error)}`);
  process.exitCode = 1;
} finally {
  await stripe.close();
}
