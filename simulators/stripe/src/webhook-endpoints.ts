import { invalidParameter, missingParameter } from './errors.ts';
import type { WebhookEndpoint } from './objects.ts';
import type { Params } from './params.ts';
import { refuseVersion } from './refusals.ts';
import type { Simulation } from './simulation.ts';
import { token } from './simulation.ts';

/** Signing secrets by endpoint id; Stripe shows a secret only in the answer to the creation. */
export type EndpointSecrets = Map<string, string>;

export function createWebhookEndpoint(
  simulation: Simulation,
  secrets: EndpointSecrets,
  params: Params,
): WebhookEndpoint {
  const url = checkedUrl(params.requiredString('url'));
  const events = checkedEvents(params);
  if (!events) throw missingParameter('enabled_events');
  const apiVersion = params.string('api_version');
  refuseVersion(apiVersion);
  const endpoint: WebhookEndpoint = {
    id: simulation.newId('we'),
    object: 'webhook_endpoint',
    api_version: apiVersion ?? null,
    application: null,
    created: simulation.now(),
    description: params.nullableString('description') ?? null,
    enabled_events: events,
    livemode: false,
    metadata: params.metadata(),
    status: 'enabled',
    url,
  };
  const secret = `whsec_${token(32)}`;
  secrets.set(endpoint.id, secret);
  simulation.state.webhookEndpoints.add(endpoint);
  return { ...endpoint, secret };
}

export function updateWebhookEndpoint(endpoint: WebhookEndpoint, params: Params): WebhookEndpoint {
  const url = params.string('url');
  const events = checkedEvents(params);
  const metadata = params.metadata(endpoint.metadata);
  const isDisabled = params.boolean('disabled');
  if (url !== undefined) endpoint.url = checkedUrl(url);
  if (events) endpoint.enabled_events = events;
  endpoint.metadata = metadata;
  if (params.has('description')) endpoint.description = params.nullableString('description') ?? null;
  if (isDisabled !== undefined) endpoint.status = isDisabled ? 'disabled' : 'enabled';
  return endpoint;
}

/** Names of event types, or `*` for all. Which types there are is not known here. */
function checkedEvents(params: Params): string[] | undefined {
  const events = params.strings('enabled_events');
  const wrong = events?.find((event) => event !== '*' && !/^[a-z0-9_]+(?:\.[a-z0-9_]+)+$/.test(event));
  if (wrong === undefined) return events;
  throw invalidParameter('enabled_events', `Invalid enabled_events: ${wrong.slice(0, 100)} is not an event type.`);
}

function checkedUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw invalidParameter('url', 'Not a valid URL', 'url_invalid');
  }
  return url;
}
