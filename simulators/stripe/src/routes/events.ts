import { noSuch } from '../errors.ts';
import type { WebhookEndpoint } from '../objects.ts';
import { createWebhookEndpoint, updateWebhookEndpoint } from '../webhook-endpoints.ts';
import { type Call, LIST, type Routes, route } from './route.ts';

export const EVENT_ROUTES: Routes = {
  'GET events': route(
    ({ simulation, params }) => simulation.events.list(params),
    `${LIST} type types delivery_success`,
  ),
  'GET events/:id': route(({ simulation, id }) => {
    const event = simulation.events.get(id);
    if (!event) throw noSuch('event', id);
    return event;
  }),
  'POST webhook_endpoints': route(
    ({ simulation, endpointSecrets, params }) => createWebhookEndpoint(simulation, endpointSecrets, params),
    'api_version connect description enabled_events metadata url',
  ),
  'GET webhook_endpoints': route(
    ({ simulation, params }) => simulation.state.webhookEndpoints.page('/v1/webhook_endpoints', params),
    LIST,
  ),
  'GET webhook_endpoints/:id': route((call) => endpointOf(call)),
  'POST webhook_endpoints/:id': route(
    (call) => updateWebhookEndpoint(endpointOf(call), call.params),
    'description disabled enabled_events metadata url',
  ),
  'DELETE webhook_endpoints/:id': route((call) => {
    const { id } = endpointOf(call);
    call.simulation.state.webhookEndpoints.remove(id);
    return { id, object: 'webhook_endpoint', deleted: true };
  }),
};

function endpointOf({ simulation, id }: Call): WebhookEndpoint {
  const endpoint = simulation.state.webhookEndpoints.get(id);
  if (!endpoint) throw noSuch('webhook endpoint', id);
  return endpoint;
}
