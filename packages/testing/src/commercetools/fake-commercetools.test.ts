import { type Commercetools, createCommercetools } from '@connector/commercetools';
import { createLogger } from '@connector/telemetry';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { itIsCommercetools } from '../conformance/commercetools.ts';
import { itGivesAccess } from '../conformance/commercetools-access.ts';
import { FakeCommercetools } from './fake-commercetools.ts';
import { type CommercetoolsServer, serveCommercetools } from './http-server.ts';

describe('the fake commercetools', () => {
  let commercetools: FakeCommercetools;
  beforeEach(() => {
    commercetools = new FakeCommercetools();
  });
  itIsCommercetools(() => commercetools);
});

describe('the commercetools client, calling the fake over HTTP', () => {
  let server: CommercetoolsServer;
  let client: Commercetools;
  beforeAll(async () => {
    server = await serveCommercetools();
    client = createCommercetools(server.env, { log: createLogger('test', 'silent') });
  });
  afterAll(async () => {
    await client?.close();
    await server?.stop();
  });

  itIsCommercetools(() => client);
  itGivesAccess(() => ({
    client,
    clientId: server.env.CTP_CLIENT_ID,
    clientSecret: server.env.CTP_CLIENT_SECRET,
    url: server.url,
    jwksUrl: `${server.url}/jwks.json`,
  }));
});
