import type { BaseAddress } from '@commercetools/platform-sdk';
import type { Cart, Customer } from './checkout-cart.ts';

/** An address in Stripe's fields; unknown fields are empty strings. */
export interface StripeAddress {
  readonly line1: string;
  readonly line2: string;
  readonly city: string;
  readonly postal_code: string;
  readonly state: string;
  readonly country: string;
}

export interface StripeShipping {
  readonly name: string;
  readonly phone: string;
  readonly address: StripeAddress;
}

/** The billing details that the browser gives to Stripe if the element does not ask the shopper for them. */
export interface BillingDetails extends StripeShipping {
  readonly email: string;
}

/** First and last name, or an empty string. */
export const fullName = (
  person: { firstName?: string | undefined; lastName?: string | undefined } | undefined,
): string => `${person?.firstName ?? ''} ${person?.lastName ?? ''}`.trim();

/** Merges addresses field by field; the first address with a field wins. */
function merged(...addresses: (BaseAddress | undefined)[]): StripeShipping {
  const first = (read: (address: BaseAddress) => string | undefined) =>
    addresses.map((address) => address && read(address)).find(Boolean) ?? '';
  return {
    name: first(fullName),
    phone: first(({ phone, mobile }) => phone || mobile),
    address: {
      line1: first(({ streetNumber, streetName }) => `${streetNumber ?? ''} ${streetName ?? ''}`.trim()),
      line2: first(({ additionalStreetInfo }) => additionalStreetInfo),
      city: first(({ city }) => city),
      postal_code: first(({ postalCode }) => postalCode),
      state: first(({ state }) => state),
      country: first(({ country }) => country),
    },
  };
}

/** The shipping address: the cart's, completed from the customer's first address; undefined when there is neither. */
export function shippingOf(
  { shippingAddress }: Pick<Cart, 'shippingAddress'>,
  customer: Pick<Customer, 'addresses'> | undefined,
): StripeShipping | undefined {
  const own = customer?.addresses[0];
  return shippingAddress || own ? merged(shippingAddress, own) : undefined;
}

/** The Stripe customer's own address: the customer's first address, completed from the cart's shipping address. */
export function customerAddressOf(
  { shippingAddress }: Pick<Cart, 'shippingAddress'>,
  customer: Pick<Customer, 'addresses'>,
): StripeShipping | undefined {
  const own = customer.addresses[0];
  return shippingAddress || own ? merged(own, shippingAddress) : undefined;
}

/** The billing details of a cart: its billing address, else its shipping address. */
export const billingDetailsOf = ({
  billingAddress,
  shippingAddress,
  customerEmail,
}: Pick<Cart, 'billingAddress' | 'shippingAddress' | 'customerEmail'>): BillingDetails => {
  const { name, phone, address } = merged(billingAddress ?? shippingAddress);
  return { name, phone, email: customerEmail ?? '', address };
};
