import type { Commercetools } from '@connector/commercetools';
import { NotFoundError } from '@connector/errors';
import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import type { StoredMethod } from '../domain/stored-methods.ts';

export interface StoredMethods {
  /** The methods that a customer stored for this interface and account. */
  list(customerId: string): Promise<readonly StoredMethod[]>;
  find(id: string): Promise<StoredMethod | undefined>;
  /** Throws StaleVersionError when the method changed since it was read, NotFoundError when it is gone. */
  delete(method: Pick<StoredMethod, 'id' | 'version'>): Promise<void>;
  /** What Stripe knows of a method by its token. */
  details(token: string): Promise<Stripe.PaymentMethod | undefined>;
  /** Takes the method from the Stripe customer; nothing to do when it is gone. */
  detach(token: string, key: string): Promise<void>;
}

export interface StoredMethodsScope {
  paymentInterface: string;
  interfaceAccount?: string | undefined;
}

/** commercetools' page size limit; nobody has as many methods. */
const PAGE = 500;

export function storedMethods(
  { api, call }: Commercetools,
  { call: stripe }: Pick<StripeClient, 'call'>,
  { paymentInterface, interfaceAccount }: StoredMethodsScope,
): StoredMethods {
  const quoted = (text: string) => JSON.stringify(text);
  return {
    list: async (customerId) => {
      const where = [
        `customer(id=${quoted(customerId)})`,
        `paymentInterface=${quoted(paymentInterface)}`,
        ...(interfaceAccount ? [`interfaceAccount=${quoted(interfaceAccount)}`] : []),
      ].join(' and ');
      const page = await call('payment-methods.query', api.paymentMethods().get({ queryArgs: { where, limit: PAGE } }));
      return page.results;
    },
    find: async (ID) => orUndefined(call('payment-methods.get', api.paymentMethods().withId({ ID }).get())),
    delete: async ({ id: ID, version }) => {
      await call('payment-methods.delete', api.paymentMethods().withId({ ID }).delete({ queryArgs: { version } }));
    },
    details: (token) =>
      orUndefined(stripe('payment_methods.retrieve', (client) => client.paymentMethods.retrieve(token))),
    detach: async (token, key) => {
      await orUndefined(
        stripe('payment_methods.detach', (client) => client.paymentMethods.detach(token, {}, { idempotencyKey: key })),
      );
    },
  };
}

async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
