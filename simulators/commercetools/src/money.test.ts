import { expect, it } from 'vitest';
import { fractionDigitsOf } from './money.ts';

it.each([
  ['EUR', 2],
  ['JPY', 0],
  ['ISK', 0],
  ['KWD', 3],
  ['HUF', 2],
  ['COP', 2],
  ['MGA', 2],
  ['CLF', 4],
])('%s has %i digits, as in ISO 4217 and not as in Intl', (currencyCode, digits) => {
  expect(fractionDigitsOf(currencyCode)).toBe(digits);
});
