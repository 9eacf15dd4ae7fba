import { type Commercetools, createCommercetools } from '@connector/commercetools';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { createLogger } from '@connector/telemetry';
import { itIsCommercetools, type Project } from '@connector/testing/conformance/commercetools';
import { afterAll, beforeAll, describe } from 'vitest';
import {
  commercetoolsCarts,
  commercetoolsPayments,
} from '../../../../services/ledger/src/adapters/commercetools-payments.ts';

describe("the ledger's adapters before the simulated commercetools", () => {
  let simulator: CommercetoolsSimulator;
  let commercetools: Commercetools;
  let project: Project;

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
    const { api, call } = commercetools;
    project = {
      payments: commercetoolsPayments(commercetools),
      carts: commercetoolsCarts(commercetools),
      newCart: () => call('carts.create', api.carts().post({ body: { currency: 'EUR' } })),
      newCustomer: async () => {
        const body = { email: `${crypto.randomUUID()}@example.com`, password: 'secret' };
        return (await call('customers.create', api.customers().post({ body }))).customer.id;
      },
    };
  });
  afterAll(async () => {
    await commercetools?.close();
    await simulator?.close();
  });

  itIsCommercetools(() => project);
});
