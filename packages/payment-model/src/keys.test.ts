import { expect, it } from 'vitest';
import { attemptOf, idempotencyKey, paymentKeyOf } from './keys.ts';
import { ownershipOf } from './metadata.ts';
import { countsAsPaid } from './transactions.ts';

const cart = '0f1f3a5e-2f0c-4c2b-8a9b-2d1f0c3b4a5d';

it('reads the attempt number from the key it made', () => {
  expect(attemptOf(cart, paymentKeyOf(cart, 12))).toBe(12);
});

it.each([
  ['no key', undefined],
  ["another cart's", paymentKeyOf('other', 1)],
  ['no number', `${cart}-x`],
  ['attempt 0', `${cart}-0`],
  ['a key of another kind', 'stripe-pi_1'],
])('finds no attempt in %s', (_case, key) => {
  expect(attemptOf(cart, key)).toBeUndefined();
});

it('makes the same idempotency key from the same parts, whatever the order of fields', () => {
  expect(idempotencyKey('open', { a: 1, b: [{ c: 2, d: undefined }] })).toBe(
    idempotencyKey('open', { b: [{ c: 2 }], a: 1 }),
  );
});

it.each([
  ['another scope', idempotencyKey('capture', { a: 1 })],
  ['another value', idempotencyKey('open', { a: 2 })],
  ['a text instead of a number', idempotencyKey('open', { a: '1' })],
  ['parts with other boundaries', idempotencyKey('open', { a: 1 }, undefined)],
])('makes a different key for %s', (_case, other) => {
  expect(other).not.toBe(idempotencyKey('open', { a: 1 }));
});

it('reads who owns an object, with empty texts as absent', () => {
  expect(ownershipOf({ cart_id: 'c', ct_project_key: 'p', ct_customer_id: '', other: 'x' })).toEqual({
    cartId: 'c',
    projectKey: 'p',
  });
  expect(ownershipOf(null)).toEqual({});
});

it.each([
  ['an authorization', [['Authorization', 'Success']], true],
  ['a pending authorization', [['Authorization', 'Pending']], true],
  ['a charge', [['Charge', 'Success']], true],
  ['an open attempt', [['Authorization', 'Initial']], false],
  ['a declined one', [['Authorization', 'Failure']], false],
  [
    'a refunded one',
    [
      ['Charge', 'Success'],
      ['Refund', 'Pending'],
    ],
    false,
  ],
  [
    'a canceled one',
    [
      ['Authorization', 'Success'],
      ['CancelAuthorization', 'Success'],
    ],
    false,
  ],
  [
    'one whose refund failed',
    [
      ['Charge', 'Success'],
      ['Refund', 'Failure'],
    ],
    true,
  ],
] as const)('says whether %s is paid', (_case, transactions, paid) => {
  const amount = { centAmount: 1, currencyCode: 'EUR', fractionDigits: 2 };
  expect(countsAsPaid(transactions.map(([type, state]) => ({ type, state, amount })))).toBe(paid);
});
