import { idempotencyKey } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Carts } from '../adapters/carts.ts';
import type { Customers } from '../adapters/customers.ts';
import type { StripeCustomers } from '../adapters/stripe-customers.ts';
import { type Cart, type Customer, isRecurring, stripeCustomerIdOf } from '../domain/checkout-cart.ts';
import type { Session } from '../domain/session.ts';
import { isOf, stripeCustomerParams } from '../domain/stripe-customer.ts';

export interface CustomerSessionDeps {
  carts: Carts;
  customers: Customers;
  stripeCustomers: StripeCustomers;
  /** Configured features of saved payment methods. */
  features: Stripe.CustomerSessionCreateParams.Components.PaymentElement.Features;
}

export type CustomerSessionOutcome =
  | { readonly kind: 'guest' }
  | {
      readonly kind: 'customer';
      readonly stripeCustomerId: string;
      readonly ephemeralKey: string;
      /** Client secret of Stripe's customer session. */
      readonly clientSecret: string;
    };

/** Gives the browser what it needs to show and save a customer's payment methods; a guest has none. */
export async function openCustomerSession(
  deps: CustomerSessionDeps,
  { session, requestId }: { session: Session; requestId: string },
): Promise<CustomerSessionOutcome> {
  const { cart } = await deps.carts.get(session.cartId);
  const customer = cart.customerId ? await deps.customers.find(cart.customerId) : undefined;
  if (!customer) return { kind: 'guest' };
  const stripeCustomerId = await stripeCustomerFor(deps, cart, customer);
  const features: CustomerSessionDeps['features'] = isRecurring(cart)
    ? { ...deps.features, payment_method_save: 'enabled', payment_method_save_usage: 'off_session' }
    : deps.features;
  const [ephemeralKey, clientSecret] = await Promise.all([
    deps.stripeCustomers.createEphemeralKey(
      stripeCustomerId,
      idempotencyKey('ephemeral-key', stripeCustomerId, requestId),
    ),
    deps.stripeCustomers.createSession(
      stripeCustomerId,
      features,
      idempotencyKey('customer-session', stripeCustomerId, features, requestId),
    ),
  ]);
  return { kind: 'customer', stripeCustomerId, ephemeralKey, clientSecret };
}

/** The customer's Stripe customer: the one it names, else the one Stripe knows, else a new one; remembered for the next time. */
async function stripeCustomerFor(
  { customers, stripeCustomers }: CustomerSessionDeps,
  cart: Cart,
  customer: Customer,
): Promise<string> {
  const saved = stripeCustomerIdOf(customer);
  const known = saved && (await stripeCustomers.find(saved));
  if (known && isOf(known, customer.id)) return known.id;
  const params = stripeCustomerParams(cart, customer);
  const { id } =
    (await stripeCustomers.search(customer.id)) ??
    // The search lags, so a second call in the same minute would make a second customer but for its key.
    (await stripeCustomers.create(params, idempotencyKey('customer', customer.id, params)));
  await customers.saveStripeCustomerId(customer, id);
  return id;
}
