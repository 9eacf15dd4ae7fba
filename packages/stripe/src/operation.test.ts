import { expect, it } from 'vitest';
import { operationOf } from './operation.ts';

it.each([
  ['POST', '/v1/payment_intents', 'payment_intents.create'],
  ['POST', '/v1/payment_intents/pi_1', 'payment_intents.update'],
  ['GET', '/v1/payment_intents/pi_1?expand[0]=latest_charge', 'payment_intents.retrieve'],
  ['POST', '/v1/payment_intents/pi_1/capture', 'payment_intents.capture'],
  ['GET', '/v1/refunds?charge=ch_1', 'refunds.list'],
  ['GET', '/v1/customers/search?query=x', 'customers.search'],
  ['DELETE', '/v1/customers/cus_1', 'customers.delete'],
  ['GET', '/v1/balance', 'balance.list'],
  ['GET', '/', 'other.list'],
])('labels %s %s as %s, without ids', (method, path, label) => {
  expect(operationOf(method, new URL(path, 'https://api.stripe.com'))).toBe(label);
});
