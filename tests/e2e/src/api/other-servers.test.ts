import { expect, it } from 'vitest';
import { hasCharge, paymentIntentOf, summary } from '../shopper.ts';
import { shareTestSystem } from './shared-test-system.ts';
import type { TestSystem } from './test-system.ts';

// Servers that speak the same APIs, started by nobody the services know, with credentials of their own.
let system: TestSystem;
shareTestSystem((shared) => {
  system = shared;
});

it('starts no simulator of its own', () => {
  expect(system.sandbox.urls.commercetools).toBeUndefined();
  expect(system.sandbox.urls.stripe).toBeUndefined();
});

it('takes the same payment on other servers that speak the same APIs', async () => {
  const { shopper, stripe } = system;
  const checkout = await shopper.checkout();
  const open = await shopper.open(checkout);
  const paymentIntent = paymentIntentOf(open.sClientSecret);
  stripe.controls.pay(paymentIntent, { card: '4242424242424242' });
  expect((await shopper.confirm(checkout, open)).json).toEqual({ outcome: 'approved' });
  const payment = await shopper.until(open.paymentReference, hasCharge);
  expect(summary(payment).toSorted()).toEqual(['Authorization:Success 2400', 'Charge:Success 2400']);
  expect(payment.interfaceId).toBe(paymentIntent);
});
