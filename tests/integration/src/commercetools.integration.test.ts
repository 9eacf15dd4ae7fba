import type { Commercetools } from '@connector/commercetools';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { itIsCommercetools } from '@connector/testing/conformance/commercetools';
import { itGivesAccess } from '@connector/testing/conformance/commercetools-access';
import { afterAll, beforeAll, describe } from 'vitest';
import { clientOf } from './client-of.ts';

describe('the client before the simulated commercetools', () => {
  let simulator: CommercetoolsSimulator;
  let commercetools: Commercetools;

  beforeAll(async () => {
    simulator = await startCommercetoolsSimulator();
    commercetools = clientOf(simulator);
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
