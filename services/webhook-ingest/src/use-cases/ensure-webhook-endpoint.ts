import { NotFoundError } from '@connector/errors';
import type { WebhookEndpoints } from '@connector/stripe';
import { type Drift, driftOf, endpointsAt, versionGap, type WebhookEndpoint } from '@connector/stripe';
import type { WhyUnanswered } from './ports.ts';

export interface EnsureDeps {
  readonly endpoints: WebhookEndpoints;
  readonly url: string;
  /** The endpoint to update; undefined = those that post to `url`. */
  readonly id?: string | undefined;
  /** The API version of our code. */
  readonly apiVersion: string;
  readonly dryRun: boolean;
  /** Checks a new address before an endpoint gets it, because events sent to an address without an answer are lost. */
  readonly whyUnanswered: WhyUnanswered;
  /** Skip this check. */
  readonly force: boolean;
}

export interface Ensured {
  readonly endpoint: WebhookEndpoint;
  /** What was changed, or would be without a dry run; empty when nothing had to change. */
  readonly drift: Drift;
  /** How its API version differs from ours; Stripe cannot change it. */
  readonly versionGap: ReturnType<typeof versionGap>;
  /** Why the endpoint kept its old address; undefined when it did not. */
  readonly refused?: string | undefined;
}

/**
 * Updates URL and events of the endpoint, the URL only if our service answers there. Returns what was done to each
 * endpoint; empty when there is no endpoint. Throws NotFoundError for an unknown `id`, else what `endpoints` throws.
 */
export async function ensureWebhookEndpoint({
  endpoints,
  url,
  id,
  apiVersion,
  dryRun,
  whyUnanswered,
  force,
}: EnsureDeps): Promise<Ensured[]> {
  const all = await endpoints.list();
  const chosen = id ? all.filter((endpoint) => endpoint.id === id) : endpointsAt(url, all);
  if (id && chosen.length === 0)
    throw new NotFoundError(`Stripe has no webhook endpoint ${id} in the key's account and mode`);
  const done: Ensured[] = [];
  for (const endpoint of chosen) {
    const { url: newUrl, ...others } = driftOf(endpoint, url);
    const refused = newUrl && !force ? await whyUnanswered(newUrl) : undefined;
    const drift = { ...others, ...(newUrl && !refused && { url: newUrl }) };
    if (!dryRun && Object.keys(drift).length > 0) await endpoints.update(endpoint.id, drift);
    done.push({ endpoint, drift, versionGap: versionGap(endpoint.apiVersion, apiVersion), refused });
  }
  return done;
}

/** Deletes the endpoint `id`, or those that post to `url`, and returns them. Throws what `endpoints` throws. */
export async function purgeWebhookEndpoints({
  endpoints,
  url,
  id,
  dryRun,
}: Omit<EnsureDeps, 'apiVersion' | 'whyUnanswered' | 'force'>): Promise<WebhookEndpoint[]> {
  const all = await endpoints.list();
  const chosen = id ? all.filter((endpoint) => endpoint.id === id) : endpointsAt(url, all);
  if (!dryRun) for (const each of chosen) await endpoints.remove(each.id);
  return chosen;
}
