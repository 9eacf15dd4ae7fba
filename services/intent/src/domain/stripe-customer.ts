import { METADATA } from '@connector/payment-model';
import type Stripe from 'stripe';
import { customerAddressOf, fullName } from './addresses.ts';
import type { Cart, Customer } from './checkout-cart.ts';

/** The Stripe customer to make for a commercetools customer with this cart; what is unknown is left out. */
export function stripeCustomerParams(cart: Cart, customer: Customer): Stripe.CustomerCreateParams {
  const email = cart.customerEmail || customer.email || cart.shippingAddress?.email;
  const shipping = customerAddressOf(cart, customer);
  const name = fullName(customer) || shipping?.name;
  return {
    ...(email && { email }),
    ...(name && { name }),
    ...(shipping?.phone && { phone: shipping.phone }),
    ...(shipping && { address: shipping.address }),
    metadata: { [METADATA.customerId]: customer.id },
  };
}

/** Whether a Stripe customer was made for this commercetools customer. */
export const isOf = (stripeCustomer: Pick<Stripe.Customer, 'metadata'>, customerId: string): boolean =>
  stripeCustomer.metadata[METADATA.customerId] === customerId;
