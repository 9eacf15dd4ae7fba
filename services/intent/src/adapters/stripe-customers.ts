import { NotFoundError } from '@connector/errors';
import type { StripeClient } from '@connector/stripe';
import { ownerMetadata } from '../domain/stripe-customer.ts';
import type { StripeCustomers } from '../use-cases/ports.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const KEY = /^[\w-]*$/;

/** `apiVersion` is the Stripe-Version of ephemeral keys: that of the Stripe.js that uses them. */
export function stripeCustomers({ call }: Pick<StripeClient, 'call'>, apiVersion: string): StripeCustomers {
  return {
    find: async (id) => {
      try {
        const customer = await call('customers.retrieve', (stripe) => stripe.customers.retrieve(id));
        return customer.deleted ? undefined : customer;
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
    },
    search: async (customerId, businessUnit) => {
      // The values become part of a query; commercetools ids are UUIDs, and keys have a limited set of characters.
      if (!UUID.test(customerId) || !KEY.test(businessUnit ?? '')) return undefined;
      const [[name, value] = []] = Object.entries(ownerMetadata(customerId, businessUnit));
      const query = `metadata['${name}']:'${value}'`;
      const found = await call('customers.search', (stripe) => stripe.customers.search({ query, limit: 1 }));
      return found.data[0];
    },
    create: (params, key) =>
      call('customers.create', (stripe) => stripe.customers.create(params, { idempotencyKey: key })),
    createEphemeralKey: async (customer) => {
      const { secret } = await call('ephemeral_keys.create', (stripe) =>
        stripe.ephemeralKeys.create({ customer }, { apiVersion }),
      );
      return secret ?? '';
    },
    createSession: async (customer, features) => {
      const components = { payment_element: { enabled: true, features } };
      const session = await call('customer_sessions.create', (stripe) =>
        stripe.customerSessions.create({ customer, components }),
      );
      return session.client_secret;
    },
  };
}
