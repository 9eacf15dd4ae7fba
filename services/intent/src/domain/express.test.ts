import { describe, expect, it } from 'vitest';
import { aCart, aTaxedPrice, euro } from '../testing/builders.ts';
import { expressLineItems } from './express.ts';

const shippingInfo = (centAmount: number, shippingMethodName = '') =>
  ({ price: { type: 'centPrecision', ...euro(centAmount) }, shippingMethodName }) as never;

describe("a wallet's line items", () => {
  it.each([
    [
      'a taxed cart',
      aCart({ taxedPrice: aTaxedPrice(1000, 190) }),
      [
        ['Subtotal', 1000],
        ['Tax', 190],
      ],
    ],
    ['a taxed cart without tax', aCart({ taxedPrice: aTaxedPrice(1190, 0) }), [['Subtotal', 1190]]],
    ['goods alone', aCart(), [['Subtotal', 1190]]],
    [
      'goods and shipping',
      aCart({ shippingInfo: shippingInfo(190, 'DHL') }),
      [
        ['Subtotal', 1000],
        ['DHL', 190],
      ],
    ],
    [
      'shipping without a name',
      aCart({ shippingInfo: shippingInfo(190) }),
      [
        ['Subtotal', 1000],
        ['Shipping', 190],
      ],
    ],
    ['free shipping', aCart({ shippingInfo: shippingInfo(0, 'DHL') }), [['Subtotal', 1190]]],
  ])('list %s', (_what, cart, expected) => {
    const items = expressLineItems(cart, euro(1190));
    expect(items.map(({ name, amount }) => [name, amount.centAmount])).toEqual(expected);
  });
});
