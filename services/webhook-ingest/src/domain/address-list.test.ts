import { describe, expect, it } from 'vitest';
import { addressList, areAddresses } from './address-list.ts';

describe('the list of addresses', () => {
  it.each([
    ['3.18.12.63', true],
    ['::ffff:3.18.12.63', true],
    ['3.18.12.64', false],
    ['10.1.255.9', true],
    ['10.2.0.1', false],
    ['2001:db8::7', true],
    ['2001:db9::7', false],
    ['', false],
    ['no address', false],
  ])('answers for %j: %s', (address, expected) => {
    expect(addressList(['3.18.12.63', '10.1.0.0/16', '2001:db8::/32'])?.(address)).toBe(expected);
  });

  it('is undefined when nothing is listed: anyone may call', () => {
    expect(addressList([])).toBeUndefined();
  });

  it.each(['stripe.com', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '1.2.3'])('does not take %s', (entry) => {
    expect(areAddresses([entry])).toBe(false);
  });
});
