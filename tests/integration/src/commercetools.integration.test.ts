import { type Commercetools, createCommercetools } from '@connector/commercetools';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { createLogger } from '@connector/telemetry';
import { itIsCommercetools } from '@connector/testing/conformance/commercetools';
import { itGivesAccess } from '@connector/testing/conformance/commercetools-access';
import { afterAll, beforeAll, describe } from 'vitest';

describe('the client before the simulated commercetools', () => {
  let simulator: CommercetoolsSimulator;
  let commercetools: Commercetools;

  beforeAll(async () => {
    simulator = await startCommercetoolsSimulator();
    const { projectKey, clientId, clientSecret, url } = simulator;
    commercetools = createCommercetools(
      {
        CTP_PROJECT_KEY: projectKey,
        CTP_CLIENT_ID: clientId,
        CTP_CLIENT_SECRET: clientSecret,
        CTP_AUTH_URL: url,
        CTP_API_URL: url,
      },
      { log: createLogger('test', 'silent') },
    );
  });
  afterAll(async () => {
    await commercetools?.close();
    await simulator?.close();
  });

  itIsCommercetools(() => commercetools);
  itGivesAccess(() => {
    const { clientId, clientSecret, url } = simulator;
    return { client: commercetools, clientId, clientSecret, url, jwksUrl: `${url}/.well-known/jwks.json` };
  });
});
