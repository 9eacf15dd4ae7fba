import { expect, it } from 'vitest';
import { nameOf, needsName } from './method-name.ts';

it.each([
  ['card', { brand: 'visa', lastDigits: '4242', expiryMonth: 8, expiryYear: 2027 }, 'Visa •••• 4242, 08/27'],
  [
    'card',
    { brand: 'amex', lastDigits: '0005', expiryMonth: 12, expiryYear: 2030 },
    'American Express •••• 0005, 12/30',
  ],
  ['card', { brand: 'brand_of_tomorrow', lastDigits: '1234' }, 'brand_of_tomorrow •••• 1234'],
  ['sepa_debit', { lastDigits: '3000' }, 'SEPA •••• 3000'],
  ['us_bank_account', { lastDigits: '6789' }, 'ACH •••• 6789'],
  ['paypal', {}, undefined],
  ['card', undefined, undefined],
])('a %s of %o is named %s', (type, display, name) => {
  expect(nameOf(type, display)).toBe(name);
});

it.each([
  [undefined, true],
  [{ en: 'Visa •••• 1111, 01/25' }, true],
  [{ en: 'Visa •••• 4242, 08/27' }, false],
  [{ en: 'My card' }, false],
  [{ de: 'Firmenkarte' }, false],
])('a method named %o is renamed: %s', (present, expected) => {
  expect(needsName(present, 'Visa •••• 4242, 08/27')).toBe(expected);
});
