import { TransientError } from '@connector/errors';
import { describeError, redactText } from '@connector/telemetry';
import type Stripe from 'stripe';
import type { StripeClient } from './client.ts';
import { StripeRejection } from './errors.ts';
import type { WebhookEndpoint } from './webhook-endpoint.ts';

export interface EndpointDraft {
  readonly url: string;
  readonly events: readonly string[];
  readonly apiVersion: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The webhook endpoints of the Stripe account, in the key's mode. Every method throws the errors of `call`. */
export interface WebhookEndpoints {
  list(): Promise<readonly WebhookEndpoint[]>;
  /** Returns the signing secret too, which Stripe never shows again. */
  create(draft: EndpointDraft): Promise<{ endpoint: WebhookEndpoint; secret: string }>;
  update(id: string, change: { url?: string; events?: readonly string[] }): Promise<void>;
  remove(id: string): Promise<void>;
}

const PAGE = 100;

export function stripeWebhookEndpoints({ call }: Pick<StripeClient, 'call'>): WebhookEndpoints {
  const types = (events: readonly string[]) => [...events] as Stripe.WebhookEndpointCreateParams.EnabledEvent[];
  return {
    list: () =>
      call('webhook_endpoints.list', async (stripe) => {
        const all: WebhookEndpoint[] = [];
        for await (const each of stripe.webhookEndpoints.list({ limit: PAGE })) all.push(ours(each));
        return all;
      }),
    create: ({ url, events, apiVersion, description, metadata }) =>
      call('webhook_endpoints.create', async (stripe) => {
        const created = await stripe.webhookEndpoints.create({
          url,
          enabled_events: types(events),
          api_version: apiVersion as Stripe.WebhookEndpointCreateParams.ApiVersion,
          description,
          metadata: { ...metadata },
        });
        if (!created.secret) throw new Error(`Stripe made the endpoint ${created.id} and gave no signing secret`);
        return { endpoint: ours(created), secret: created.secret };
      }),
    update: (id, { url, events }) =>
      call('webhook_endpoints.update', async (stripe) => {
        await stripe.webhookEndpoints.update(id, {
          ...(url && { url }),
          ...(events && { enabled_events: types(events) }),
        });
      }),
    remove: (id) =>
      call('webhook_endpoints.delete', async (stripe) => {
        await stripe.webhookEndpoints.del(id);
      }),
  };
}

const ours = ({
  id,
  url,
  status,
  api_version,
  enabled_events,
  metadata,
  created,
}: Stripe.WebhookEndpoint): WebhookEndpoint => ({
  id,
  url,
  status,
  apiVersion: api_version,
  events: enabled_events,
  metadata,
  createdAt: created,
});

/** Whether Stripe refused the key, or the key lacks a right. */
export const isUnauthorized = (error: unknown): boolean =>
  error instanceof TransientError && error.reason === 'unauthorized';

/** Why a call failed and what to do, as a sentence for the person at the command line, without any secret. */
export function explainStripeError(error: unknown): string {
  if (isUnauthorized(error)) {
    return 'Stripe does not accept STRIPE_SECRET_KEY for this: use a key of the account that may read and write Webhook Endpoints.';
  }
  if (error instanceof TransientError) return `Stripe could not be reached (${error.reason}); try again.`;
  const words =
    error instanceof StripeRejection && error.cause instanceof Error ? ` ${redactText(error.cause.message)}` : '';
  return `${describeError(error).message}.${words}`;
}
