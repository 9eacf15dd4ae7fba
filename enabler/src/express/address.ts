import type { ExpressAddress } from '../payment-enabler.ts';

/** An address as Stripe's wallets give it; before the payment is confirmed without name and street. */
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

/** commercetools' form of a wallet's address; undefined without a country, because commercetools needs one. */
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

/** A number in front is a house number ("12 Main St"); everything else stays whole, since nobody can tell "Main St 5" apart. */
function street(line: string | null | undefined): { streetNumber?: string; streetName?: string } {
  const match = /^(\d\S*)\s+(.+)$/.exec(line?.trim() ?? '');
  return match?.[1] && match[2] ? { streetNumber: match[1], streetName: match[2] } : { streetName: line?.trim() ?? '' };
}

/** `billing_details` for Stripe, which takes no gaps once some of them are given. */
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
