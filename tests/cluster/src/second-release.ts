import { PINNED_API_VERSION } from '@connector/stripe';
import type { Cluster, KubernetesObject } from './cluster.ts';
import { type Findings, lines } from './findings.ts';
import { CHART, FULLNAME, publicUrlOf, type RunOptions, SCALED, setAll, TAGS, valuesOf, WAIT } from './release.ts';
import type { Client } from './requests.ts';
import { seconds, timed } from './shell.ts';

const SECOND = 'second';
const CLIENT_KEYS = { clientId: 'commercetools-client-id', clientSecret: 'commercetools-client-secret' };
const STRIPE_KEYS = { secretKey: 'stripe-secret-key', webhookSigningSecret: 'stripe-webhook-signing-secret' };
/** A wrong value must be reported within this time, in ms. */
const REPORTED_WITHIN_MS = 30_000;

/** The fault, its values, and helm's own output about it. */
const WRONG: readonly [what: string, values: Record<string, unknown>, told: RegExp][] = [
  ['a Secret that is not there', { 'commercetools.existingSecret': 'nobody' }, /Secret nobody .*is not there/],
  [
    'a key that the Secret has not',
    { 'commercetools.existingSecretKeys.clientId': 'no-such-key' },
    /has no key no-such-key \(for CTP_CLIENT_ID\)/,
  ],
  [
    'a wrong commercetools secret',
    {
      'commercetools.existingSecret': '',
      'commercetools.clientId': 'nobody',
      'commercetools.clientSecret': 'not-the-secret',
    },
    /FAIL .*401/,
  ],
  ['another project', { 'commercetools.projectKey': 'another-project' }, /FAIL .*another-project/],
  [
    'a Stripe key that is refused',
    {
      'stripe.existingSecret': '',
      'stripe.secretKey': 'sk_test_somebodyelses',
      'stripe.webhookSigningSecret': 'whsec_0123456789abcdef',
    },
    /FAIL .*secret key .*Stripe refuses it/,
  ],
  ['a broker that is not in DNS', { 'kafka.brokers': ['no-such-broker:9092'] }, /FAIL .*no-such-broker/],
  ['a broker that is closed', { 'kafka.brokers': [`${FULLNAME}-kafka:9999`] }, /FAIL .*ECONNREFUSED|FAIL .*9999/],
  [
    'a public name that is not in DNS',
    { publicUrl: 'https://nowhere.invalid', 'preflight.args': [] },
    /FAIL .*nowhere\.invalid/,
  ],
];

/** Where the webhook endpoint posts before the second release has it. */
const ELSEWHERE = 'https://elsewhere.example.com/';

/**
 * A second release beside the first, which uses the first one's simulators as if they were real. What is wrong with it fails its
 * installation at once and with the reason; its hook gives the webhook endpoint no address at which nothing answers.
 */
export async function secondRelease(
  cluster: Cluster,
  client: Client,
  broker: string,
  options: RunOptions,
  found: Findings,
): Promise<void> {
  const [secret] = (await cluster.objects('secrets')).filter(
    ({ metadata }) => metadata.name === `${FULLNAME}-simulators`,
  );
  const secretKey = Buffer.from(secret.data[STRIPE_KEYS.secretKey], 'base64').toString();
  const stripe = (method: string, path: string, body?: URLSearchParams) =>
    client.ask(method, `/storefront/stripe/v1/${path}`, { body, headers: { authorization: `Bearer ${secretKey}` } });
  const draft = new URLSearchParams({
    url: ELSEWHERE,
    'enabled_events[]': 'charge.refunded',
    api_version: PINNED_API_VERSION,
  });
  const { json: endpoint } = await stripe('POST', 'webhook_endpoints', draft);
  const values = await secondValues(cluster, options, broker, secret, endpoint.id);
  const args = (more: Record<string, unknown> = {}) => [
    SECOND,
    CHART,
    ...['-f', `${CHART}/values-dev.yaml`],
    ...setAll({ ...values, ...more }),
    ...WAIT,
  ];

  await wrongInstalls(cluster, args, found);

  const endpointNow = async () => (await stripe('GET', `webhook_endpoints/${endpoint.id}`)).json;
  await refusedAddress(cluster, args(), endpointNow, found);
  await forcedAddress(cluster, args({ 'hooks.webhookEndpoint.args': ['--force'] }), endpointNow, options, found);
  // Else every further event would be sent there as well.
  await stripe('DELETE', `webhook_endpoints/${endpoint.id}`);

  await cluster.helm(['uninstall', SECOND, ...WAIT]);
  const left = await cluster.untilGone((name) => !name.includes(`/${SECOND}-`), 60_000);
  found.check(left.length === 0, 'uninstalling the second release leaves nothing behind', left);
}

type EndpointNow = () => Promise<{ url: string; enabled_events: string[] }>;

async function refusedAddress(cluster: Cluster, args: string[], endpointNow: EndpointNow, found: Findings) {
  const { code, stdout, stderr } = await cluster.tryHelm(['install', ...args]);
  const words = lines(stdout + stderr);
  const told = words.find((line) => line.includes(`still posts to ${ELSEWHERE}`));
  found.check(code !== 0 && told !== undefined, 'the hook refuses a public address at which nothing answers', words);
  found.check((await endpointNow()).url === ELSEWHERE, 'the webhook endpoint stays where it was');
  found.figure('what helm says of such an address', (told ?? words.at(-1) ?? '').slice(0, 250));
}

async function forcedAddress(
  cluster: Cluster,
  args: string[],
  endpointNow: EndpointNow,
  options: RunOptions,
  found: Findings,
): Promise<void> {
  const fixed = await cluster.tryHelm(['upgrade', ...args]);
  found.check(fixed.code === 0, 'the upgrade with --force goes through', lines(fixed.stdout + fixed.stderr));
  const { url, enabled_events: events } = await endpointNow();
  found.check(
    url === `${publicUrlOf(options)}/stripe/webhooks` && events.length > 5,
    `the hook gave the webhook endpoint its address and ${events.length} types of events`,
    [url],
  );
}

async function wrongInstalls(
  cluster: Cluster,
  args: (more: Record<string, unknown>) => string[],
  found: Findings,
): Promise<void> {
  const times: number[] = [];
  for (const [what, values, told] of WRONG) {
    const [{ code, stdout, stderr }, ms] = await timed(() => cluster.tryHelm(['install', ...args(values)]));
    const words = lines(stdout + stderr);
    times.push(ms);
    const isReported = code !== 0 && ms < REPORTED_WITHIN_MS && words.some((line) => told.test(line));
    found.check(isReported, `helm install with ${what} fails at once and says so (${seconds(ms)})`, words);
    await cluster.tryHelm(['uninstall', SECOND, ...WAIT]);
  }
  const [least, most] = [Math.min(...times), Math.max(...times)];
  found.figure(
    `helm install with one of ${WRONG.length} things wrong`,
    `fails after ${seconds(least)} to ${seconds(most)}`,
  );
}

async function secondValues(
  cluster: Cluster,
  options: RunOptions,
  broker: string,
  secret: KubernetesObject,
  webhookEndpointId: string,
): Promise<Record<string, unknown>> {
  const commercetools = `http://${FULLNAME}-commercetools-simulator:8080`;
  const of = {
    'commercetools.projectKey': await simulatedProject(cluster),
    'commercetools.jwksUrl': `${commercetools}/.well-known/jwks.json`,
    'commercetools.existingSecret': secret.metadata.name,
    'commercetools.existingSecretKeys': CLIENT_KEYS,
    'stripe.publishableKey': 'pk_test_sandbox',
    'stripe.apiBase': `http://${FULLNAME}-stripe-simulator:8080`,
    'stripe.existingSecret': secret.metadata.name,
    'stripe.existingSecretKeys': STRIPE_KEYS,
    'stripe.webhookEndpointId': webhookEndpointId,
  };
  const urls = ['authUrl', 'apiUrl', 'sessionUrl', 'checkoutUrl', 'jwtIssuer'].map((name) => [
    `commercetools.${name}`,
    commercetools,
  ]);
  return {
    ...valuesOf(options, broker, TAGS[0]),
    ...Object.fromEntries(urls),
    ...of,
    'ingress.enabled': false,
    'kafka.bundled.enabled': false,
    'kafka.brokers': [`${FULLNAME}-kafka:9092`],
    // The name leads to the ingress for the machine that runs this, not for the pods.
    'preflight.args': options.ingress.host.endsWith('.localhost') ? ['--unresolved-ok'] : [],
    'hooks.webhookEndpoint.args': ['--wait', '2'],
    'hooks.webhookEndpoint.backoffLimit': 0,
    ...Object.fromEntries(SCALED.map((name) => [`services.${name}.autoscaling`, { enabled: false }])),
  };
}

/** The first release's simulated project, which the second one takes for a real one. */
async function simulatedProject(cluster: Cluster): Promise<string> {
  const path = '{.spec.template.spec.containers[0].env[?(@.name=="CT_SIM_PROJECT_KEY")].value}';
  return cluster.kubectl(['get', `deploy/${FULLNAME}-commercetools-simulator`, '-o', `jsonpath=${path}`]);
}
