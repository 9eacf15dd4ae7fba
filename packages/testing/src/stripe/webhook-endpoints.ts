import type Stripe from 'stripe';
import { listOf } from './lists.ts';
import { refusal } from './refusal.ts';
import type { StripeState } from './state.ts';

/** `webhook_endpoints` of the SDK; the secret of a new endpoint is `whsec_of_` and its id. */
export function webhookEndpointsOf(stripe: StripeState) {
  const checked = (url: string): string => {
    if (!URL.canParse(url)) throw refusal('url_invalid', { param: 'url' });
    return url;
  };
  return {
    list: (params: Stripe.WebhookEndpointListParams) => listOf(stripe, stripe.webhookEndpoints.values(), params),
    create: async (params: Stripe.WebhookEndpointCreateParams) => {
      const { url, enabled_events, api_version = null, description = null, metadata = {} } = params;
      const endpoint = {
        id: stripe.newId('we'),
        object: 'webhook_endpoint',
        api_version,
        application: null,
        created: stripe.seconds,
        description: description || null,
        enabled_events,
        livemode: false,
        metadata: metadata as Record<string, string>,
        status: 'enabled',
        url: checked(url),
      } as Stripe.WebhookEndpoint;
      stripe.webhookEndpoints.set(endpoint.id, endpoint);
      return { ...endpoint, secret: `whsec_of_${endpoint.id}` };
    },
    update: async (id: string, { url, enabled_events }: Stripe.WebhookEndpointUpdateParams) =>
      Object.assign(stripe.existing(stripe.webhookEndpoints, id), {
        ...(url !== undefined && { url: checked(url) }),
        ...(enabled_events && { enabled_events }),
      }),
    del: async (id: string) => {
      stripe.existing(stripe.webhookEndpoints, id);
      stripe.webhookEndpoints.delete(id);
      return { id, object: 'webhook_endpoint', deleted: true };
    },
  };
}
