import { NotFoundError, TransientError } from '@connector/errors';
import {
  driftOf,
  endpointsAt,
  PINNED_API_VERSION,
  type StripeClient,
  StripeRejection,
  stripeWebhookEndpoints,
  versionGap,
  type WebhookEndpoint,
} from '@connector/stripe';
import type Stripe from 'stripe';
import { type Finding, fail, ok, unknown, warn } from './checkup.ts';
import type { StripeSide } from './config.ts';
import { isAllowed } from './stripe-access.ts';

const ENDPOINT = 'webhook endpoint';

/**
 * Checks the webhook endpoint (during a rotation, the endpoints) to which Stripe posts our events; `url` is the correct
 * address.
 */
export async function endpointFindings(
  side: StripeSide,
  client: StripeClient,
  url: string | undefined,
): Promise<Finding[]> {
  if (!url) return [unknown(ENDPOINT, 'CONNECT_SERVICE_URL is not set')];
  const maySee = await isAllowed(client, (stripe) => stripe.webhookEndpoints.list({ limit: 1 }));
  if (!maySee)
    return [
      unknown(
        ENDPOINT,
        'the key may not read webhook endpoints, and need not; run doctor with the key of setup to see',
      ),
    ];
  const all = await stripeWebhookEndpoints(client).list();
  const id = side.STRIPE_WEBHOOK_ID;
  const chosen = id ? all.filter((endpoint) => endpoint.id === id) : endpointsAt(url, all);
  if (chosen.length === 0) {
    const found = id ? `${id} is not there` : `none posts to ${url}`;
    return [fail(ENDPOINT, found, 'Run setup, and apply the Secret that it prints.')];
  }
  const several =
    chosen.length > 1
      ? [warn(ENDPOINT, `${chosen.length} post to ${url}`, 'Finish the rotation: setup --finish-rotation.')]
      : [];
  return [
    ...chosen.flatMap((endpoint) => [
      addressFinding(endpoint, url),
      eventsFinding(endpoint, url),
      versionFinding(endpoint),
    ]),
    ...several,
  ];
}

function addressFinding(endpoint: WebhookEndpoint, url: string): Finding {
  const { id, status } = endpoint;
  if (status !== 'enabled')
    return fail(
      ENDPOINT,
      `${id} is ${status}`,
      'Enable it in the Dashboard (Developers, Webhooks), then run reconcile.',
    );
  if (driftOf(endpoint, url).url)
    return fail(ENDPOINT, `${id} posts to ${endpoint.url}`, `Run ensure-webhook-endpoint: it has to post to ${url}.`);
  return ok(ENDPOINT, `${id} posts to ${url}`);
}

function eventsFinding(endpoint: WebhookEndpoint, url: string): Finding {
  const { events } = driftOf(endpoint, url);
  if (!events) return ok('webhook events', `all ${endpoint.events.length}`);
  return fail(
    'webhook events',
    `${endpoint.id} has not exactly the ${events.length} that are handled`,
    'Run ensure-webhook-endpoint (the chart does after each upgrade).',
  );
}

function versionFinding({ apiVersion }: WebhookEndpoint): Finding {
  const gap = versionGap(apiVersion, PINNED_API_VERSION);
  const version = apiVersion ?? "the account's default";
  if (gap === 'breaking')
    return fail(
      'webhook API version',
      `${version}, not ${PINNED_API_VERSION}`,
      'Stripe cannot change it: setup --rotate makes an endpoint with the right one.',
    );
  return ok('webhook API version', gap === 'none' ? version : `${version}, compatible with ${PINNED_API_VERSION}`);
}

/**
 * Checks whether a v2 event destination sends thin payloads to `url`: webhook-ingest refuses them, because they contain
 * no payment.
 */
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
    'Thin events contain no payment and are refused: delete it, and run setup for an endpoint with snapshot payloads.',
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
