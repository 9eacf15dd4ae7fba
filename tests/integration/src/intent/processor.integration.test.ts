import type { Commercetools } from '@connector/commercetools';
import {
  type CommercetoolsSimulator,
  createCart,
  startCommercetoolsSimulator,
} from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { createStripe, type StripeClient } from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commercetoolsCarts } from '../../../../services/intent/src/adapters/carts.ts';
import { commercetoolsCustomers } from '../../../../services/intent/src/adapters/customers.ts';
import { commercetoolsPermissions, stripeStatus } from '../../../../services/intent/src/adapters/health-checks.ts';
import { stripePaymentIntents } from '../../../../services/intent/src/adapters/payment-intents.ts';
import { commercetoolsPayments } from '../../../../services/intent/src/adapters/payments.ts';
import { rememberingCarts } from '../../../../services/intent/src/adapters/remembered-carts.ts';
import { rememberingCustomers } from '../../../../services/intent/src/adapters/remembered-customers.ts';
import { storedMethods } from '../../../../services/intent/src/adapters/stored-methods.ts';
import { stripeCustomers } from '../../../../services/intent/src/adapters/stripe-customers.ts';
import { FakeWorld } from '../../../../services/intent/src/testing/fake-world.ts';
import { JWT, startApp, tokenFor } from '../../../../services/intent/src/testing/start-app.ts';
import { clientOf } from '../client-of.ts';

/** The processor over HTTP with the real SDKs on simulated sides; Kafka and session-auth are not in it. */
describe('the processor on commercetools and Stripe', () => {
  const log = createLogger('intent', 'silent');
  let project: CommercetoolsSimulator;
  let account: StripeSimulator;
  let commercetools: Commercetools;
  let stripe: StripeClient;

  beforeAll(async () => {
    project = await startCommercetoolsSimulator();
    account = await startStripeSimulator();
    commercetools = clientOf(project);
    stripe = createStripe({ STRIPE_SECRET_KEY: 'sk_test_integration', STRIPE_API_BASE: account.url }, { log });
  });
  afterAll(async () => {
    await Promise.all([commercetools.close(), stripe.close()]);
    await Promise.all([project.close(), account.close()]);
  });
  beforeEach(() => {
    project.setFaults([]);
    account.controls.setFaults([]);
  });

  const aCart = (options: Partial<Parameters<typeof createCart>[1]> = {}) =>
    createCart(
      { ctUrl: project.url, projectKey: project.projectKey, token: project.issueToken() },
      { currency: 'EUR', centAmount: 1190, country: 'DE', ...options },
    );

  const start = (cartId: string, env: Record<string, string> = {}) => {
    // Only its events and its background work are used.
    const fake = new FakeWorld();
    const ports = {
      carts: rememberingCarts(commercetoolsCarts(commercetools), { max: 10 }),
      customers: rememberingCustomers(commercetoolsCustomers(commercetools, 'payment-connector-stripe-customer-id'), {
        max: 10,
      }),
      payments: commercetoolsPayments(commercetools),
      paymentIntents: stripePaymentIntents(stripe),
      storedMethods: storedMethods(commercetools, stripe, { paymentInterface: 'checkout-stripe' }),
      stripeCustomers: stripeCustomers(stripe, '2025-12-15.clover'),
      healthChecks: [commercetoolsPermissions(commercetools), stripeStatus(stripe)],
    };
    const all = { CTP_PROJECT_KEY: project.projectKey, ...env };
    return startApp(fake, { env: all, session: { cartId }, ports }).then((app) => Object.assign(app, { fake }));
  };

  const intentsOf = (cartId: string) =>
    account.controls.state().payment_intents.filter(({ metadata }) => metadata.cart_id === cartId);

  const paymentsOf = async (cartId: string) => {
    const { cart } = await commercetoolsCarts(commercetools).get(cartId);
    return cart.paymentInfo?.payments ?? [];
  };

  interface Opened {
    sClientSecret: string;
    paymentReference: string;
  }

  it('opens: one PaymentIntent and one payment on the cart, each naming the other', async () => {
    const cart = await aCart();
    await using app = await start(cart.id);
    const { status, body } = await app.call('GET', '/payments', { session: true });
    expect(status).toBe(200);
    await app.fake.settled();
    const [paymentIntent] = intentsOf(cart.id);
    const { paymentReference } = body as Opened;
    const payment = await commercetoolsPayments(commercetools).get(paymentReference);
    expect(payment).toMatchObject({ key: `${cart.id}-1`, interfaceId: paymentIntent?.id, transactions: [] });
    expect(paymentIntent).toMatchObject({
      amount: 1190,
      metadata: { ct_payment_key: `${cart.id}-1`, ct_payment_id: paymentReference },
    });
    expect((await paymentsOf(cart.id)).map(({ id }) => id)).toEqual([paymentReference]);
    expect(await commercetoolsCarts(commercetools).holding(paymentReference)).toEqual([cart.id]);
    expect(await commercetoolsCarts(commercetools).holding(cart.id)).toEqual([]);
  });

  it('opens 32 carts that are double-clicked: 32 PaymentIntents, 32 payments', async () => {
    account.controls.setFaults([{ latencyMs: 20, jitterMs: 30 }]);
    project.setFaults([{ latencyMs: 5, jitterMs: 20 }]);
    const carts = await Promise.all(Array.from({ length: 32 }, () => aCart()));
    await Promise.all(
      carts.map(async ({ id }) => {
        await using app = await start(id);
        const clicks = await Promise.all([1, 2].map(() => app.call('GET', '/payments', { session: true })));
        expect(clicks.map(({ status, text }) => (status === 200 ? 200 : text))).toEqual([200, 200]);
        expect(clicks[0]?.body).toEqual(clicks[1]?.body);
        await app.fake.settled();
        expect(intentsOf(id)).toHaveLength(1);
        expect(await paymentsOf(id)).toHaveLength(1);
      }),
    );
  });

  it.each(['POST /[^/]+/payments$', 'POST /[^/]+/carts/'])(
    'leaves no orphan when commercetools fails at %s and the shopper tries again',
    async (match) => {
      for (const when of ['before', 'after'] as const) {
        const cart = await aCart();
        await using app = await start(cart.id);
        project.setFaults([{ match, status: 503, when, times: 1 }]);
        expect((await app.call('GET', '/payments', { session: true })).status).toBe(503);
        const again = await app.call('GET', '/payments', { session: true });
        expect(again.status).toBe(200);
        await app.fake.settled();
        expect(intentsOf(cart.id)).toHaveLength(1);
        expect(await paymentsOf(cart.id)).toMatchObject([{ id: (again.body as Opened).paymentReference }]);
      }
    },
  );

  it('follows a changed cart and refuses a paid one', async () => {
    const cart = await aCart();
    await using app = await start(cart.id);
    const first = (await app.call('GET', '/payments', { session: true })).body as Opened;
    await project.setCartTotal(cart.id, 2500);
    const second = (await app.call('GET', '/payments', { session: true })).body as Opened;
    expect(second).toEqual(first);
    const [paymentIntent] = intentsOf(cart.id);
    expect(paymentIntent?.amount).toBe(2500);
    account.controls.pay(paymentIntent?.id ?? '');
    const third = await app.call('GET', '/payments', { session: true });
    expect(third.status).toBe(400);
    expect(third.body).toMatchObject({ message: 'The cart has already been paid in full' });
  });

  it('confirms what the shopper paid, and says why when the card was declined', async () => {
    const cart = await aCart();
    await using app = await start(cart.id);
    const { paymentReference } = (await app.call('GET', '/payments', { session: true })).body as Opened;
    const paymentIntent = intentsOf(cart.id)[0]?.id ?? '';
    const confirm = () =>
      app.call('POST', `/confirmPayments/${paymentReference}`, { session: true, body: { paymentIntent } });
    expect(() => account.controls.pay(paymentIntent, { card: '4000000000009995' })).toThrow();
    expect((await confirm()).body).toMatchObject({ code: 'card_declined', declineCode: 'insufficient_funds' });
    account.controls.pay(paymentIntent);
    expect([(await confirm()).status, (await confirm()).body]).toEqual([200, { outcome: 'approved' }]);
    const confirmed = app.fake.published.filter(({ type }) => type === 'checkout.payment.confirmed');
    expect(new Set(confirmed.map(({ id }) => id)).size).toBe(1);
    expect(JSON.stringify(confirmed)).not.toContain('client_secret');
  });

  it('captures, refunds in two parts, and refuses more than is left', async () => {
    const cart = await aCart();
    await using app = await start(cart.id, { STRIPE_CAPTURE_METHOD: 'manual' });
    const { paymentReference } = (await app.call('GET', '/payments', { session: true })).body as Opened;
    await app.fake.settled();
    const paymentIntent = intentsOf(cart.id)[0]?.id ?? '';
    account.controls.pay(paymentIntent);
    const operate = (action: string, centAmount?: number, key?: string) =>
      app.call('POST', `/operations/payment-intents/${paymentReference}`, {
        token: tokenFor('manage_project'),
        headers: { ...(key && { 'idempotency-key': key }) },
        body: {
          actions: [
            {
              action,
              ...(centAmount && { amount: { centAmount, currencyCode: 'EUR' } }),
              merchantReference: 'invoice-7',
            },
          ],
        },
      });
    expect((await operate('capturePayment', 500)).body).toEqual({ outcome: 'rejected' });
    expect((await operate('capturePayment', 1190)).body).toEqual({ outcome: 'approved' });
    expect((await operate('capturePayment', 1190)).body).toEqual({ outcome: 'rejected' });
    expect((await operate('refundPayment', 190, 'r1')).body).toEqual({ outcome: 'received' });
    expect((await operate('refundPayment', 190, 'r1')).body).toEqual({ outcome: 'received' });
    expect((await operate('refundPayment', 1000, 'r2')).body).toEqual({ outcome: 'received' });
    expect((await operate('refundPayment', 1000, 'r2')).body).toEqual({ outcome: 'received' });
    const above = await operate('refundPayment', 1, 'r3');
    expect(above.status).toBe(400);
    expect(above.body).toMatchObject({ errors: [{ code: 'InvalidField', allowedValues: ['<= 0'] }] });
    const { refunds } = account.controls.state();
    const amounts = refunds
      .filter(({ payment_intent }) => payment_intent === paymentIntent)
      .map(({ amount }) => amount);
    expect(amounts.sort((a, b) => a - b)).toEqual([190, 1000]);
    expect((await operate('reversePayment')).status).toBe(400);
  });

  it('captures in parts where that is enabled, each once', async () => {
    const cart = await aCart();
    await using app = await start(cart.id, { STRIPE_CAPTURE_METHOD: 'manual', STRIPE_ENABLE_MULTI_OPERATIONS: 'true' });
    const { paymentReference } = (await app.call('GET', '/payments', { session: true })).body as Opened;
    await app.fake.settled();
    const paymentIntent = intentsOf(cart.id)[0]?.id ?? '';
    account.controls.pay(paymentIntent);
    const capture = (centAmount: number, key: string) =>
      app.call('POST', `/operations/payment-intents/${paymentReference}`, {
        token: tokenFor('manage_project'),
        headers: { 'idempotency-key': key },
        body: { actions: [{ action: 'capturePayment', amount: { centAmount, currencyCode: 'EUR' } }] },
      });
    for (const [amount, reference] of [
      [700, 'c1'],
      [700, 'c1'],
      [490, 'c2'],
      [490, 'c2'],
    ] as const) {
      expect((await capture(amount, reference)).body).toEqual({ outcome: 'approved' });
    }
    expect(intentsOf(cart.id)).toMatchObject([{ status: 'succeeded', amount_received: 1190 }]);
  });

  it('cancels and reverses authorisations', async () => {
    for (const action of ['cancelPayment', 'reversePayment']) {
      const cart = await aCart();
      await using app = await start(cart.id, { STRIPE_CAPTURE_METHOD: 'manual' });
      const { paymentReference } = (await app.call('GET', '/payments', { session: true })).body as Opened;
      await app.fake.settled();
      account.controls.pay(intentsOf(cart.id)[0]?.id ?? '');
      const path = `/operations/payment-intents/${paymentReference}`;
      const { body } = await app.call('POST', path, {
        token: tokenFor('manage_project'),
        body: { actions: [{ action }] },
      });
      expect(body).toEqual({ outcome: 'approved' });
      expect(intentsOf(cart.id)).toMatchObject([{ status: 'canceled' }]);
    }
  });

  /** As the deploy job makes it. */
  const createCustomerType = () =>
    commercetools.api
      .types()
      .post({
        body: {
          key: 'payment-connector-stripe-customer-id',
          name: { en: 'Stripe customer' },
          resourceTypeIds: ['customer'],
          fieldDefinitions: [
            {
              name: 'stripeConnector_stripeCustomerId',
              label: { en: 'Stripe customer id' },
              required: false,
              type: { name: 'String' },
            },
          ],
        },
      })
      .execute();

  it('replaces a Stripe customer that was deleted, and gives each page credentials of its own whatever its request id', async () => {
    await createCustomerType();
    const customer = await commercetools.api
      .customers()
      .post({ body: { email: `grace-${Date.now()}@example.com`, password: 'x' } })
      .execute();
    const cart = await aCart({ customerId: customer.body.customer.id });
    await using app = await start(cart.id);
    const ask = async () => {
      const headers = { 'x-request-id': 'the-mesh-repeats-it' };
      const { body } = await app.call('GET', '/customer/session', { session: true, headers });
      return body as { stripeCustomerId: string; sessionId: string; ephemeralKey: string };
    };
    const [first, second] = [await ask(), await ask()];
    expect(second.stripeCustomerId).toBe(first.stripeCustomerId);
    expect(second.sessionId).not.toBe(first.sessionId);
    expect(second.ephemeralKey).not.toBe(first.ephemeralKey);
    await stripe.stripe.customers.del(first.stripeCustomerId);
    const replaced = await ask();
    expect(replaced.stripeCustomerId).not.toBe(first.stripeCustomerId);
    expect((await stripe.stripe.customers.retrieve(replaced.stripeCustomerId)).deleted).toBeUndefined();
  });

  it("gives a customer one Stripe customer, kept in the customer's custom field, and charges the stored method later", async () => {
    const customer = await commercetools.api
      .customers()
      .post({ body: { email: `ada-${Date.now()}@example.com`, password: 'x', firstName: 'Ada', lastName: 'Lovelace' } })
      .execute();
    const customerId = customer.body.customer.id;
    const cart = await aCart({ customerId });
    await using app = await start(cart.id, { STORED_PAYMENT_METHODS_ENABLED: 'true' });
    const sessions = [
      await app.call('GET', '/customer/session', { session: true }),
      await app.call('GET', '/customer/session', { session: true }),
    ];
    const [first, second] = sessions.map(({ body }) => body as { stripeCustomerId: string; sessionId: string });
    expect(sessions.map(({ status, text }) => (status === 200 ? 200 : text))).toEqual([200, 200]);
    expect(second?.stripeCustomerId).toBe(first?.stripeCustomerId);
    expect(second?.sessionId).not.toBe(first?.sessionId);

    await app.call('GET', '/payments', { session: true });
    expect(intentsOf(cart.id)).toMatchObject([{ customer: first?.stripeCustomerId }]);

    const attached = await stripe.stripe.paymentMethods.attach('pm_card_visa', {
      customer: first?.stripeCustomerId ?? '',
    });
    const method = await commercetools.api
      .paymentMethods()
      .post({
        body: {
          customer: { typeId: 'customer', id: customerId },
          paymentInterface: 'checkout-stripe',
          method: 'card',
          default: true,
          paymentMethodStatus: 'Active',
          token: { value: attached.id },
        },
      })
      .execute();
    const listed = await app.call('GET', '/stored-payment-methods', { session: true });
    expect(listed.body).toMatchObject({
      storedPaymentMethods: [
        { id: method.body.id, type: 'card', token: attached.id, displayOptions: { endDigits: '4242' } },
      ],
    });

    const next = await aCart({ customerId });
    const transaction = {
      type: 'Recurring',
      cartId: next.id,
      checkoutTransactionItemId: '0b9e3a52-3f6c-4d8e-9a51-1c2d3e4f5a6b',
      paymentMethodId: method.body.id,
      idempotencyKey: 'cycle-1',
    };
    const charge = () =>
      app.call('POST', '/operations/transactions', {
        token: tokenFor('manage_checkout_transactions'),
        body: transaction,
      });
    const [once, again] = [await charge(), await charge()];
    expect(once.status).toBe(201);
    expect(once.body).toMatchObject({ transactionStatus: { state: 'Completed', errors: [] } });
    expect(again.body).toEqual(once.body);
    expect(intentsOf(next.id)).toMatchObject([{ status: 'succeeded', amount: 1190 }]);
    expect(await paymentsOf(next.id)).toHaveLength(1);

    const gone = await app.call('DELETE', `/stored-payment-methods/${method.body.id}`, { session: true });
    expect(gone.status).toBe(200);
    await app.fake.settled();
    expect((await stripe.stripe.paymentMethods.retrieve(attached.id)).customer).toBeNull();
  });

  it('is healthy while both sides are', async () => {
    const cart = await aCart();
    await using app = await start(cart.id);
    const { body, text } = await app.call('GET', '/operations/status', { token: JWT });
    expect(body).toMatchObject({ status: 'OK', checks: [{ status: 'UP' }, { status: 'UP' }] });
    expect(text).not.toMatch(/pm_|cus_/);
  });
});
