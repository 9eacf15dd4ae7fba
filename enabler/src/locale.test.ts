import { describe, expect, it } from 'vitest';
import { toStripeLocale } from './locale.ts';

describe('the locale for Stripe', () => {
  it.each([
    ['is kept where Stripe knows it', 'de', 'de'],
    ['takes Stripe’s spelling', 'pt-br', 'pt-BR'],
    ['reads underscores', 'en_GB', 'en-GB'],
    ['falls back to the language', 'es-MX', 'es'],
    ['falls back to the language with underscores', 'de_AT', 'de'],
    ['is trimmed', '  fr-CA ', 'fr-CA'],
    ['reads numeric regions', 'es-419', 'es-419'],
    ['is Traditional Chinese by its script', 'zh-Hant', 'zh-TW'],
    ['is Traditional Chinese by script and region', 'zh-Hant-TW', 'zh-TW'],
    ['is Hong Kong’s by script and region', 'zh_Hant_HK', 'zh-HK'],
    ['is Hong Kong’s by region', 'zh-HK', 'zh-HK'],
    ['is Hong Kong’s for Macao', 'zh-MO', 'zh-HK'],
    ['is Taiwan’s by region', 'zh-TW', 'zh-TW'],
    ['is Simplified by its script, whatever the region', 'zh-Hans-HK', 'zh'],
    ['is Simplified by region', 'zh-CN', 'zh'],
    ['is left to Stripe when the language is unknown', 'xx', 'auto'],
    ['is left to Stripe when empty', '', 'auto'],
    ['is left to Stripe when absent', undefined, 'auto'],
  ])('%s', (_rule, locale, expected) => {
    expect(toStripeLocale(locale)).toBe(expected);
  });

  it.each(
    'ar bg cs da de el en en-AU en-CA en-NZ en-GB es es-ES es-419 et fi fil fr fr-CA fr-FR he hu hr id it it-IT ja ko lt lv ms mt nb nl no pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW'.split(
      ' ',
    ),
  )("%s is Stripe's locale in any spelling", (locale) => {
    expect([locale, locale.toLowerCase(), locale.toUpperCase(), locale.replace('-', '_')].map(toStripeLocale)).toEqual(
      Array.from({ length: 4 }, () => locale),
    );
  });
});
