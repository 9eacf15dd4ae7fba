import type Stripe from 'stripe';
import { foundBy, mergedMetadata } from './lists.ts';
import { refusal } from './refusal.ts';
import type { StripeState } from './state.ts';

/** `customers` of the SDK, and `customerSessions` for the browser. */
export function customersOf(stripe: StripeState) {
  const secretFor = (prefix: string, customer: string) =>
    `${stripe.newId(prefix)}_secret_of_${stripe.existing(stripe.customers, customer, 'customer').id}`;
  return {
    customers: {
      retrieve: async (id: string) => stripe.existing(stripe.customers, id),
      search: async ({ query, limit = 10 }: Stripe.CustomerSearchParams) => {
        const found = foundBy(stripe.customers.values(), query);
        return { object: 'search_result', data: found.slice(0, limit), has_more: found.length > limit };
      },
      create: async (params: Stripe.CustomerCreateParams, options?: Stripe.RequestOptions) =>
        stripe.once(options, params, () => {
          const { email = '', phone = '', metadata } = params;
          if (email && !/^[^@]+@[^@]+\.[^@]+$/.test(email)) throw refusal('email_invalid', { param: 'email' });
          if (phone.length > 20) throw refusal(undefined, { param: 'phone' });
          const made = {
            ...params,
            id: stripe.newId('cus'),
            object: 'customer',
            created: stripe.seconds,
            livemode: false,
            metadata: mergedMetadata(null, metadata),
          } as unknown as Stripe.Customer;
          stripe.customers.set(made.id, made);
          return made;
        }),
    },
    ephemeralKeys: {
      create: async ({ customer = '' }: Stripe.EphemeralKeyCreateParams) => ({ secret: secretFor('ek', customer) }),
    },
    customerSessions: {
      create: async ({ customer = '' }: Stripe.CustomerSessionCreateParams) => ({
        client_secret: secretFor('cuss', customer),
      }),
    },
  };
}
