import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCommercetools } from '@connector/commercetools';
import { TransientError } from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commercetoolsCustomers } from './customers.ts';

let status = 200;
const server = createServer((req, res) => {
  const isToken = req.url === '/oauth/token';
  const body = isToken ? { access_token: 'token', expires_in: 3600 } : { id: 'customer-1', version: 1, message: 'no' };
  res.writeHead(isToken ? 200 : status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
let close: () => Promise<void>;
let find: (id: string) => Promise<unknown>;

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    CTP_PROJECT_KEY: 'shop',
    CTP_CLIENT_ID: 'id',
    CTP_CLIENT_SECRET: 'secret',
    CTP_AUTH_URL: url,
    CTP_API_URL: url,
  };
  const commercetools = createCommercetools(config, { log: createLogger('test', 'silent') });
  ({ find } = commercetoolsCustomers(commercetools, 'our-type'));
  close = commercetools.close;
});
afterEach(async () => {
  await close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

// Without the scope manage_customers, or in an outage, a customer must not be taken for a guest: a second Stripe customer would be made.
describe('the customer of a cart', () => {
  it.each([
    [200, { id: 'customer-1' }],
    [404, undefined],
  ])('is what a %i says', async (answer, expected) => {
    status = answer;
    const found = await find('customer-1');
    if (expected) expect(found).toMatchObject(expected);
    else expect(found).toBeUndefined();
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [429, 'rate_limited'],
    [503, 'server_error'],
  ])('is not absent after a %i: that cannot be known', async (answer, reason) => {
    status = answer;
    await expect(find('customer-1')).rejects.toSatisfy(
      (error) => error instanceof TransientError && error.reason === reason,
    );
  });
});
