import { STRIPE_EVENT_TYPES } from '@connector/contracts';
import { METADATA } from '@connector/payment-model';

/** A webhook endpoint as Stripe has it; `createdAt` in Unix seconds, `apiVersion` null = the account's default. */
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
/** Marks the endpoints that `setup` made. */
const MANAGED_BY = 'stripe-checkout-connector';

/** Where Stripe posts to, from the public address; one that ends with the path already is taken as it is. */
export const webhookUrl = (publicUrl: string): string =>
  `${publicUrl.replace(/\/+$/, '').replace(new RegExp(`${PATH}$`), '')}${PATH}`;

const sameUrl = (one: string, other: string): boolean => normalised(one) === normalised(other);
const normalised = (url: string): string => (URL.canParse(url) ? new URL(url).href.replace(/\/+$/, '') : url);

/** The endpoints that post to `url`, newest first; more than one while a secret is rotated. */
export const endpointsAt = (url: string, endpoints: readonly WebhookEndpoint[]): WebhookEndpoint[] =>
  endpoints.filter((endpoint) => sameUrl(endpoint.url, url)).toSorted((a, b) => b.createdAt - a.createdAt);

/** An endpoint that `setup` made for this project and that posts elsewhere. */
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

/** What an endpoint of ours is made with, besides its API version. */
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

/** What of `endpoint` has to change for it to post every event that is used to `url`; empty when nothing has. */
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
 * How far an endpoint's API version is from ours. Versions of one release name (`….endive`) differ compatibly, those of another
 * may not; Stripe cannot change an endpoint's version.
 */
export function versionGap(actual: string | null, pinned: string): 'none' | 'compatible' | 'breaking' {
  if (actual === pinned) return 'none';
  const release = (version: string | null) => version?.split('.')[1];
  return release(actual) !== undefined && release(actual) === release(pinned) ? 'compatible' : 'breaking';
}
