import type { CustomerUpdateAction } from '@commercetools/platform-sdk';
import { type Commercetools, CUSTOMER_FIELDS } from '@connector/commercetools';
import { orUndefined, StaleVersionError } from '@connector/errors';
import { type Customer, stripeCustomerField, stripeCustomerIdOf } from '../domain/checkout-cart.ts';
import type { Customers } from '../use-cases/ports.ts';

const TRIES = 4;

type Api = Pick<Commercetools, 'api' | 'call'>;

/** `typeKey` is the custom type with our field, for customers that have no custom type yet. */
export function commercetoolsCustomers(commercetools: Api, typeKey: string): Customers {
  const { api, call } = commercetools;
  const customer = (ID: string) => api.customers().withId({ ID });
  const find = (customerId: string) => orUndefined<Customer>(call('customers.get', customer(customerId).get()));

  return {
    find,
    saveStripeCustomerId: async (given, stripeCustomerId, businessUnit) => {
      let current: Customer | undefined = given;
      for (let attempt = 1; current; attempt += 1) {
        if (stripeCustomerIdOf(current, businessUnit) === stripeCustomerId) return current;
        const { name, value } = stripeCustomerField(current, stripeCustomerId, businessUnit);
        if (current.custom) await ensureField(commercetools, { id: current.custom.type.id }, name);
        // Our own type has had this field for a shorter time than the other.
        else if (businessUnit) await ensureField(commercetools, { key: typeKey }, name);
        const action: CustomerUpdateAction = current.custom
          ? { action: 'setCustomField', name, value }
          : { action: 'setCustomType', type: { typeId: 'type', key: typeKey }, fields: { [name]: value } };
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

/** Adds our field to the customer's own type: replacing the type would remove the merchant's fields. */
async function ensureField(
  { api, call }: Api,
  ofType: { id: string } | { key: string },
  fieldName: string,
): Promise<void> {
  const address = 'id' in ofType ? api.types().withId({ ID: ofType.id }) : api.types().withKey(ofType);
  const { id: ID, version, fieldDefinitions } = await call('types.get', address.get());
  const fieldDefinition = CUSTOMER_FIELDS.find(({ name }) => name === fieldName);
  if (!fieldDefinition || fieldDefinitions.some(({ name }) => name === fieldName)) return;
  const actions = [{ action: 'addFieldDefinition' as const, fieldDefinition }];
  try {
    await call('types.update', api.types().withId({ ID }).post({ body: { version, actions } }));
  } catch (error) {
    // Probably another request adds it at the same time; otherwise the next write of the field fails.
    if (!(error instanceof StaleVersionError)) throw error;
  }
}
