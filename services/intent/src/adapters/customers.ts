import type { CustomerUpdateAction } from '@commercetools/platform-sdk';
import type { Commercetools } from '@connector/commercetools';
import { NotFoundError, StaleVersionError } from '@connector/errors';
import { type Customer, STRIPE_CUSTOMER_FIELD, stripeCustomerIdOf } from '../domain/checkout-cart.ts';
import type { Customers } from '../use-cases/ports.ts';

const TRIES = 4;

/** `typeKey` is the custom type with our field, for customers that have no custom type yet. */
export function commercetoolsCustomers({ api, call }: Pick<Commercetools, 'api' | 'call'>, typeKey: string): Customers {
  const customer = (ID: string) => api.customers().withId({ ID });

  const find = async (customerId: string): Promise<Customer | undefined> => {
    try {
      return await call('customers.get', customer(customerId).get());
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };

  /** A customer's own type that lacks our field gets it: replacing the type would drop the merchant's fields. */
  const ensureField = async (typeId: string) => {
    const type = await call('types.get', api.types().withId({ ID: typeId }).get());
    if (type.fieldDefinitions.some(({ name }) => name === STRIPE_CUSTOMER_FIELD)) return;
    const fieldDefinition = {
      name: STRIPE_CUSTOMER_FIELD,
      label: { en: 'Stripe customer id' },
      required: false,
      type: { name: 'String' as const },
      inputHint: 'SingleLine' as const,
    };
    const actions = [{ action: 'addFieldDefinition' as const, fieldDefinition }];
    try {
      await call(
        'types.update',
        api
          .types()
          .withId({ ID: typeId })
          .post({ body: { version: type.version, actions } }),
      );
    } catch (error) {
      // Another request adds it at the same time; if not, the next write of the field says so.
      if (!(error instanceof StaleVersionError)) throw error;
    }
  };

  return {
    find,
    saveStripeCustomerId: async (given, stripeCustomerId) => {
      let current: Customer | undefined = given;
      for (let attempt = 1; current; attempt += 1) {
        if (stripeCustomerIdOf(current) === stripeCustomerId) return current;
        const action: CustomerUpdateAction = current.custom
          ? { action: 'setCustomField', name: STRIPE_CUSTOMER_FIELD, value: stripeCustomerId }
          : {
              action: 'setCustomType',
              type: { typeId: 'type', key: typeKey },
              fields: { [STRIPE_CUSTOMER_FIELD]: stripeCustomerId },
            };
        if (current.custom) await ensureField(current.custom.type.id);
        try {
          const { id, version } = current;
          return await call('customers.update', customer(id).post({ body: { version, actions: [action] } }));
        } catch (error) {
          if (!(error instanceof StaleVersionError) || attempt >= TRIES) throw error;
          current = await find(given.id);
        }
      }
      return undefined;
    },
  };
}
