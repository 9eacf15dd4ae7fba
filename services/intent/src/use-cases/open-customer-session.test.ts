import { stripeRejection } from '@connector/testing/fakes';
import { describe, expect, it } from 'vitest';
import { rememberingCarts } from '../adapters/remembered-carts.ts';
import { stripeCustomerParams } from '../domain/stripe-customer.ts';
import { aCart, aCustomer } from '../testing/builders.ts';
import { FakeWorld } from '../testing/fake-world.ts';
import { openCustomerSession } from './open-customer-session.ts';

const named = (id: string) => ({
  custom: { type: { typeId: 'type' as const, id: 't' }, fields: { stripeConnector_stripeCustomerId: id } },
});

const aWorld = (fields: Parameters<typeof aCustomer>[0] = {}, cart: Parameters<typeof aCart>[0] = {}) => {
  const customer = aCustomer(fields);
  const world = new FakeWorld(aCart({ customerId: customer.id, ...cart }));
  world.putCustomer(customer);
  return world;
};

const open = (world: FakeWorld) => {
  const { customers, stripeCustomers } = world;
  const carts = rememberingCarts(world.carts, { max: 10 });
  const deps = { carts, customers, stripeCustomers, features: {}, log: { warn: () => {} } };
  return openCustomerSession(deps, { session: { cartId: 'cart-1' } });
};

describe('a customer session', () => {
  it('is opened with any phone number and e-mail address', async () => {
    const phone = '+1 780-555-0156 ext. 725';
    const world = aWorld({ email: 'ada@intranet' }, { shippingAddress: { country: 'CA', phone } });
    const outcome = await open(world);
    expect(outcome.kind).toBe('customer');
    const [made] = [...world.stripe.customers.values()];
    expect(made).toMatchObject({ name: 'Ada Lovelace', address: { country: 'CA' } });
    expect(made).not.toHaveProperty('email');
    expect(made).not.toHaveProperty('phone');
  });

  it.each(['email', 'phone', 'name', 'address[line1]'])(
    'continues without %s when Stripe refuses it',
    async (param) => {
      const world = aWorld({ addresses: [{ country: 'DE', streetName: 'Main', phone: '1' }] });
      let refusals = 0;
      world.stripe.refuse = (call) => {
        if (call !== 'customers.create' || refusals > 0) return undefined;
        refusals += 1;
        return stripeRejection(undefined, { param });
      };
      expect(await open(world)).toMatchObject({ kind: 'customer' });
      const [made] = [...world.stripe.customers.values()];
      expect(made).not.toHaveProperty(param.split('[')[0] ?? param);
    },
  );

  it.each([
    ['as configured', [], { payment_method_save: 'disabled', payment_method_redisplay: 'enabled' }],
    [
      'kept for later payments where the cart recurs',
      [{ id: 'item-1', recurrenceInfo: { recurrencePolicy: { typeId: 'recurrence-policy', id: 'monthly' } } }],
      {
        payment_method_save: 'enabled',
        payment_method_save_usage: 'off_session',
        payment_method_redisplay: 'enabled',
      },
    ],
  ])('shows saved methods %s', async (_what, lineItems, expected) => {
    const world = aWorld({}, { lineItems } as never);
    const features = { payment_method_save: 'disabled', payment_method_redisplay: 'enabled' } as const;
    const carts = rememberingCarts(world.carts, { max: 10 });
    const told: unknown[] = [];
    const stripeCustomers = {
      ...world.stripeCustomers,
      createSession: async (_id: string, given: unknown) => {
        told.push(given);
        return 'cuss_secret';
      },
    };
    const deps = { carts, customers: world.customers, stripeCustomers, features, log: { warn: () => {} } };
    await openCustomerSession(deps, { session: { cartId: 'cart-1' } });
    expect(told).toEqual([expected]);
  });

  it('passes on any other refusal of Stripe', async () => {
    const world = aWorld();
    world.stripe.refuse = (call) =>
      call === 'customers.create' ? stripeRejection('boom', { param: 'metadata' }) : undefined;
    await expect(open(world)).rejects.toMatchObject({ code: 'boom' });
  });

  it('replaces a deleted Stripe customer, also within the day in which Stripe repeats the answer that created it', async () => {
    const world = aWorld();
    const first = await open(world);
    world.stripe.customers.clear();
    const second = await open(world);
    if (first.kind !== 'customer' || second.kind !== 'customer') throw new Error('expected two customers');
    expect(second.stripeCustomerId).not.toBe(first.stripeCustomerId);
    expect([...world.stripe.customers.keys()]).toEqual([second.stripeCustomerId]);
    expect(await open(world)).toMatchObject({ stripeCustomerId: second.stripeCustomerId });
  });

  it('replaces one that was deleted before commercetools stored its id', async () => {
    const world = aWorld();
    const first = await open(world);
    world.stripe.customers.clear();
    const forgetful = aCustomer();
    world.putCustomer(forgetful);
    const second = await open(world);
    expect(second.kind === 'customer' && second.stripeCustomerId).not.toBe(
      first.kind === 'customer' && first.stripeCustomerId,
    );
    expect([...world.stripe.customers.keys()]).toEqual([second.kind === 'customer' && second.stripeCustomerId]);
  });

  it('uses the one that the customer names', async () => {
    const world = aWorld(named('cus_1'));
    const metadata = { ct_customer_id: aCustomer().id };
    world.stripe.addCustomer('cus_1', metadata);
    expect(await open(world)).toMatchObject({ stripeCustomerId: 'cus_1' });
    expect(world.calls).not.toContain('customers.create');
  });
});

describe("a Stripe customer's parameters", () => {
  it('are cut or left out above Stripe’s limits', () => {
    const email = `${'a'.repeat(520)}@example.com`;
    const customer = aCustomer({
      email,
      firstName: 'A'.repeat(300),
      addresses: [{ country: 'DE', phone: '1'.repeat(21) }],
    });
    const params = stripeCustomerParams(aCart(), customer);
    expect(params.name).toHaveLength(256);
    expect(params).not.toHaveProperty('email');
    expect(params).not.toHaveProperty('phone');
    expect(params.address).toEqual({ country: 'DE' });
  });

  it('are kept up to their limits', () => {
    const phone = '1'.repeat(20);
    const email = `${'a'.repeat(500)}@example.com`;
    const customer = aCustomer({ email, addresses: [{ country: 'DE', phone }] });
    expect(stripeCustomerParams(aCart(), customer)).toMatchObject({ phone, email });
  });
});

describe('an associate of a business unit', () => {
  const unit = (key: string) => ({ businessUnit: { typeId: 'business-unit' as const, key } });
  const stripeId = async (world: FakeWorld) => {
    const outcome = await open(world);
    return outcome.kind === 'customer' ? outcome.stripeCustomerId : undefined;
  };

  it('has one Stripe customer for itself and one for each unit, which are found again and never mixed up', async () => {
    const world = aWorld();
    const ids: Record<string, string | undefined> = { own: await stripeId(world) };
    for (const key of ['acme', 'other']) {
      world.changeCart(unit(key));
      ids[key] = await stripeId(world);
    }
    expect(new Set(Object.values(ids)).size).toBe(3);
    world.changeCart(unit('acme'));
    expect(await stripeId(world)).toBe(ids.acme);
    world.changeCart({ businessUnit: undefined } as never);
    expect(await stripeId(world)).toBe(ids.own);
    expect(world.stripe.customers.size).toBe(3);
  });

  it('is found at Stripe by customer and unit together, when commercetools has no id', async () => {
    const customer = aCustomer();
    const world = aWorld({}, unit('acme'));
    const first = await stripeId(world);
    world.putCustomer(customer);
    expect(await stripeId(world)).toBe(first);
    // It is not found as the customer's own, which is searched by the customer alone.
    world.putCustomer(customer);
    world.changeCart({ businessUnit: undefined } as never);
    expect(await stripeId(world)).not.toBe(first);
  });
});
