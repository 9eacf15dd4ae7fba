import type { StripeElementLocale } from '@stripe/stripe-js';

/** The locales that Stripe Elements speaks, in Stripe's spelling. */
const STRIPE_LOCALES =
  'ar bg cs da de el en en-AU en-CA en-NZ en-GB es es-ES es-419 et fi fil fr fr-CA fr-FR he hu hr id it it-IT ja ko lt lv ms mt nb nl no pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW'.split(
    ' ',
  );

/**
 * Lower case with hyphens, for both tables; '' for anything that is not a text, because pages may be in plain
 * JavaScript.
 */
const normalized = (locale: string | undefined): string =>
  typeof locale === 'string' ? locale.trim().replaceAll('_', '-').toLowerCase() : '';

/** Chinese is Traditional by its script or, without a script, by a region that writes it. */
function isTraditionalChinese(locale: string): boolean {
  const [language, ...subtags] = locale.split('-');
  if (language !== 'zh' || subtags.includes('hans')) return false;
  return ['hant', 'tw', 'hk', 'mo'].some((subtag) => subtags.includes(subtag));
}

/**
 * Stripe's locale for a BCP-47-like `locale`: the exact one, else its language, else a regional form of it, else `auto`. Traditional
 * Chinese is `zh-HK` for Hong Kong and Macao, else `zh-TW`.
 */
export function toStripeLocale(locale: string | undefined): StripeElementLocale {
  const wanted = normalized(locale);
  if (wanted === '') return 'auto';
  if (isTraditionalChinese(wanted)) return /-(hk|mo)(-|$)/.test(wanted) ? 'zh-HK' : 'zh-TW';
  const base = wanted.split('-')[0];
  const found =
    STRIPE_LOCALES.find((known) => known.toLowerCase() === wanted) ??
    STRIPE_LOCALES.find((known) => known.toLowerCase() === base) ??
    STRIPE_LOCALES.find((known) => known.toLowerCase().startsWith(`${base}-`));
  return (found ?? 'auto') as StripeElementLocale;
}

/**
 * The language of `locale` in the table of texts: `de` for `de_AT`, `zh-Hant` for `zh-TW`; one for all of Norwegian.
 */
export function textLanguage(locale: string | undefined): string {
  const wanted = normalized(locale);
  if (isTraditionalChinese(wanted)) return 'zh-Hant';
  const base = wanted.split('-')[0] ?? '';
  return base === 'no' || base === 'nn' ? 'nb' : base;
}
