import { NotFoundError } from '@connector/errors';
import { idempotencyKey } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import { type Logger, metrics } from '@connector/telemetry';
import type Stripe from 'stripe';
import { businessUnitOf, type Cart, type Customer, isRecurring, stripeCustomerIdOf } from '../domain/checkout-cart.ts';
import { refusedOfCustomer } from '../domain/optional-data.ts';
import type { Session } from '../domain/session.ts';
import { isOf, stripeCustomerParams } from '../domain/stripe-customer.ts';
import type { Customers, RememberingCarts, StripeCustomers } from './ports.ts';

export interface CustomerSessionDeps {
  carts: Pick<RememberingCarts, 'glance'>;
  customers: Customers;
  stripeCustomers: StripeCustomers;
  log: Pick<Logger, 'warn'>;
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

/** Returns the secrets with which the browser can show and save a customer's payment methods; undefined for a guest. */
export async function openCustomerSession(
  deps: CustomerSessionDeps,
  { session }: { session: Session },
): Promise<CustomerSessionOutcome> {
  const { cart } = await deps.carts.glance(session.cartId);
  const customer = cart.customerId ? await deps.customers.find(cart.customerId) : undefined;
  if (!customer) return { kind: 'guest' };
  const features: CustomerSessionDeps['features'] = isRecurring(cart)
    ? { ...deps.features, payment_method_save: 'enabled', payment_method_save_usage: 'off_session' }
    : deps.features;
  const grant = (stripeCustomerId: string) => grantSession(deps.stripeCustomers, stripeCustomerId, features);
  const stripeCustomerId = await stripeCustomerFor(deps, cart, customer);
  try {
    return await grant(stripeCustomerId);
  } catch (error) {
    if (!isGone(error)) throw error;
    // Stripe's search, and its stored answer for an idempotency key, may contain customers that were deleted since.
    return grant(await replaceStripeCustomer(deps, cart, customer, stripeCustomerId));
  }
}

/** The secrets for showing and saving a customer's payment methods. */
async function grantSession(
  stripeCustomers: StripeCustomers,
  stripeCustomerId: string,
  features: CustomerSessionDeps['features'],
): Promise<CustomerSessionOutcome> {
  const [ephemeralKey, clientSecret] = await Promise.all([
    stripeCustomers.createEphemeralKey(stripeCustomerId),
    stripeCustomers.createSession(stripeCustomerId, features),
  ]);
  return { kind: 'customer', stripeCustomerId, ephemeralKey, clientSecret };
}

/** Whether Stripe says that a customer does not exist (any more). */
const isGone = (error: unknown): boolean =>
  error instanceof NotFoundError ||
  (error instanceof StripeRejection && error.code === 'resource_missing' && error.param === 'customer');

type CustomerDeps = Pick<CustomerSessionDeps, 'customers' | 'stripeCustomers' | 'log'>;

/**
 * The customer's Stripe customer: the one in its custom field, else the one that Stripe finds, else a new one, whose id
 * is then stored.
 */
async function stripeCustomerFor(deps: CustomerDeps, cart: Cart, customer: Customer): Promise<string> {
  const businessUnit = businessUnitOf(cart);
  const saved = stripeCustomerIdOf(customer, businessUnit);
  const known = saved && (await deps.stripeCustomers.find(saved));
  return known && isOf(known, customer.id, businessUnit)
    ? known.id
    : replaceStripeCustomer(deps, cart, customer, saved);
}

/**
 * Creates or finds a Stripe customer for a customer who has none, or whose Stripe customer `goneId` was deleted. Stores
 * and returns its id. The create call's idempotency key contains the deleted id, because for the earlier key Stripe
 * would return the deleted customer.
 */
export async function replaceStripeCustomer(
  { customers, stripeCustomers, log }: CustomerDeps,
  cart: Cart,
  customer: Customer,
  goneId = stripeCustomerIdOf(customer, businessUnitOf(cart)),
): Promise<string> {
  const businessUnit = businessUnitOf(cart);
  const found = await stripeCustomers.search(customer.id, businessUnit);
  // The search lags by about a minute: it may return a deleted customer, and miss a new one.
  const { id } =
    found && found.id !== goneId
      ? found
      : await createWithoutRefused(
          stripeCustomerParams(cart, customer),
          (params) =>
            stripeCustomers.create(
              params,
              idempotencyKey('customer', customer.id, params, ...(goneId ? [goneId] : [])),
            ),
          log,
        );
  await customers.saveStripeCustomerId(customer, id, businessUnit);
  return id;
}

/** Repeats the call without the optional data that Stripe refuses, until Stripe accepts it (rulings 38). */
async function createWithoutRefused<T>(
  params: Stripe.CustomerCreateParams,
  create: (params: Stripe.CustomerCreateParams) => Promise<T>,
  log: Pick<Logger, 'warn'>,
): Promise<T> {
  try {
    return await create(params);
  } catch (error) {
    const field = error instanceof StripeRejection ? refusedOfCustomer(error) : undefined;
    if (!field || !(field in params)) throw error;
    metrics.optionalDataRefused.inc({ field });
    log.warn({ error, field }, 'Stripe refused data that a customer can do without');
    const rest = Object.fromEntries(Object.entries(params).filter(([name]) => name !== field));
    return createWithoutRefused(rest, create, log);
  }
}
