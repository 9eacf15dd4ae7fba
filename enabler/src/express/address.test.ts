import { describe, expect, it } from 'vitest';
import { toBillingDetails, toExpressAddress } from './address.ts';

describe('a wallet’s address for commercetools', () => {
  it("has every part in commercetools' fields", () => {
    const address = {
      line1: '10 Downing Street',
      line2: 'Flat 2',
      city: 'London',
      state: 'LND',
      postal_code: 'SW1A',
      country: 'GB',
    };
    expect(toExpressAddress(address, { name: 'Ada King Lovelace', email: 'ada@example.com', phone: '+44' })).toEqual({
      country: 'GB',
      firstName: 'Ada',
      lastName: 'King Lovelace',
      streetNumber: '10',
      streetName: 'Downing Street',
      additionalStreetInfo: 'Flat 2',
      postalCode: 'SW1A',
      city: 'London',
      state: 'LND',
      region: 'LND',
      phone: '+44',
      email: 'ada@example.com',
    });
  });

  it.each([
    ['a number at the start is the house number', '12b Main St', { streetNumber: '12b', streetName: 'Main St' }],
    ['a number at the end stays in the street', 'Torstraße 1', { streetName: 'Torstraße 1' }],
    ['a line without number stays whole', 'Broadway', { streetName: 'Broadway' }],
    ['a lone number is no house number', '42', { streetName: '42' }],
  ])('%s', (_rule, line1, expected) => {
    expect(toExpressAddress({ line1, country: 'DE' })).toEqual({ country: 'DE', ...expected });
  });

  it('is undefined without a country', () => {
    expect(toExpressAddress({ line1: 'x', city: 'y', country: '' })).toBeUndefined();
    expect(toExpressAddress(undefined)).toBeUndefined();
  });

  it('leaves out parts that the wallet does not give', () => {
    expect(toExpressAddress({ country: 'US', city: 'Reno' }, { name: 'Cher' })).toEqual({
      country: 'US',
      city: 'Reno',
      firstName: 'Cher',
    });
  });
});

it('billing details have no gaps', () => {
  expect(toBillingDetails({ name: 'Ada' }, { line1: 'x', line2: null, country: 'DE' })).toEqual({
    name: 'Ada',
    email: '',
    phone: '',
    address: { line1: 'x', line2: '', city: '', state: '', postal_code: '', country: 'DE' },
  });
});
