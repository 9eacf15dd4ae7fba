import type { TextKey } from './texts.ts';

/** Digits of a card number in groups as they stand on the card. */
export function formatNumber(text: string): string {
  const digits = text.replace(/\D/g, '').slice(0, 19);
  if (/^3[47]/.test(digits))
    return [digits.slice(0, 4), digits.slice(4, 10), digits.slice(10, 15)].filter(Boolean).join(' ');
  return digits.replace(/(.{4})(?=.)/g, '$1 ');
}

const BRANDS: [brand: string, begins: RegExp][] = [
  ['visa', /^4/],
  ['mastercard', /^(5[1-5]|2[2-7])/],
  ['amex', /^3[47]/],
  ['diners', /^3(0[0-5]|[68])/],
  ['discover', /^6(011|4[4-9]|5)/],
  ['jcb', /^35/],
  ['unionpay', /^62/],
];

/** The brand that a card number begins with, in Stripe's words; `unknown` when it can't be told yet. */
export function brandOf(number: string): string {
  const digits = number.replace(/\D/g, '');
  return BRANDS.find(([, begins]) => begins.test(digits))?.[0] ?? 'unknown';
}

export function formatExpiry(text: string): string {
  let digits = text.replace(/\D/g, '').slice(0, 4);
  if (/^[2-9]/.test(digits)) digits = `0${digits}`.slice(0, 4);
  return digits.length > 2 ? `${digits.slice(0, 2)} / ${digits.slice(2)}` : digits;
}

export const formatIban = (text: string): string =>
  text
    .replace(/[^0-9a-z]/gi, '')
    .toUpperCase()
    .slice(0, 34)
    .replace(/(.{4})(?=.)/g, '$1 ');

/** The problem of a card number, as Stripe.js names it; null when there is none. */
export function problemOfNumber(text: string): TextKey | null {
  const digits = text.replace(/\D/g, '');
  const length = /^3[47]/.test(digits) ? 15 : /^3(?:0[0-5]|[68])/.test(digits) ? 14 : 16;
  if (digits.length < length) return 'incomplete_number';
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0 ? null : 'invalid_number';
}

export function problemOfExpiry(text: string, now: Date): TextKey | null {
  const digits = text.replace(/\D/g, '');
  const month = Number(digits.slice(0, 2));
  if (digits.length < 4 || month < 1 || month > 12) return 'incomplete_expiry';
  const year = 2000 + Number(digits.slice(2));
  if (year < now.getFullYear() || year > now.getFullYear() + 50) return 'invalid_expiry_year_past';
  return year === now.getFullYear() && month < now.getMonth() + 1 ? 'invalid_expiry_month_past' : null;
}

export function problemOfCvc(text: string, number: string): TextKey | null {
  const wanted = /^3[47]/.test(number.replace(/\D/g, '')) ? 4 : 3;
  return text.replace(/\D/g, '').length < wanted ? 'incomplete_cvc' : null;
}

export function problemOfIban(text: string): TextKey | null {
  const iban = text.replace(/\s/g, '').toUpperCase();
  if (iban.length < 15) return 'incomplete_iban';
  const digits = (iban.slice(4) + iban.slice(0, 4)).replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return /^[A-Z]{2}\d{2}[A-Z0-9]+$/.test(iban) && /^\d+$/.test(digits) && BigInt(digits) % 97n === 1n
    ? null
    : 'invalid_iban';
}

export const problemOfName = (text: string): TextKey | null => (text.trim() === '' ? 'incomplete_name' : null);

export const problemOfEmail = (text: string): TextKey | null =>
  /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim()) ? null : 'incomplete_email';

/** A CPF (11 digits) or a CNPJ (14), which Boleto asks for. */
export const problemOfTaxId = (text: string): TextKey | null =>
  [11, 14].includes(text.replace(/\D/g, '').length) ? null : 'incomplete_tax_id';
