import { STRIPE_EVENT_TYPES } from '@connector/contracts';
import { METADATA } from '@connector/payment-model';

/** A Stripe webhook endpoint; `createdAt` in Unix seconds, `apiVersion` null = the account's default. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  readonly status: string;
  readonly apiVersion: string | null;
  readonly events: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: number;
}

const PATH = '/stripe/webhooks';
/** Metadata that marks the endpoints that `setup` made. */
const MANAGED_BY = 'stripe-checkout-connector';

/** The webhook URL for the public address. An address that already ends with the path is taken unchanged. */
export const webhookUrl = (publicUrl: string): string =>
  `${publicUrl.replace(/\/+$/, '').replace(new RegExp(`${PATH}$`), '')}${PATH}`;

const sameUrl = (one: string, other: string): boolean => normalised(one) === normalised(other);
const normalised = (url: string): string => (URL.canParse(url) ? new URL(url).href.replace(/\/+$/, '') : url);

/** The endpoints that post to `url`, newest first; more than one while a secret is rotated. */
export const endpointsAt = (url: string, endpoints: readonly WebhookEndpoint[]): WebhookEndpoint[] =>
  endpoints.filter((endpoint) => sameUrl(endpoint.url, url)).toSorted((a, b) => b.createdAt - a.createdAt);

/** Whether an endpoint was made by `setup` for this project and posts to another URL. */
export const endpointElsewhere = (
  url: string,
  projectKey: string | undefined,
  endpoints: readonly WebhookEndpoint[],
): WebhookEndpoint | undefined =>
  endpoints.find(
    ({ metadata, ...endpoint }) =>
      projectKey !== undefined &&
      metadata.managed_by === MANAGED_BY &&
      metadata[METADATA.projectKey] === projectKey &&
      !sameUrl(endpoint.url, url),
  );

/** The parameters of a new endpoint, besides its API version. */
export const endpointDraft = (url: string, projectKey: string | undefined) => ({
  url,
  events: STRIPE_EVENT_TYPES,
  description: 'Stripe connector for commercetools Checkout',
  metadata: { managed_by: MANAGED_BY, ...(projectKey && { [METADATA.projectKey]: projectKey }) },
});

export interface Drift {
  readonly url?: string;
  readonly events?: readonly string[];
}

/** The changes that `endpoint` needs to post every handled event to `url`; empty when it needs none. */
export function driftOf(endpoint: Pick<WebhookEndpoint, 'url' | 'events'>, url: string): Drift {
  const subscribed = new Set(endpoint.events);
  const isExact =
    subscribed.size === STRIPE_EVENT_TYPES.length && STRIPE_EVENT_TYPES.every((type) => subscribed.has(type));
  return {
    ...(!sameUrl(endpoint.url, url) && { url }),
    ...(!isExact && { events: STRIPE_EVENT_TYPES }),
  };
}

/**
 * How far an endpoint's API version is from ours. Versions with the same release name (`….endive`) are compatible,
 * others may not be. Stripe cannot change the version of an endpoint.
 */
export function versionGap(actual: string | null, pinned: string): 'none' | 'compatible' | 'breaking' {
  if (actual === pinned) return 'none';
  const release = (version: string | null) => version?.split('.')[1];
  return release(actual) !== undefined && release(actual) === release(pinned) ? 'compatible' : 'breaking';
}
