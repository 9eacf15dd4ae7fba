import type { ExpressAddress } from '../payment-enabler.ts';

/** An address from Stripe's wallets; before the confirmation it has no name and street. */
export interface WalletAddress {
  line1?: string | null;
  line2?: string | null;
  city?: string | null;
  state?: string | null;
  postal_code?: string | null;
  country?: string | null;
}
export interface WalletContact {
  name?: string | null | undefined;
  email?: string | null | undefined;
  phone?: string | null | undefined;
}

/** A wallet's address in commercetools' form; undefined without a country, which commercetools requires. */
export function toExpressAddress(
  address: WalletAddress | undefined,
  contact: WalletContact = {},
): ExpressAddress | undefined {
  if (!address?.country) return undefined;
  const { state, line2, postal_code, city, country } = address;
  const [firstName, lastName] = splitOnce(contact.name);
  const fields = {
    country,
    firstName,
    lastName,
    ...street(address.line1),
    additionalStreetInfo: line2,
    postalCode: postal_code,
    city,
    state,
    region: state,
    phone: contact.phone,
    email: contact.email,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value)) as unknown as ExpressAddress;
}

function splitOnce(name: string | null | undefined): [string?, string?] {
  const trimmed = name?.trim() ?? '';
  const space = trimmed.indexOf(' ');
  return space < 0 ? [trimmed] : [trimmed.slice(0, space), trimmed.slice(space + 1).trim()];
}

/**
 * A number at the start is the house number ("12 Main St"). Any other line stays whole, because "Main St 5" is
 * ambiguous.
 */
function street(line: string | null | undefined): { streetNumber?: string; streetName?: string } {
  const match = /^(\d\S*)\s+(.+)$/.exec(line?.trim() ?? '');
  return match?.[1] && match[2] ? { streetNumber: match[1], streetName: match[2] } : { streetName: line?.trim() ?? '' };
}

/** `billing_details` for Stripe, which accepts no gaps once some of them are given. */
export function toBillingDetails(contact: WalletContact, address: WalletAddress | undefined) {
  return {
    name: contact.name ?? '',
    email: contact.email ?? '',
    phone: contact.phone ?? '',
    address: {
      line1: address?.line1 ?? '',
      line2: address?.line2 ?? '',
      city: address?.city ?? '',
      state: address?.state ?? '',
      postal_code: address?.postal_code ?? '',
      country: address?.country ?? '',
    },
  };
}
