import type { Money } from '@connector/payment-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aCart, aTaxedPrice, euro } from '../testing/builders.ts';
import type { Cart } from './checkout-cart.ts';
import { expressLineItems } from './express.ts';

const shippingInfo = (centAmount: number, shippingMethodName = '', discounted?: number) =>
  ({
    price: { type: 'centPrecision', ...euro(centAmount) },
    ...(discounted !== undefined && { discountedPrice: { value: euro(discounted), includedDiscounts: [] } }),
    shippingMethodName,
  }) as never;
const cartOf = (total: number, fields: Partial<Cart> = {}) => aCart({ total: euro(total), ...fields });
const linesOf = (cart: Cart, due: Money) =>
  expressLineItems(cart, due).map(({ name, amount }) => [name, amount.centAmount]);

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
    expect(linesOf(cart, euro(1190))).toEqual(expected);
  });

  it.each<[what: string, cart: Cart, due: number, expected: [string, number][]]>([
    [
      'shipping at its discounted price, which may be zero',
      cartOf(300, { shippingInfo: shippingInfo(490, 'DHL', 0) }),
      300,
      [['Subtotal', 300]],
    ],
    [
      'shipping at a part of its price',
      cartOf(500, { shippingInfo: shippingInfo(490, 'DHL', 200) }),
      500,
      [
        ['Subtotal', 300],
        ['DHL', 200],
      ],
    ],
    [
      'one line when a discount on the total exceeds the price of the goods',
      cartOf(300, { shippingInfo: shippingInfo(490) }),
      300,
      [['Total', 300]],
    ],
    ['one line when a part was paid before', cartOf(1190, { shippingInfo: shippingInfo(490) }), 700, [['Total', 700]]],
    [
      'one line when a part of a taxed cart was paid before',
      aCart({ taxedPrice: aTaxedPrice(1000, 190) }),
      700,
      [['Total', 700]],
    ],
    [
      'several shipping methods as one line',
      cartOf(1190, {
        shipping: [{ shippingInfo: shippingInfo(100, 'DHL') }, { shippingInfo: shippingInfo(90, 'UPS') }],
      }),
      1190,
      [
        ['Subtotal', 1000],
        ['Shipping', 190],
      ],
    ],
  ])('list %s', (_what, cart, due, expected) => {
    expect(linesOf(cart, euro(due))).toEqual(expected);
  });

  it('are never negative and add up to the amount due, for any cart', () => {
    const amount = fc.integer({ min: 0, max: 10_000 });
    const cart = fc.record({
      total: amount,
      net: fc.option(amount),
      shipping: fc.option(amount),
      discounted: fc.option(amount, { nil: undefined }),
    });
    fc.assert(
      fc.property(cart, amount, ({ total, net, shipping, discounted }, due) => {
        const items = expressLineItems(
          cartOf(total, {
            ...(net !== null && { taxedPrice: aTaxedPrice(net, total - net) }),
            ...(shipping !== null && { shippingInfo: shippingInfo(shipping, '', discounted) }),
          }),
          euro(due),
        );
        expect(items.reduce((sum, item) => sum + item.amount.centAmount, 0)).toBe(due);
        expect(items.every((item) => item.amount.centAmount >= 0)).toBe(true);
      }),
    );
  });
});
