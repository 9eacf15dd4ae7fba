import { describe, expect, it } from 'vitest';
import { cartTotals, shippingRate } from './totals.ts';

const money = (centAmount: number, currencyCode = 'EUR', fractionDigits = 2) => ({
  centAmount,
  currencyCode,
  fractionDigits,
});
const item = (name: string, amount: ReturnType<typeof money>) => ({ name, amount, type: name.toUpperCase() });

describe('the lines of a wallet', () => {
  it.each([
    [
      'are the cart’s when they add up to its total',
      money(2900),
      [item('Subtotal', money(2400)), item('Shipping', money(500))],
      [
        { name: 'Subtotal', amount: 2400 },
        { name: 'Shipping', amount: 500 },
      ],
    ],
    [
      'become one line when they exceed the total',
      money(1000),
      [item('Subtotal', money(2400))],
      [{ name: 'Total', amount: 1000 }],
    ],
    [
      'become one line when they are below the total',
      money(3000),
      [item('Subtotal', money(2400))],
      [{ name: 'Total', amount: 3000 }],
    ],
    [
      'become one line when a line is negative',
      money(300),
      [item('Subtotal', money(-190)), item('Shipping', money(490))],
      [{ name: 'Total', amount: 300 }],
    ],
    [
      'become one line when Stripe cannot express a line',
      money(7990, 'KWD', 3),
      [item('Subtotal', money(6717, 'KWD', 3)), item('Tax', money(1273, 'KWD', 3))],
      [{ name: 'Total', amount: 7990 }],
    ],
    ['become one line when the cart has none', money(500, 'ISK', 0), [], [{ name: 'Total', amount: 50_000 }]],
  ])('%s', (_rule, totalPrice, lineItems, expected) => {
    const totals = cartTotals({ totalPrice, currencyCode: totalPrice.currencyCode, lineItems });
    expect(totals.lineItems).toEqual(expected);
    expect(totals.lineItems.reduce((sum, { amount }) => sum + amount, 0)).toBe(totals.amount);
  });
});

it.each([
  ['EUR', 2, 500, 500],
  ['JPY', 0, 500, 500],
  ['ISK', 0, 500, 50_000],
  ['MGA', 2, 50_000, 500],
])('a rate in %s is in Stripe’s units', (currencyCode, fractionDigits, centAmount, amount) => {
  expect(shippingRate({ id: 'x', amount: { centAmount, currencyCode } }, fractionDigits)).toMatchObject({ amount });
});
