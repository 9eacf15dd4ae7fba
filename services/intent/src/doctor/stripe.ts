import { NotFoundError, TransientError } from '@connector/errors';
import {
  driftOf,
  endpointsAt,
  isLiveKey,
  PINNED_API_VERSION,
  type StripeClient,
  StripeRejection,
  stripeWebhookEndpoints,
  versionGap,
  webhookUrl,
} from '@connector/stripe';
import type Stripe from 'stripe';
import { type Check, type Finding, fail, ok, unknown, warn } from './checkup.ts';
import { clockCheck } from './clock.ts';
import type { StripeSide } from './config.ts';

/** An id that no object has, so that a request which may write cannot have an effect. */
const NONE = 'doctor_looks_for_none';

type Probe = (stripe: Stripe) => Promise<unknown>;
/** What the services do at Stripe, as Dashboard and API name the permissions, with the cheapest request that needs each. */
const PERMISSIONS: readonly (readonly [permission: string, probe: Probe])[] = [
  ['PaymentIntents read', (stripe) => stripe.paymentIntents.list({ limit: 1 })],
  ['PaymentIntents write', (stripe) => stripe.paymentIntents.cancel(`pi_${NONE}`)],
  ['Charges read', (stripe) => stripe.charges.list({ limit: 1 })],
  ['Refunds read', (stripe) => stripe.refunds.list({ limit: 1 })],
  ['Refunds write', (stripe) => stripe.refunds.create({ payment_intent: `pi_${NONE}` })],
  ['Customers read', (stripe) => stripe.customers.list({ limit: 1 })],
  ['Customers write', (stripe) => stripe.customers.update(`cus_${NONE}`, {})],
  [
    'Customer sessions write',
    (stripe) =>
      stripe.customerSessions.create({ customer: `cus_${NONE}`, components: { payment_element: { enabled: true } } }),
  ],
  [
    'Ephemeral keys write',
    (stripe) => stripe.ephemeralKeys.create({ customer: `cus_${NONE}` }, { apiVersion: PINNED_API_VERSION }),
  ],
  ['Payment methods read', (stripe) => stripe.paymentMethods.retrieve(`pm_${NONE}`)],
  ['Payment methods write', (stripe) => stripe.paymentMethods.detach(`pm_${NONE}`)],
  ['Balance transactions read', (stripe) => stripe.balanceTransactions.list({ limit: 1 })],
  ['Disputes read', (stripe) => stripe.disputes.list({ limit: 1 })],
  ['Events read', (stripe) => stripe.events.list({ limit: 1 })],
];

/** Whether Stripe lets the key make the request: an answer that an object is missing or a parameter wrong comes only after that. */
async function isAllowed({ call }: Pick<StripeClient, 'call'>, probe: Probe): Promise<boolean> {
  try {
    await call('doctor', probe);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof StripeRejection) return true;
    if (error instanceof TransientError && error.reason === 'unauthorized') return false;
    throw error;
  }
}

export function stripeChecks(side: StripeSide, client: StripeClient): Check[] {
  const { call } = client;
  const mode = (key: string) => (isLiveKey(key) ? 'live' : 'test');
  const url = side.CONNECT_SERVICE_URL && webhookUrl(side.CONNECT_SERVICE_URL);
  return [
    {
      name: 'secret key',
      run: async () => {
        const kind = side.STRIPE_SECRET_KEY.startsWith('rk_') ? 'restricted' : 'unrestricted';
        const [secret, publishable] = [mode(side.STRIPE_SECRET_KEY), mode(side.STRIPE_PUBLISHABLE_KEY)];
        const modes: Finding =
          secret === publishable
            ? ok('mode', secret)
            : fail(
                'mode',
                `secret key ${secret}, publishable key ${publishable}`,
                'Take both keys from the same mode of the Dashboard.',
              );
        const valid = await isAllowed(client, (stripe) => stripe.balance.retrieve());
        const key = valid
          ? kind === 'restricted'
            ? ok('secret key', 'valid, restricted')
            : warn(
                'secret key',
                'valid, unrestricted',
                'Use a restricted key (rk_…) with the permissions below: it can do no more than it has to.',
              )
          : fail(
              'secret key',
              'Stripe refuses it, or it may not read the balance',
              'Copy the key again from the Dashboard; a restricted one needs Balance read.',
            );
        return [key, modes];
      },
    },
    {
      name: 'account',
      run: async () => {
        if (!(await isAllowed(client, (stripe) => stripe.accounts.retrieveCurrent()))) {
          return unknown('account', 'the key may not read its account');
        }
        const account = await call('account.retrieve', (stripe) => stripe.accounts.retrieveCurrent());
        if (side.STRIPE_ACCOUNT_ID && side.STRIPE_ACCOUNT_ID !== account.id) {
          return fail(
            'account',
            `the key is of ${account.id}, STRIPE_ACCOUNT_ID is ${side.STRIPE_ACCOUNT_ID}`,
            'Set STRIPE_ACCOUNT_ID to the account of the key.',
          );
        }
        if (account.charges_enabled === false)
          return fail('account', `${account.id} may not take payments yet`, 'Finish its activation in the Dashboard.');
        return ok('account', account.id);
      },
    },
    ...PERMISSIONS.map(
      ([permission, probe]): Check => ({
        name: permission,
        run: async () =>
          (await isAllowed(client, probe))
            ? ok(permission, 'granted')
            : fail(permission, 'refused', 'Give the restricted key this permission (Dashboard, Developers, API keys).'),
      }),
    ),
    { name: 'webhook endpoint', run: () => endpointFindings(side, client, url) },
    { name: 'event destinations', run: () => destinationFinding(client, url) },
    { name: 'signing secret', run: async () => secretFinding(side.STRIPE_WEBHOOK_SIGNING_SECRET) },
    clockCheck('Stripe', side.STRIPE_API_BASE),
  ];
}

async function endpointFindings(side: StripeSide, client: StripeClient, url: string | undefined): Promise<Finding[]> {
  const name = 'webhook endpoint';
  const id = side.STRIPE_WEBHOOK_ID;
  if (!url) return [unknown(name, 'CONNECT_SERVICE_URL is not set')];
  const endpoints = stripeWebhookEndpoints(client);
  const maySee = await isAllowed(client, (stripe) => stripe.webhookEndpoints.list({ limit: 1 }));
  if (!maySee)
    return [
      unknown(name, 'the key may not read webhook endpoints, and need not; run doctor with the key of setup to see'),
    ];
  const all = await endpoints.list();
  const chosen = id ? all.filter((endpoint) => endpoint.id === id) : endpointsAt(url, all);
  if (chosen.length === 0) {
    return [
      fail(name, id ? `${id} is not there` : `none posts to ${url}`, 'Run setup, and apply the Secret that it prints.'),
    ];
  }
  const several =
    chosen.length > 1
      ? [warn(name, `${chosen.length} post to ${url}`, 'Finish the rotation: setup --finish-rotation.')]
      : [];
  return [
    ...chosen.flatMap((endpoint): Finding[] => {
      const drift = driftOf(endpoint, url);
      const gap = versionGap(endpoint.apiVersion, PINNED_API_VERSION);
      const version = endpoint.apiVersion ?? "the account's default";
      return [
        endpoint.status === 'enabled'
          ? drift.url
            ? fail(
                name,
                `${endpoint.id} posts to ${endpoint.url}`,
                `Run ensure-webhook-endpoint: it has to post to ${url}.`,
              )
            : ok(name, `${endpoint.id} posts to ${url}`)
          : fail(
              name,
              `${endpoint.id} is ${endpoint.status}`,
              'Enable it in the Dashboard (Developers, Webhooks), then run reconcile.',
            ),
        drift.events
          ? fail(
              'webhook events',
              `${endpoint.id} has not exactly the ${drift.events.length} that are handled`,
              'Run ensure-webhook-endpoint (the chart does after each upgrade).',
            )
          : ok('webhook events', `all ${endpoint.events.length}`),
        gap === 'breaking'
          ? fail(
              'webhook API version',
              `${version}, not ${PINNED_API_VERSION}`,
              'Stripe cannot change it: setup --rotate makes an endpoint with the right one.',
            )
          : ok('webhook API version', gap === 'none' ? version : `${version}, compatible with ${PINNED_API_VERSION}`),
      ];
    }),
    ...several,
  ];
}

/** Whether a v2 event destination sends thin payloads to `url`: webhook-ingest refuses them, for they show no payment. */
export async function destinationFinding(
  { call }: Pick<StripeClient, 'call'>,
  url: string | undefined,
): Promise<Finding> {
  const name = 'event destinations';
  if (!url) return unknown(name, 'CONNECT_SERVICE_URL is not set');
  let all: Stripe.V2.Core.EventDestination[];
  try {
    all = await call('event_destinations.list', (stripe) =>
      Array.fromAsync(stripe.v2.core.eventDestinations.list({ include: ['webhook_endpoint.url'], limit: 100 })),
    );
  } catch (error) {
    if (error instanceof TransientError && error.reason === 'unauthorized')
      return unknown(name, 'the key may not read them, and need not; run doctor with the key of setup to see');
    if (error instanceof NotFoundError || error instanceof StripeRejection)
      return unknown(name, 'Stripe does not list them for this key');
    throw error;
  }
  const thin = all.filter(
    (destination) =>
      destination.event_payload === 'thin' &&
      destination.status === 'enabled' &&
      destination.webhook_endpoint?.url === url,
  );
  if (thin.length === 0) return ok(name, `none of ${all.length} sends thin payloads to ${url}`);
  return fail(
    name,
    `${thin.map(({ id }) => id).join(', ')}: thin payloads to ${url}`,
    'Thin events show no payment and are refused: delete it, and run setup for an endpoint with snapshot payloads.',
  );
}

export function secretFinding(secrets: readonly string[]): Finding {
  const name = 'signing secret';
  const todo = "Take the secret that setup printed, or that the endpoint's page in the Dashboard reveals: whsec_….";
  if (secrets.length === 0) return fail(name, 'none', todo);
  if (!secrets.every((secret) => /^whsec_\S{16,}$/.test(secret)))
    return fail(name, 'not every one looks like whsec_…', todo);
  if (new Set(secrets).size < secrets.length) return warn(name, 'the same one twice', 'Leave the second one out.');
  if (secrets.length === 1) return ok(name, 'one');
  if (secrets.length === 2) return ok(name, 'two: a rotation is under way');
  return warn(name, `${secrets.length} at once`, 'Leave out those that no endpoint uses any more.');
}
