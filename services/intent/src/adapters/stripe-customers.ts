import { NotFoundError } from '@connector/errors';
import { METADATA } from '@connector/payment-model';
import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';

/** Customers at Stripe. Every method throws StripeRejection when Stripe refuses, TransientError when it cannot be asked. */
export interface StripeCustomers {
  /** Undefined when there is none of this id, or it was deleted. */
  find(id: string): Promise<Stripe.Customer | undefined>;
  /** The first one whose metadata names the commercetools customer; Stripe's search lags behind by about a minute. */
  search(customerId: string): Promise<Stripe.Customer | undefined>;
  create(params: Stripe.CustomerCreateParams, key: string): Promise<Stripe.Customer>;
  /** A key with which the browser may act for the customer; its secret. Each call makes one of its own. */
  createEphemeralKey(stripeCustomerId: string): Promise<string>;
  /** A customer session for the payment element; its client secret. Each call makes one of its own. */
  createSession(
    stripeCustomerId: string,
    features: Stripe.CustomerSessionCreateParams.Components.PaymentElement.Features,
  ): Promise<string>;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `apiVersion` is the Stripe-Version of ephemeral keys: that of the Stripe.js which uses them. */
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
    search: async (customerId) => {
      // The id becomes part of a query, and commercetools ids are UUIDs.
      if (!UUID.test(customerId)) return undefined;
      const query = `metadata['${METADATA.customerId}']:'${customerId}'`;
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
