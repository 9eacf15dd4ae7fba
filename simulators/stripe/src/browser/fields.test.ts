import { describe, expect, it } from 'vitest';
import {
  formatExpiry,
  formatIban,
  formatNumber,
  problemOfCvc,
  problemOfExpiry,
  problemOfIban,
  problemOfNumber,
} from './fields.ts';

const NOW = new Date('2026-11-15T12:00:00');

describe('what the shopper types', () => {
  it.each([
    [formatNumber, '4242424242424242', '4242 4242 4242 4242'],
    [formatNumber, '4242 4', '4242 4'],
    [formatNumber, '378282246310005', '3782 822463 10005'],
    [formatExpiry, '1', '1'],
    [formatExpiry, '5', '05'],
    [formatExpiry, '1234', '12 / 34'],
    [formatExpiry, '12 / 3', '12 / 3'],
    [formatIban, 'de893704 0044', 'DE89 3704 0044'],
  ])('%o shows %j as %j', (format, typed, shown) => {
    expect(format(typed)).toBe(shown);
  });
});

describe('what is wrong with it', () => {
  it.each([
    [problemOfNumber('4242 4242 4242 4242'), null],
    [problemOfNumber('4242 4242 4242 4241'), 'invalid_number'],
    [problemOfNumber('4242 4242'), 'incomplete_number'],
    [problemOfNumber('3782 822463 10005'), null],
    [problemOfExpiry('12 / 34', NOW), null],
    [problemOfExpiry('11 / 26', NOW), null],
    [problemOfExpiry('10 / 26', NOW), 'invalid_expiry_month_past'],
    [problemOfExpiry('12 / 25', NOW), 'invalid_expiry_year_past'],
    [problemOfExpiry('12', NOW), 'incomplete_expiry'],
    [problemOfExpiry('13 / 30', NOW), 'incomplete_expiry'],
    [problemOfCvc('12', '4242'), 'incomplete_cvc'],
    [problemOfCvc('123', '4242'), null],
    [problemOfCvc('123', '3782'), 'incomplete_cvc'],
    [problemOfIban('DE89 3704 0044 0532 0130 00'), null],
    [problemOfIban('DE88 3704 0044 0532 0130 00'), 'invalid_iban'],
    [problemOfIban('DE89'), 'incomplete_iban'],
  ])('case %#', (found, expected) => {
    expect(found).toBe(expected);
  });
});
