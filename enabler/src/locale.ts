import type { StripeElementLocale } from '@stripe/stripe-js';

/** The locales that Stripe Elements speaks, in Stripe's spelling. */
const STRIPE_LOCALES =
  'ar bg cs da de el en en-AU en-CA en-NZ en-GB es es-ES es-419 et fi fil fr fr-CA fr-FR he hu hr id it it-IT ja ko lt lv ms mt nb nl no pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW'.split(
    ' ',
  );

/** Stripe's locale for a BCP-47-like `locale`: the exact one, else its language, else a regional form of it, else `auto`. */
export function toStripeLocale(locale: string | undefined): StripeElementLocale {
  const wanted = (locale ?? '').trim().replaceAll('_', '-').toLowerCase();
  if (wanted === '') return 'auto';
  const base = wanted.split('-')[0];
  const found =
    STRIPE_LOCALES.find((known) => known.toLowerCase() === wanted) ??
    STRIPE_LOCALES.find((known) => known.toLowerCase() === base) ??
    STRIPE_LOCALES.find((known) => known.toLowerCase().startsWith(`${base}-`));
  return (found ?? 'auto') as StripeElementLocale;
}
