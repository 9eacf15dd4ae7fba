import { HELP_OPTION, parseOptions, UsageError } from '@connector/cli';
import { STRIPE_EVENT_TYPES } from '@connector/contracts';
import type { SecretPlace } from '../../domain/secret-manifest.ts';

export const SETUP_HELP = `setup: creates the webhook endpoint at Stripe, and prints the Secret with its signing secret

Run it once before the chart is installed, from anywhere that reaches Stripe. Standard output is only the manifest;
messages go to standard error.

  setup --url https://payments.example.com --namespace payments | kubectl apply -f -

Stripe shows a signing secret only when it creates an endpoint. So if the URL has an endpoint already, none is created and
nothing is printed, unless STRIPE_WEBHOOK_SIGNING_SECRET has its secret; --rotate gets a new secret.

Usage: setup [options]

  --url <address>        public address of the connector, or CONNECT_SERVICE_URL; Stripe posts to /stripe/webhooks below it
  --secret-name <name>   name of the Secret; default stripe-webhook (the chart's stripe.webhookExistingSecret)
  --secret-key <key>     key in it; default webhook-signing-secret
  --namespace <name>     its namespace; default: the one kubectl is in
  --dry-run              tell what would be done, change nothing
  -h, --help             this text

A new secret without losing an event, in three steps (also the way to another API version, which Stripe cannot change in place):

  1. setup --rotate …    makes a second endpoint for the same URL and prints the Secret with the new and the old secret. Give
                         the old one by STRIPE_WEBHOOK_SIGNING_SECRET or STRIPE_WEBHOOK_SIGNING_SECRET_FILE. From now on
                         Stripe sends every event to both endpoints; the second copy has no effect.
  2. kubectl apply       the pods take the new secret up within two minutes, without a restart. Until then they refuse what the
                         new endpoint sends (400), which Stripe sends again; the old endpoint still delivers.
  3. setup --finish-rotation …
                         posts a harmless event signed with each given secret to the URL; once all are taken, deletes the old
                         endpoint and prints the Secret with the new secret alone. Events that only the old endpoint still
                         had to deliver come by the hourly reconcile.

  --skip-check           with --finish-rotation: do not try the secrets, where the URL cannot be reached from here
  --abort-rotation       give a rotation up: deletes the newer endpoint

Configuration: STRIPE_SECRET_KEY (may read and write Webhook Endpoints; need not be the services' key), STRIPE_API_BASE,
CTP_PROJECT_KEY (kept with the endpoint, so that one of this project that posts elsewhere is noticed).
Exit code: 0 when it is done, 1 when not, 3 when the endpoint exists and so no Secret was printed, 64 for wrong options, 78
for a wrong configuration.

The endpoint gets these ${STRIPE_EVENT_TYPES.length} events:
${STRIPE_EVENT_TYPES.map((type) => `  ${type}\n`).join('')}`;

export interface SetUpOptions {
  readonly url: string | undefined;
  readonly secret: SecretPlace;
  readonly action: 'set-up' | 'rotate' | 'finish-rotation' | 'abort-rotation';
  readonly isChecked: boolean;
  readonly dryRun: boolean;
}

const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** Reads the command line (without program names); `help` when it was asked for. Throws UsageError. */
export function parseSetUpOptions(argv: readonly string[]): SetUpOptions | 'help' {
  const values = parseOptions(argv, {
    url: { type: 'string' },
    'secret-name': { type: 'string', default: 'stripe-webhook' },
    'secret-key': { type: 'string', default: 'webhook-signing-secret' },
    namespace: { type: 'string' },
    rotate: { type: 'boolean', default: false },
    'finish-rotation': { type: 'boolean', default: false },
    'abort-rotation': { type: 'boolean', default: false },
    'skip-check': { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    ...HELP_OPTION,
  });
  if (values.help) return 'help';
  const actions = (['rotate', 'finish-rotation', 'abort-rotation'] as const).filter((name) => values[name]);
  if (actions.length > 1)
    throw new UsageError(`Only one of ${actions.map((name) => `--${name}`).join(', ')} can be done.`);
  const { 'secret-name': name, 'secret-key': key, namespace } = values;
  if (!NAME.test(name))
    throw new UsageError('--secret-name: must be a name in Kubernetes: small letters, digits, "-" and "."');
  if (!KEY.test(key)) throw new UsageError('--secret-key: must be letters, digits, "-", "_" and "."');
  if (namespace !== undefined && !NAME.test(namespace))
    throw new UsageError('--namespace: must be a name in Kubernetes');
  if (values['skip-check'] && !values['finish-rotation'])
    throw new UsageError('--skip-check goes with --finish-rotation');
  return {
    url: values.url,
    secret: { name, key, namespace },
    action: actions[0] ?? 'set-up',
    isChecked: !values['skip-check'],
    dryRun: values['dry-run'],
  };
}
