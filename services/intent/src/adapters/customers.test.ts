import { type Commercetools, createCommercetools } from '@connector/commercetools';
import { TransientError } from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import { type CommercetoolsServer, json, serveCommercetools } from '@connector/testing/fakes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commercetoolsCustomers } from './customers.ts';

let server: CommercetoolsServer;
let client: Commercetools;
const find = (id: string) => commercetoolsCustomers(client, 'our-type').find(id);
const answer = (status: number) => void server.instead.set('/shop/customers', json(status, { message: 'no' }));

beforeEach(async () => {
  server = await serveCommercetools();
  client = createCommercetools(server.env, { log: createLogger('test', 'silent') });
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

// Without the scope manage_customers, or in an outage, a customer must not count as a guest: a second Stripe customer
// would be created.
describe('the customer of a cart', () => {
  it('is the one of its id, or none', async () => {
    server.project.addCustomer('customer-1');
    expect(await find('customer-1')).toMatchObject({ id: 'customer-1' });
    expect(await find('customer-2')).toBeUndefined();
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [429, 'rate_limited'],
    [503, 'server_error'],
  ])('does not count as absent after a %i', async (status, reason) => {
    answer(status);
    await expect(find('customer-1')).rejects.toSatisfy(
      (error) => error instanceof TransientError && error.reason === reason,
    );
  });
});
