import { METADATA } from '@connector/payment-model';
import type Stripe from 'stripe';
import { customerAddressOf, fullName } from './addresses.ts';
import { businessUnitOf, type Cart, type Customer } from './checkout-cart.ts';
import { beginningOf } from './text.ts';

/** The longest that Stripe takes, in characters. */
const MAX_NAME = 256;
const MAX_EMAIL = 512;
const MAX_PHONE = 20;

/** The Stripe customer to make for a commercetools customer with this cart; what is unknown, or too long for Stripe, is left out. */
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
 * Whose a customer at Stripe is. One of a business unit does not carry the customer's id in a key of its own: whoever looks for the customer's own would
 * find it.
 */
export const ownerMetadata = (customerId: string, businessUnit: string | undefined): Record<string, string> =>
  businessUnit ? { [METADATA.associate]: `${customerId}.${businessUnit}` } : { [METADATA.customerId]: customerId };

/** Whether a Stripe customer was made for this commercetools customer, for itself or for a business unit. */
export const isOf = (
  { metadata }: Pick<Stripe.Customer, 'metadata'>,
  customerId: string,
  businessUnit: string | undefined,
): boolean =>
  Object.entries(ownerMetadata(customerId, businessUnit)).every(([name, value]) => metadata[name] === value);
