import type { Params } from '../params.ts';
import type { Simulation } from '../simulation.ts';
import type { EndpointSecrets } from '../webhook-endpoints.ts';

/** One authorised call of the API with its decoded parameters. */
export interface Call {
  simulation: Simulation;
  endpointSecrets: EndpointSecrets;
  params: Params;
  /** The id in the path, '' where the route has none. */
  id: string;
  /** True when a shopper's page calls with the publishable key. */
  isPublishable: boolean;
  stripeVersion: string | undefined;
}

export interface Route {
  run: (call: Call) => object;
  params: ReadonlySet<string>;
  /** Whether a shopper's page may call it with the publishable key. */
  isPublic: boolean;
}

const names = (text: string): Set<string> => new Set(text.split(/\s+/).filter(Boolean));
export const LIST = 'limit starting_after ending_before created';
export const BROWSER = 'client_secret key expected_payment_method_type';

export const route = (run: Route['run'], params = '', isPublic = false): Route => ({
  run,
  params: names(params),
  isPublic,
});

/** Keys are `METHOD path` with `:id` for the id. */
export type Routes = Readonly<Record<string, Route>>;
