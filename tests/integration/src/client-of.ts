import { type Commercetools, createCommercetools } from '@connector/commercetools';
import type { CommercetoolsSimulator } from '@connector/simulator-commercetools';
import { createLogger } from '@connector/telemetry';

/** A client of the simulated project: of its own API client, or of another one with these credentials. */
export const clientOf = (
  simulator: CommercetoolsSimulator,
  { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string } = simulator,
): Commercetools =>
  createCommercetools(
    {
      CTP_PROJECT_KEY: simulator.projectKey,
      CTP_CLIENT_ID: clientId,
      CTP_CLIENT_SECRET: clientSecret,
      CTP_AUTH_URL: simulator.url,
      CTP_API_URL: simulator.url,
    },
    { log: createLogger('test', 'silent') },
  );
