import { describe, expect, it } from 'vitest';
import { messageKeyFor, textsFor } from './messages.ts';
import { TEXTS } from './texts.ts';

describe('texts for the shopper', () => {
  it.each([
    ['de-AT', 'Diese Bestellung wurde bereits bezahlt.'],
    ['fr_CA', 'Cette commande a déjà été payée.'],
    ['en-US', 'This order has already been paid.'],
    ['ja', 'このご注文はすでにお支払い済みです。'],
    ['no-NO', 'Denne bestillingen er allerede betalt.'],
    ['nn', 'Denne bestillingen er allerede betalt.'],
    ['fi-FI', 'Tämä tilaus on jo maksettu.'],
    ['fil-PH', 'This order has already been paid.'],
    ['zh-CN', '此订单已付款。'],
    ['zh-Hans-TW', '此订单已付款。'],
    ['zh-Hant-TW', '此訂單已付款。'],
    ['zh_HK', '此訂單已付款。'],
    ['zh-TW', '此訂單已付款。'],
    ['xx', 'This order has already been paid.'],
    ['toString', 'This order has already been paid.'],
    ['', 'This order has already been paid.'],
    [undefined, 'This order has already been paid.'],
  ])('for %s are in a language that the shopper probably reads', (locale, expected) => {
    expect(textsFor(locale)('already_paid')).toBe(expected);
  });

  it.each([
    [
      'the decline code wins over the code, because it is more specific',
      'card_declined',
      'insufficient_funds',
      'insufficient_funds',
    ],
    ['a decline without its own sentence is a plain decline', 'card_declined', 'fraudulent', 'declined'],
    ['an unknown code with a decline code is a plain decline', 'something', 'lost_card', 'declined'],
    ['failed 3-D Secure', 'payment_intent_authentication_failure', undefined, 'authentication_failed'],
    ['nothing known', undefined, undefined, 'generic'],
  ])('%s', (_rule, code, declineCode, expected) => {
    expect(messageKeyFor(code, declineCode)).toBe(expected);
  });
});

describe('the table of texts', () => {
  const LANGUAGES = 'cs da de el en es fi fr hu it ja nb nl pl pt ro sv zh zh-Hant'.split(' ');
  const KEYS = Object.keys(TEXTS.en).sort();
  const placeholders = (text: string): string[] => (text.match(/\{\w*\}/g) ?? []).sort();

  it('has the languages that merchants of Checkout probably need', () => {
    expect(Object.keys(TEXTS).sort()).toEqual(LANGUAGES.sort());
  });

  it.each(Object.entries(TEXTS))(
    'is complete in %s, with the same placeholders and nothing left in English',
    (language, texts) => {
      expect(Object.keys(texts).sort()).toEqual(KEYS);
      for (const [key, text] of Object.entries(texts)) {
        const english = TEXTS.en[key as keyof typeof texts];
        expect([key, placeholders(text)]).toEqual([key, placeholders(english)]);
        expect([key, text]).toEqual([key, text.trim()]);
        expect(text.length).toBeGreaterThan(0);
        if (language !== 'en') expect([key, text]).not.toEqual([key, english]);
      }
    },
  );

  it('has no sentence twice in one language, except for two keys with the same meaning', () => {
    for (const texts of Object.values(TEXTS)) expect(new Set(Object.values(texts)).size).toBe(KEYS.length);
  });

  it.each([
    ['de-DE', 21_600, 'EUR', 2, 'Es bleiben 216,00 € zu bezahlen.'],
    ['en_US', 5, 'USD', 2, '$0.05 remains to be paid.'],
    ['en', 1000, 'ISK', 0, 'ISK 1,000 remains to be paid.'],
    ['en', 7990, 'KWD', 3, 'KWD 7.990 remains to be paid.'],
    ['en', 50_000, 'MGA', 2, 'MGA 500.00 remains to be paid.'],
    ['not a locale!', 500, 'EUR', 2, '5.00 EUR remains to be paid.'],
    ['en', Number.MAX_SAFE_INTEGER, 'EUR', 2, '€90,071,992,547,409.91 remains to be paid.'],
  ])('writes money in the format of %s', (locale, centAmount, currencyCode, fractionDigits, expected) => {
    const text = textsFor(locale)('cart_changed', { due: { centAmount, currencyCode, fractionDigits } });
    expect(text.replaceAll(/\s/g, ' ')).toContain(expected);
  });
});
