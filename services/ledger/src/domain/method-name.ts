import type { LocalizedString } from '@commercetools/platform-sdk';

/** The details by which a shopper recognises a payment method, from Stripe. */
export interface MethodDisplay {
  /** Stripe's word for a card's brand, such as `visa`. */
  readonly brand?: string | undefined;
  readonly lastDigits?: string | undefined;
  readonly expiryMonth?: number | undefined;
  /** Four digits. */
  readonly expiryYear?: number | undefined;
}

const BRANDS: Readonly<Record<string, string>> = {
  amex: 'American Express',
  cartes_bancaires: 'Cartes Bancaires',
  diners: 'Diners Club',
  discover: 'Discover',
  eftpos_au: 'eftpos Australia',
  jcb: 'JCB',
  mastercard: 'Mastercard',
  unionpay: 'UnionPay',
  visa: 'Visa',
};
const METHODS: Readonly<Record<string, string>> = { sepa_debit: 'SEPA', us_bank_account: 'ACH' };
const HIDDEN = '••••';

/**
 * The name of a stored payment method in commercetools, the same in every language: `Visa •••• 4242, 08/27`. Undefined
 * for a method without last digits.
 */
export function nameOf(type: string, display: MethodDisplay | undefined): string | undefined {
  const { brand, lastDigits, expiryMonth, expiryYear } = display ?? {};
  if (!lastDigits) return undefined;
  const kind = (brand && BRANDS[brand]) ?? METHODS[type] ?? brand ?? type;
  const expiry =
    expiryMonth && expiryYear
      ? `, ${String(expiryMonth).padStart(2, '0')}/${String(expiryYear % 100).padStart(2, '0')}`
      : '';
  return `${kind} ${HIDDEN} ${lastDigits}${expiry}`;
}

/** The locale under which the name is stored. */
export const localized = (name: string): LocalizedString => ({ en: name });

/** Whether a stored method may be renamed to `name`: a name given by the merchant or the shopper stays. */
export function needsName(present: LocalizedString | undefined, name: string): boolean {
  if (present === undefined) return true;
  return (present.en?.includes(HIDDEN) ?? false) && present.en !== name;
}
