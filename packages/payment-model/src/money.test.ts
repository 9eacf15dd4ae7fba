import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultFractionDigits,
  fromStripeAmount,
  InexpressibleAmountError,
  sameMoney,
  stripeExponent,
  toStripeAmount,
} from './money.ts';

const money = (centAmount: number, currencyCode: string, fractionDigits: number) => ({
  centAmount,
  currencyCode,
  fractionDigits,
});

describe('commercetools money becomes Stripe minor units', () => {
  it.each([
    ['a two-decimal currency as it is', money(1190, 'EUR', 2), 1190],
    ['a zero-decimal currency as it is', money(500, 'JPY', 0), 500],
    ['a three-decimal currency as it is', money(1230, 'KWD', 3), 1230],
    ['high-precision digits that end in zeros', money(1_190_000, 'EUR', 5), 1190],
    ['krona in whole units here, in hundredths at Stripe', money(300, 'ISK', 0), 30_000],
    ['shillings in whole units here, in hundredths at Stripe', money(5000, 'UGX', 0), 500_000],
    ['francs in hundredths here, in whole units at Stripe', money(70_000, 'XOF', 2), 700],
    ['a currency code in lower case', money(1190, 'eur', 2), 1190],
    ['nothing', money(0, 'EUR', 2), 0],
  ])('%s', (_rule, given, expected) => {
    expect(toStripeAmount(given)).toBe(expected);
  });

  it.each([
    ['a fraction of a cent', money(1_190_001, 'EUR', 5)],
    ['a fraction of a yen', money(50_050, 'JPY', 2)],
    ['a three-decimal amount that does not end in 0', money(1231, 'KWD', 3)],
    ['krona with a fraction', money(30_050, 'ISK', 2)],
    ['shillings with a fraction', money(150, 'UGX', 2)],
    ['a number that is no integer', money(11.9, 'EUR', 2)],
    ['a number too large to be exact', money(Number.MAX_SAFE_INTEGER, 'UGX', 0)],
  ])('refuses %s instead of rounding', (_rule, given) => {
    expect(() => toStripeAmount(given)).toThrow(InexpressibleAmountError);
  });
});

describe('Stripe minor units become commercetools money', () => {
  it.each([
    [1190, 'eur', 2, money(1190, 'EUR', 2)],
    [500, 'jpy', 0, money(500, 'JPY', 0)],
    [30_000, 'isk', 0, money(300, 'ISK', 0)],
    [700, 'xof', 2, money(70_000, 'XOF', 2)],
  ])('%i %s with %i digits', (amount, currency, digits, expected) => {
    expect(fromStripeAmount(amount, currency, digits)).toEqual(expected);
  });

  it('throws for an amount that the payment cannot express', () => {
    expect(() => fromStripeAmount(30_050, 'isk', 0)).toThrow(InexpressibleAmountError);
  });
});

it.each([
  ['EUR', 2],
  ['jpy', 0],
  ['KWD', 3],
  ['ISK', 0],
  ['UGX', 0],
  ['HUF', 2],
  ['IDR', 2],
  ['COP', 2],
  ['MGA', 2],
  ['CLF', 4],
])('%s has %i digits in commercetools, as ISO 4217 says', (code, digits) => {
  expect(defaultFractionDigits(code)).toBe(digits);
});

it('every amount is the same after conversion there and back, whatever the currency', () => {
  const currencies = 'EUR USD JPY KWD KRW CLP BHD TND GBP CHF VND'.split(' ');
  fc.assert(
    fc.property(fc.constantFrom(...currencies), fc.integer({ min: 0, max: 99_999_999 }), (code, units) => {
      const digits = defaultFractionDigits(code);
      const centAmount = stripeExponent(code) === 3 ? units * 10 : units;
      const given = money(centAmount, code, digits);
      expect(fromStripeAmount(toStripeAmount(given), code, digits)).toEqual(given);
    }),
  );
});

it.each([
  ['the same amount in other digits', money(1190, 'EUR', 2), money(119_000, 'EUR', 4), true],
  ['another amount', money(1190, 'EUR', 2), money(1191, 'EUR', 2), false],
  ['another currency', money(1190, 'EUR', 2), money(1190, 'USD', 2), false],
  ['the currency in another case', money(1190, 'EUR', 2), money(1190, 'eur', 2), true],
])('compares %s', (_rule, a, b, same) => {
  expect(sameMoney(a, b)).toBe(same);
});
