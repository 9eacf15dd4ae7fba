import { expect, it } from 'vitest';
import { isRelease } from './release.ts';

const released = { status: 'succeeded', amount: 600, balance_transaction: null };

it.each([
  ['a succeeded refund without movement, of the uncaptured rest', released, 600, true],
  ['one of a part of the rest', { ...released, amount: 599 }, 600, true],
  ['one whose balance transaction is not known', { status: 'succeeded', amount: 600 }, 600, true],
  ['one that moved money', { ...released, balance_transaction: 'txn_1' }, 600, false],
  [
    'one that moved money, expanded',
    { ...released, balance_transaction: { reporting_category: 'refund' } },
    600,
    false,
  ],
  [
    'one that Stripe books back as never captured',
    { ...released, balance_transaction: { reporting_category: 'partial_capture_reversal' } },
    600,
    true,
  ],
  ['one above the rest', { ...released, amount: 601 }, 600, false],
  ['one of a charge that was captured whole', released, 0, false],
  ['one that is on its way', { ...released, status: 'pending' }, 600, false],
  ['one without a status', { ...released, status: null }, 600, false],
])('%s', (_case, refund, uncaptured, expected) => {
  expect(isRelease(refund, uncaptured)).toBe(expected);
});
