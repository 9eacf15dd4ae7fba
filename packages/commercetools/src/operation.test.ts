import { expect, it } from 'vitest';
import { operationOf } from './operation.ts';

it.each([
  ['GET', '/shop/payments/3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'payments.get'],
  ['POST', '/shop/payments/3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'payments.update'],
  ['GET', '/shop/payments/key=cart-1-2', 'payments.get'],
  ['POST', '/shop/payments', 'payments.create'],
  ['GET', '/shop/payments?where=interfaceId%3D%22pi_1%22', 'payments.query'],
  ['GET', '/shop/carts/c1?expand=paymentInfo.payments%5B*%5D', 'carts.get'],
  ['DELETE', '/shop/payment-methods/m1?version=2', 'payment-methods.delete'],
  ['HEAD', '/shop/types/key=a', 'types.exists'],
  ['GET', '/shop/in-store/key=berlin/carts/c1', 'carts.get'],
  ['GET', '/shop/sessions/very-secret', 'sessions.get'],
  ['GET', '/shop', 'project.get'],
  ['POST', '/oauth/token', 'oauth.token'],
  ['POST', '/oauth/introspect', 'oauth.introspect'],
  ['GET', '/.well-known/jwks.json', 'jwks.get'],
  ['GET', '/shop/8f14e45fceea167a5a36dedd4bea2543', 'other.query'],
])('labels %s %s as %s, without ids', (method, path, label) => {
  expect(operationOf(method, new URL(path, 'https://api.example.com'))).toBe(label);
});
