import { expect, it } from 'vitest';
import { checkAmount } from './money.ts';

it.each([
  ['isk', 30_050, 'Amounts in ISK must be divisible by 100.'],
  ['ugx', 500_001, 'Amounts in UGX must be divisible by 100.'],
  ['kwd', 7993, 'Amounts in KWD must end in 0.'],
  ['eur', 49, 'Amount must be at least €0.50 eur'],
])('an amount in %s that Stripe does not take (%i) is refused', (currency, amount, message) => {
  expect(() => checkAmount(amount, currency)).toThrow(message);
});

it.each([
  ['isk', 100_000],
  ['ugx', 500_000],
  ['mga', 500],
  ['kwd', 7990],
])('an amount in %s that Stripe takes (%i) is taken', (currency, amount) => {
  expect(() => checkAmount(amount, currency)).not.toThrow();
});
