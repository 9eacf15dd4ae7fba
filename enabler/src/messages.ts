import { textLanguage } from './locale.ts';
import type { Money } from './payment-enabler.ts';
import { type MessageKey, TEXTS } from './texts.ts';

export type { MessageKey };
/** A sentence for the shopper; `values` fill its placeholders. */
export type Texts = (key: MessageKey, values?: { due: Money }) => string;

/** Texts in the language of `locale` (`de-AT`, `fr_FR` …), or in English when the table lacks it. */
export function textsFor(locale: string | undefined): Texts {
  const language = textLanguage(locale);
  const texts = Object.keys(TEXTS).includes(language) ? TEXTS[language as keyof typeof TEXTS] : TEXTS.en;
  return (key, values) => texts[key].replace('{due}', () => (values ? formatMoney(values.due, locale) : ''));
}

/** Money in the shopper's format; digits and code when the browser does not know the locale or the currency. */
function formatMoney({ centAmount, currencyCode, fractionDigits }: Money, locale: string | undefined): string {
  const digits = String(centAmount).padStart(fractionDigits + 1, '0');
  const point = digits.length - fractionDigits;
  const amount = fractionDigits === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  try {
    const language = locale?.trim().replaceAll('_', '-') || undefined;
    const style = { style: 'currency', currency: currencyCode, minimumFractionDigits: fractionDigits } as const;
    // A string keeps all digits. The types of the library's language level do not know yet that `format` accepts one.
    return new Intl.NumberFormat(language, style).format(amount as unknown as number);
  } catch {
    return `${amount} ${currencyCode}`;
  }
}

/** Stripe's error and decline codes with a sentence of their own; any other decline only says "declined". */
const BY_CODE: Record<string, MessageKey> = {
  insufficient_funds: 'insufficient_funds',
  expired_card: 'expired_card',
  incorrect_cvc: 'incorrect_cvc',
  invalid_cvc: 'incorrect_cvc',
  incorrect_number: 'incorrect_number',
  invalid_number: 'incorrect_number',
  processing_error: 'processing_error',
  payment_intent_authentication_failure: 'authentication_failed',
  authentication_required: 'authentication_failed',
  card_declined: 'declined',
};

/** The message for Stripe's codes: the decline code is more specific than the code. */
export function messageKeyFor(code: string | undefined, declineCode: string | undefined): MessageKey {
  return BY_CODE[declineCode ?? ''] ?? BY_CODE[code ?? ''] ?? (declineCode ? 'declined' : 'generic');
}
