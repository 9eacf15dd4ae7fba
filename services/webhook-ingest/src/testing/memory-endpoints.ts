import type { WebhookEndpoint, WebhookEndpoints } from '@connector/stripe';

export interface MemoryEndpoints extends WebhookEndpoints {
  /** What Stripe would have now, newest first. */
  readonly stored: WebhookEndpoint[];
  /** Names of the calls that change something, in their order. */
  readonly changes: string[];
}

/** A Stripe account with the given webhook endpoints; a new one's secret is `whsec_` and its id. */
export function memoryEndpoints(...initial: WebhookEndpoint[]): MemoryEndpoints {
  const stored = [...initial];
  const changes: string[] = [];
  return {
    stored,
    changes,
    list: async () => [...stored],
    create: async (draft) => {
      changes.push('create');
      const endpoint: WebhookEndpoint = {
        id: `we_made_${changes.length}`,
        status: 'enabled',
        createdAt: 1_000 + changes.length,
        ...draft,
      };
      stored.unshift(endpoint);
      return { endpoint, secret: `whsec_of_${endpoint.id}` };
    },
    update: async (id, change) => {
      changes.push(`update ${id} ${Object.keys(change).join(' ')}`);
      const at = stored.findIndex((endpoint) => endpoint.id === id);
      stored[at] = { ...(stored[at] as WebhookEndpoint), ...change };
    },
    remove: async (id) => {
      changes.push(`remove ${id}`);
      stored.splice(
        stored.findIndex((endpoint) => endpoint.id === id),
        1,
      );
    },
  };
}
