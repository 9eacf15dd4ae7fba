import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ACCESS_RULES, ruleFor } from './access-rules.ts';

it.each([
  ['GET', '/operations/config', 'session'],
  ['GET', '/payments', 'session'],
  ['HEAD', '/payments', 'session'],
  ['POST', '/confirmPayments/3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'session'],
  ['GET', '/customer/session', 'session'],
  ['GET', '/express-payment-data', 'session'],
  ['GET', '/config-element/payment', 'session'],
  ['GET', '/stored-payment-methods', 'session'],
  ['DELETE', '/stored-payment-methods/m1', 'session'],
  ['GET', '/operations/status', 'jwt'],
  ['GET', '/operations/payment-components', 'jwt'],
  ['POST', '/operations/payment-intents/p1', 'oauth2'],
  ['POST', '/operations/transactions', 'oauth2'],
  ['POST', '/express-config', 'open'],
  ['GET', '/applePayConfig', 'open'],
  ['POST', '/stripe/webhooks', 'open'],
  ['GET', '/connector-enabler.es.js', 'open'],
])('%s %s needs %s', (method, path, scheme) => {
  expect(ruleFor(method, path)?.requires.scheme).toBe(scheme);
});

it('names the permissions of the operations', () => {
  expect(ruleFor('POST', '/operations/payment-intents/p1')?.requires).toEqual({
    scheme: 'oauth2',
    anyOf: ['manage_project', 'manage_checkout_payment_intents'],
  });
  expect(ruleFor('POST', '/operations/transactions')?.requires).toEqual({
    scheme: 'oauth2',
    anyOf: ['manage_project', 'manage_checkout_transactions'],
  });
});

it.each([
  ['POST', '/payments'],
  ['PUT', '/operations/config'],
  ['GET', '/Payments'],
  ['GET', '/payments/'],
  ['GET', '/payments/p1'],
  ['GET', '//payments'],
  ['GET', '/operations/../payments'],
  ['GET', '/operations/./config'],
  ['GET', '/config-element/..'],
  ['GET', '/config-element/.'],
  ['GET', '/config-element/%2e%2e'],
  ['GET', '/applePayConfig%2f..%2fpayments'],
  ['GET', '/config-element/a;b'],
  ['GET', '/config-element/a\\b'],
  ['GET', '/metrics'],
  ['GET', '/verify/session'],
  ['GET', '/'],
  ['GET', ''],
])('has no rule for %s %s', (method, path) => {
  expect(ruleFor(method, path)).toBeUndefined();
});

/** The routes that gateways forward to the services, and about which they ask session-auth. */
const ROUTES = JSON.parse(
  readFileSync(new URL('../../../../charts/stripe-connector/files/routes.json', import.meta.url), 'utf8'),
) as { path: string; match: 'exact' | 'prefix' }[];

describe('the routes of the gateway', () => {
  const leadsTo = (path: string) =>
    ROUTES.some((route) => (route.match === 'exact' ? path === route.path : `${path}/`.startsWith(`${route.path}/`)));

  it.each(ROUTES)('$path has a rule', ({ path, match }) => {
    const rules = ACCESS_RULES.filter((rule) =>
      match === 'exact' ? rule.path === path : `${rule.path}/`.startsWith(`${path}/`),
    );
    expect(rules).not.toEqual([]);
  });

  it.each(ACCESS_RULES)('lead to $method $path', ({ path }) => {
    expect(leadsTo(path)).toBe(true);
  });
});
