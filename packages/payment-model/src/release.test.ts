import { expect, it } from 'vitest';
import { isRelease } from './release.ts';

const released = { status: 'succeeded', amount: 600, balance_transaction: null };

it.each([
  ['a succeeded refund without a balance transaction, of the uncaptured rest', released, 600, true],
  ['a succeeded refund without a balance transaction, of a part of the rest', { ...released, amount: 599 }, 600, true],
  ['a refund whose balance transaction is not known', { status: 'succeeded', amount: 600 }, 600, true],
  ['a refund that moved money', { ...released, balance_transaction: 'txn_1' }, 600, false],
  [
    'a refund that moved money, with its balance transaction expanded',
    { ...released, balance_transaction: { reporting_category: 'refund' } },
    600,
    false,
  ],
  [
    'a refund that Stripe books as never captured',
    { ...released, balance_transaction: { reporting_category: 'partial_capture_reversal' } },
    600,
    true,
  ],
  ['a refund of more than the uncaptured rest', { ...released, amount: 601 }, 600, false],
  ['a refund of a fully captured charge', released, 0, false],
  ['a pending refund', { ...released, status: 'pending' }, 600, false],
  ['a refund without a status', { ...released, status: null }, 600, false],
])('%s', (_case, refund, uncaptured, expected) => {
  expect(isRelease(refund, uncaptured)).toBe(expected);
});
