import { METADATA } from '@connector/payment-model';
import type Stripe from 'stripe';
import { customerAddressOf, fullName } from './addresses.ts';
import { businessUnitOf, type Cart, type Customer } from './checkout-cart.ts';
import { beginningOf } from './text.ts';

/** Stripe's maximum lengths, in characters. */
const MAX_NAME = 256;
const MAX_EMAIL = 512;
const MAX_PHONE = 20;

/**
 * Parameters of the Stripe customer for a commercetools customer with this cart; unknown values, and values too long
 * for Stripe, are left out.
 */
export function stripeCustomerParams(cart: Cart, customer: Customer): Stripe.CustomerCreateParams {
  const email = cart.customerEmail || customer.email || cart.shippingAddress?.email;
  const shipping = customerAddressOf(cart, customer);
  const name = beginningOf(fullName(customer) || shipping?.name || '', MAX_NAME);
  const phone = shipping?.phone;
  const address = Object.fromEntries(Object.entries(shipping?.address ?? {}).filter(([, value]) => value));
  return {
    ...(email && email.length <= MAX_EMAIL && { email }),
    ...(name && { name }),
    ...(phone && phone.length <= MAX_PHONE && { phone }),
    ...(Object.keys(address).length > 0 && { address }),
    metadata: ownerMetadata(customer.id, businessUnitOf(cart)),
  };
}

/**
 * Metadata that names the owner of a Stripe customer. A business unit's Stripe customer does not have the customer's id
 * under the usual key, because a search for the customer's own Stripe customer would find it.
 */
export const ownerMetadata = (customerId: string, businessUnit: string | undefined): Record<string, string> =>
  businessUnit ? { [METADATA.associate]: `${customerId}.${businessUnit}` } : { [METADATA.customerId]: customerId };

/** Whether a Stripe customer belongs to this commercetools customer, for itself or for a business unit. */
export const isOf = (
  { metadata }: Pick<Stripe.Customer, 'metadata'>,
  customerId: string,
  businessUnit: string | undefined,
): boolean =>
  Object.entries(ownerMetadata(customerId, businessUnit)).every(([name, value]) => metadata[name] === value);
