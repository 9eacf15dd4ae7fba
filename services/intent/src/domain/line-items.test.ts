import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aCart, aTaxedPrice, euro } from '../testing/builders.ts';
import type { Cart, CartItem } from './checkout-cart.ts';
import { type LineItems, lineItemsOf } from './line-items.ts';

const cent = (centAmount: number, currencyCode = 'EUR') => ({
  type: 'centPrecision' as const,
  centAmount,
  currencyCode,
  fractionDigits: currencyCode === 'KWD' ? 3 : 2,
});
const item = (quantity: number, total: number, fields: Partial<CartItem> = {}): CartItem => ({
  name: { en: 'Chair', de: 'Stuhl' },
  quantity,
  totalPrice: cent(total),
  variant: { sku: 'CHAIR-1' },
  ...fields,
});
const taxed = (quantity: number, net: number, tax: number): CartItem =>
  item(quantity, net + tax, { taxedPrice: { ...aTaxedPrice(net, tax), taxPortions: [] } });
const shippingInfo = (total: number) => ({ price: cent(total) }) as NonNullable<Cart['shippingInfo']>;

const details = (found: LineItems) => {
  if (found.kind !== 'details') throw new Error(found.reason);
  return found.amountDetails;
};
const of = (total: number, fields: Partial<Cart>) => lineItemsOf(aCart({ total: euro(total), ...fields }), euro(total));

describe('the goods of a cart', () => {
  it.each<[string, number, Partial<Cart>, object]>([
    [
      'are sent as items with unit price and quantity',
      1000,
      { lineItems: [item(2, 1000)] },
      { line_items: [{ product_name: 'Chair', product_code: 'CHAIR-1', quantity: 2, unit_cost: 500 }] },
    ],
    [
      'whose price is not divisible by the quantity are one item',
      1000,
      { lineItems: [item(3, 1000)] },
      { line_items: [{ product_name: '3 × Chair', product_code: 'CHAIR-1', quantity: 1, unit_cost: 1000 }] },
    ],
    [
      'have their tax beside them',
      1190,
      { lineItems: [taxed(2, 1000, 190)], taxedPrice: aTaxedPrice(1000, 190) },
      { line_items: [{ quantity: 2, unit_cost: 500, tax: { total_tax_amount: 190 } }] },
    ],
    [
      'go with the shipping, and the code that it is sent to',
      1495,
      {
        lineItems: [item(1, 1000)],
        shippingInfo: shippingInfo(495),
        shippingAddress: { country: 'DE', postalCode: '24103' },
      },
      { shipping: { amount: 495, to_postal_code: '24103' } },
    ],
    [
      'are sent without a postal code that card networks do not accept',
      1495,
      {
        lineItems: [item(1, 1000)],
        shippingInfo: shippingInfo(495),
        shippingAddress: { country: 'JP', postalCode: '〒100-0001' },
      },
      { shipping: { amount: 495 } },
    ],
    [
      'go with several shippings as one',
      1300,
      {
        lineItems: [item(1, 1000)],
        shipping: [{ shippingInfo: shippingInfo(100) }, { shippingInfo: shippingInfo(200) }],
      },
      { shipping: { amount: 300 } },
    ],
    [
      'of a negative price are a discount',
      700,
      { lineItems: [item(1, 1000)], customLineItems: [item(1, -300)] },
      { discount_amount: 300 },
    ],
    [
      'go with a discount on the whole',
      900,
      {
        lineItems: [item(1, 1000)],
        discountOnTotalPrice: { discountedAmount: cent(100), includedDiscounts: [] },
      },
      { discount_amount: 100 },
    ],
    [
      'have their name in the cart’s language',
      500,
      { locale: 'de-AT', lineItems: [item(1, 500)] },
      { line_items: [{ product_name: 'Stuhl' }] },
    ],
    [
      'have name and code cut to Stripe’s limits',
      500,
      { lineItems: [item(1, 500, { name: { en: 'x'.repeat(2000) }, variant: { sku: 'a-very-long-sku' } })] },
      { line_items: [{ product_name: 'x'.repeat(1024), product_code: 'a-very-long-' }] },
    ],
    [
      'that are free cost nothing',
      500,
      { lineItems: [item(1, 500), item(1, 0)] },
      { line_items: [{}, { unit_cost: 0 }] },
    ],
  ])('%s', (_rule, total, fields, expected) => {
    expect(details(of(total, fields))).toMatchObject(expected);
  });

  it.each<[string, LineItems, string]>([
    [
      'of which another payment pays a part',
      lineItemsOf(aCart({ lineItems: [item(1, 1190)] }), euro(500)),
      'part_of_cart',
    ],
    ['that do not add up to the total', of(1190, { lineItems: [item(1, 1189)] }), 'sums_differ'],
    ['that do not say what they cost', of(1190, { lineItems: [{ recurrenceInfo: {} }] }), 'sums_differ'],
    [
      'of more items than Stripe accepts',
      of(201, { lineItems: Array.from({ length: 201 }, () => item(1, 1)) }),
      'too_many',
    ],
    [
      'of amounts that Stripe has no units for',
      lineItemsOf(
        aCart({
          total: cent(20, 'KWD'),
          lineItems: [item(1, 13, { totalPrice: cent(13, 'KWD') }), item(1, 7, { totalPrice: cent(7, 'KWD') })],
        }),
        cent(20, 'KWD'),
      ),
      'inexpressible',
    ],
  ])('are left out: %s', (_which, found, reason) => {
    expect(found).toEqual({ kind: 'left-out', reason });
  });

  it('have a digest that changes only with them', () => {
    const digest = (fields: Partial<Cart>) => {
      const found = of(1000, fields);
      return found.kind === 'details' && found.digest;
    };
    const lineItems = [item(2, 1000)];
    expect(digest({ lineItems })).toBe(digest({ lineItems, version: 7 }));
    expect(digest({ lineItems })).not.toBe(digest({ lineItems: [item(4, 1000)] }));
  });

  it('add up exactly to the amount, for any cart', () => {
    const anItem = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat(100_000), fc.nat(20_000));
    fc.assert(
      fc.property(fc.array(anItem, { maxLength: 20 }), fc.nat(2_000), fc.nat(500), (goods, shipping, off) => {
        const sum = goods.reduce((total, [, net, tax]) => total + net + tax, shipping);
        const discount = Math.min(off, sum);
        const found = of(sum - discount, {
          lineItems: goods.map((one) => taxed(...one)),
          shippingInfo: shippingInfo(shipping),
          discountOnTotalPrice: { discountedAmount: cent(discount), includedDiscounts: [] },
        });
        const { line_items: items, shipping: sent, discount_amount: less } = details(found);
        const told = [...(items || [])].reduce(
          (total, each) => total + each.quantity * each.unit_cost + (each.tax?.total_tax_amount ?? 0),
          0,
        );
        expect(told + Number((sent && sent.amount) || 0) - Number(less ?? 0)).toBe(sum - discount);
        for (const each of items || []) expect(each.quantity > 0 && each.unit_cost >= 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
