import { type Currency, FRACTION_DIGITS, PRICES } from '../catalogue.ts';
import type { formatMoney } from './dom.ts';
import { isLanguage, type Language, type TextKey, textsOf } from './texts.ts';

export type Money = Parameters<typeof formatMoney>[0];

export const MAX_QUANTITY = 9;

const saved = JSON.parse(localStorage.getItem('shopper') ?? '{}') as {
  language?: string;
  currency?: string;
  customerId?: string;
};
const preferred = saved.language ?? navigator.language.slice(0, 2);

/** The shopper's choices; all except the quantity are kept in this browser for the next visit. */
export const shopper = {
  language: (isLanguage(preferred) ? preferred : 'en') as Language,
  currency: (saved.currency && saved.currency in PRICES ? saved.currency : 'EUR') as Currency,
  customerId: saved.customerId,
  quantity: 1,
};

export function rememberShopper(): void {
  const { language, currency, customerId } = shopper;
  localStorage.setItem('shopper', JSON.stringify({ language, currency, customerId }));
}

/** A text of the page in the shopper's language. */
export const text = (key: TextKey): string => textsOf(shopper.language)[key];

/** The price of one piece. */
export const price = (): Money => ({
  centAmount: PRICES[shopper.currency],
  currencyCode: shopper.currency,
  fractionDigits: FRACTION_DIGITS[shopper.currency],
});

export const total = (): Money => ({ ...price(), centAmount: PRICES[shopper.currency] * shopper.quantity });
