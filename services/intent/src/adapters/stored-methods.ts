import type { Commercetools } from '@connector/commercetools';
import { orUndefined } from '@connector/errors';
import type { StripeClient } from '@connector/stripe';
import type { StoredMethods } from '../use-cases/ports.ts';

export interface StoredMethodsScope {
  paymentInterface: string;
  interfaceAccount?: string | undefined;
}

/** commercetools' maximum page size; no customer has that many methods. */
const PAGE = 500;

export function storedMethods(
  { api, call }: Pick<Commercetools, 'api' | 'call'>,
  { call: stripe }: Pick<StripeClient, 'call'>,
  { paymentInterface, interfaceAccount }: StoredMethodsScope,
): StoredMethods {
  const quoted = (text: string) => JSON.stringify(text);
  return {
    list: async (customerId, businessUnit) => {
      const where = [
        `customer(id=${quoted(customerId)})`,
        `paymentInterface=${quoted(paymentInterface)}`,
        ...(interfaceAccount ? [`interfaceAccount=${quoted(interfaceAccount)}`] : []),
      ].join(' and ');
      const page = await call('payment-methods.query', api.paymentMethods().get({ queryArgs: { where, limit: PAGE } }));
      // Methods that an associate stored for a business unit are not for its private carts, nor for another unit.
      return page.results.filter(
        (method) => method.businessUnit?.key === businessUnit && method.paymentMethodStatus !== 'Inactive',
      );
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
