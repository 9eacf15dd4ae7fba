import { randomBytes } from 'node:crypto';
import { type Sandbox, startSandbox } from '@connector/sandbox';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasCharge, paymentIntentOf, Shopper, summary } from './shopper.ts';

const projectKey = 'merchant-project';
const stripeSecretKey = `sk_test_${randomBytes(12).toString('hex')}`;
const webhookSecret = `whsec_${randomBytes(12).toString('hex')}`;
let commercetools: CommercetoolsSimulator;
let stripe: StripeSimulator;
let sandbox: Sandbox;

/** Servers that speak the same APIs, started by nobody the services know, with credentials of their own. */
beforeAll(async () => {
  commercetools = await startCommercetoolsSimulator({
    projectKey,
    clientId: 'merchant',
    clientSecret: 'of-the-merchant',
  });
  stripe = await startStripeSimulator({ secretKey: stripeSecretKey });
  const { url } = commercetools;
  sandbox = await startSandbox({
    port: 0,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      CTP_PROJECT_KEY: projectKey,
      CTP_CLIENT_ID: 'merchant',
      CTP_CLIENT_SECRET: 'of-the-merchant',
      CTP_AUTH_URL: url,
      CTP_API_URL: url,
      CTP_SESSION_URL: url,
      CTP_CHECKOUT_URL: url,
      CTP_JWKS_URL: `${url}/.well-known/jwks.json`,
      CTP_JWT_ISSUER: url,
      STRIPE_SECRET_KEY: stripeSecretKey,
      STRIPE_PUBLISHABLE_KEY: `pk_test_${randomBytes(12).toString('hex')}`,
      STRIPE_WEBHOOK_SIGNING_SECRET: webhookSecret,
      STRIPE_API_BASE: stripe.url,
    },
  });
  stripe.setWebhook({ url: `${sandbox.url}/stripe/webhooks`, secret: webhookSecret });
});
afterAll(async () => {
  await sandbox?.stop();
  await Promise.all([commercetools?.close(), stripe?.close()]);
});

it('starts no simulator of its own', () => {
  expect(sandbox.urls.commercetools).toBeUndefined();
  expect(sandbox.urls.stripe).toBeUndefined();
});

it('takes the same payment on other servers that speak the same APIs', async () => {
  const shopper = new Shopper(sandbox.url);
  const checkout = await shopper.checkout();
  const open = await shopper.open(checkout);
  const paymentIntent = paymentIntentOf(open.sClientSecret);
  await stripe.controls.pay(paymentIntent, { card: '4242424242424242' });
  expect((await shopper.confirm(checkout, open)).json).toEqual({ outcome: 'approved' });
  const payment = await shopper.until(open.paymentReference, hasCharge);
  expect(summary(payment).toSorted()).toEqual(['Authorization:Success 2400', 'Charge:Success 2400']);
  expect(payment.interfaceId).toBe(paymentIntent);
});
