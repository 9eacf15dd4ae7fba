import type { Commercetools } from '@connector/commercetools';
import { freePort } from '@connector/sandbox';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { createStripe, type StripeClient } from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  checkoutRecurringJobs,
  commercetoolsPaymentMethods,
  stripeCustomerOwner,
  stripePaymentMethod,
} from '../../../../services/ledger/src/adapters/payment-methods.ts';
import { clientOf } from '../client-of.ts';

const log = createLogger('test', 'silent');
let simulator: CommercetoolsSimulator;
let stripeSimulator: StripeSimulator;
let commercetools: Commercetools;
let stripe: StripeClient;
let customerId: string;
let paymentId: string;

beforeAll(async () => {
  simulator = await startCommercetoolsSimulator();
  stripeSimulator = await startStripeSimulator();
  commercetools = clientOf(simulator);
  stripe = createStripe({ STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_API_BASE: stripeSimulator.url }, { log });
});
afterAll(async () => {
  await Promise.all([commercetools.close(), stripe.close(), simulator.close(), stripeSimulator.close()]);
});
beforeEach(async () => {
  await simulator.reset();
  const { api, call } = commercetools;
  const email = 'jane@example.com';
  const { customer } = await call('customers.create', api.customers().post({ body: { email, password: 'secret' } }));
  customerId = customer.id;
  const body = {
    amountPlanned: { centAmount: 100, currencyCode: 'EUR' },
    paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
  };
  paymentId = (await call('payments.create', api.payments().post({ body }))).id;
});

const draft = () => ({
  key: 'stripe-pm_1',
  customer: { typeId: 'customer' as const, id: customerId },
  paymentInterface: 'checkout-stripe',
  method: 'card',
  default: false,
  paymentMethodStatus: 'Active' as const,
  token: { value: 'pm_1' },
});

describe('payment methods in commercetools', () => {
  it('are looked for by customer and interface alone: the token is no field of a predicate', async () => {
    const asked: unknown[] = [];
    const call: Commercetools['call'] = (operation, request) => {
      asked.push(
        (request as unknown as { clientRequest(): { queryParams?: { where?: string } } }).clientRequest().queryParams
          ?.where,
      );
      return commercetools.call(operation, request);
    };
    const methods = commercetoolsPaymentMethods({ ...commercetools, call });
    await methods.withToken({ customerId, paymentInterface: 'checkout-stripe', token: 'pm_1' });
    expect(asked).toEqual([`customer(id="${customerId}") and paymentInterface="checkout-stripe"`]);
  });

  it('are found behind the 500 that commercetools gives at once', async () => {
    const all = Array.from({ length: 1_001 }, (_, n) => ({
      id: String(n).padStart(4, '0'),
      token: { value: `pm_${n}` },
    }));
    let pages = 0;
    const call = (async (_operation: string, request: unknown) => {
      pages += 1;
      const { queryParams } = (request as { clientRequest(): { queryParams: { where: string } } }).clientRequest();
      const after = / and id > "(\d+)"$/.exec(queryParams.where)?.[1] ?? '';
      return { results: all.filter(({ id }) => id > after).slice(0, 500) };
    }) as unknown as Commercetools['call'];
    const methods = commercetoolsPaymentMethods({ ...commercetools, call });
    const of = { customerId, paymentInterface: 'checkout-stripe' };
    expect(await methods.withToken({ ...of, token: 'pm_1000' })).toMatchObject([{ id: '1000' }]);
    expect(pages).toBe(3);
    expect(await methods.withToken({ ...of, token: 'pm_none' })).toEqual([]);
  });

  it('are found by customer, interface and token together, and by key', async () => {
    const methods = commercetoolsPaymentMethods(commercetools);
    const created = await methods.create(draft());
    const of = { customerId, paymentInterface: 'checkout-stripe', token: 'pm_1' };
    expect(await methods.withToken(of)).toEqual([created]);
    expect(await methods.byKey('stripe-pm_1')).toEqual(created);
    expect(await methods.withToken({ ...of, token: 'pm_2' })).toEqual([]);
    expect(await methods.withToken({ ...of, customerId: 'other' })).toEqual([]);
    expect(await methods.withToken({ ...of, paymentInterface: 'other' })).toEqual([]);
    expect(await methods.byKey('stripe-pm_2')).toBeUndefined();
  });

  it('are created once under one key', async () => {
    const methods = commercetoolsPaymentMethods(commercetools);
    const [first, second] = await Promise.all([methods.create(draft()), methods.create(draft())]);
    expect([first, second].filter(Boolean)).toHaveLength(1);
  });

  it('say for which business unit its associate stored them', async () => {
    const methods = commercetoolsPaymentMethods(commercetools);
    const businessUnit = { typeId: 'business-unit' as const, key: 'acme' };
    await methods.create({ ...draft(), businessUnit });
    expect(await methods.byKey('stripe-pm_1')).toMatchObject({ businessUnit, customer: { id: customerId } });
  });

  it('are changed and deleted at the version they were read at', async () => {
    const methods = commercetoolsPaymentMethods(commercetools);
    const created = await methods.create(draft());
    if (!created) throw new Error('not created');
    await methods.update(created, [{ action: 'setName', name: { en: 'Visa •••• 4242' } }]);
    const named = await methods.byKey('stripe-pm_1');
    expect(named).toMatchObject({ name: { en: 'Visa •••• 4242' }, version: created.version + 1 });
    await expect(methods.update(created, [])).rejects.toMatchObject({ name: 'StaleVersionError' });
    await expect(methods.delete(created)).rejects.toMatchObject({ name: 'StaleVersionError' });
    await methods.delete(named as typeof created);
    await expect(methods.delete(created)).rejects.toMatchObject({ name: 'NotFoundError' });
    expect(await methods.byKey('stripe-pm_1')).toBeUndefined();
  });

  it('are refused for a client without the permission, and not taken for an outage', async () => {
    const { clientId, clientSecret } = simulator.createClient({ scopes: ['manage_payments'] });
    const limited = clientOf(simulator, { clientId, clientSecret });
    await expect(commercetoolsPaymentMethods(limited).create(draft())).rejects.toMatchObject({
      reason: 'unauthorized',
    });
    await limited.close();
  });
});

describe('a recurring payment job', () => {
  const jobs = (client = commercetools) => checkoutRecurringJobs(client, simulator.url);
  const methodId = async () => (await commercetoolsPaymentMethods(commercetools).create(draft()))?.id ?? '';

  it('is made for the payment and the method', async () => {
    const id = await methodId();
    await jobs().create(paymentId, id);
    expect((await simulator.state()).recurringPaymentJobs).toMatchObject([
      { originPayment: { id: paymentId }, paymentMethod: { id }, status: { state: 'Initial' } },
    ]);
  });

  it('is asked for again when there is none', async () => {
    const id = await methodId();
    for (const fault of [{ status: 503 }, { status: 500 }, { reset: true }]) {
      simulator.setFaults([{ match: 'recurring', ...fault }]);
      await expect(jobs().create(paymentId, id)).rejects.toMatchObject({ name: 'TransientError' });
    }
    const away = checkoutRecurringJobs(commercetools, `http://127.0.0.1:${await freePort()}`);
    await expect(away.create(paymentId, id)).rejects.toMatchObject({ name: 'TransientError', reason: 'connection' });
    simulator.setFaults([]);
    await jobs().create(paymentId, id);
    expect((await simulator.state()).recurringPaymentJobs).toHaveLength(1);
  });

  it('is one for the payment, whatever answer was lost, and although a 503 that asks for another try made it', async () => {
    const id = await methodId();
    const faults = [{ reset: true }, { status: 500 }, { status: 504 }, { status: 503, retryAfterS: 0 }];
    for (const fault of faults) {
      simulator.setFaults([{ match: 'POST .*recurring', when: 'after', times: 1, ...fault }]);
      await jobs().create(paymentId, id);
      await jobs().create(paymentId, id);
      expect((await simulator.state()).recurringPaymentJobs).toHaveLength(1);
    }
  });

  it('is refused for a client without the permission, with its own reason', async () => {
    const { clientId, clientSecret } = simulator.createClient({ scopes: ['manage_payments'] });
    const limited = clientOf(simulator, { clientId, clientSecret });
    await expect(jobs(limited).create(paymentId, 'm')).rejects.toMatchObject({ reason: 'unauthorized' });
    await limited.close();
  });

  it('is refused for good for a method that does not exist', async () => {
    await expect(jobs().create(paymentId, 'none')).rejects.toMatchObject({
      name: 'CommercetoolsRejection',
      status: 400,
    });
  });
});

describe("Stripe's payment method", () => {
  it('tells whose it is, and what it is known by', async () => {
    const metadata = { ct_customer_id: customerId };
    const customer = await stripe.stripe.customers.create({ name: 'Jane', metadata });
    const other = await stripe.stripe.customers.create({ name: 'Joe' });
    const guests = await stripe.stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
    const saved = await stripe.stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
    const read = stripePaymentMethod(stripe);
    const expiry = { expiryMonth: saved.card?.exp_month, expiryYear: saved.card?.exp_year };
    const display = { brand: 'visa', lastDigits: '4242', ...expiry };
    expect(await read(guests.id)).toMatchObject({ id: guests.id, type: 'card', display: { lastDigits: '4242' } });
    expect(await read(saved.id)).toEqual({ id: saved.id, type: 'card', customer: customer.id, display });
    expect(await read('pm_unknown')).toBeUndefined();
    const owner = stripeCustomerOwner(stripe);
    expect(await owner(customer.id)).toBe(customerId);
    expect(await owner(other.id)).toBeUndefined();
    expect(await owner('cus_unknown')).toBeUndefined();
    await stripe.stripe.customers.del(customer.id);
    expect(await owner(customer.id)).toBeUndefined();
  });
});
