import { isOfTransaction } from '@connector/payment-model';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { aPaymentIntent } from '../testing/builders.ts';
import {
  goesBefore,
  holdsMoney,
  type TransactionIdentity,
  transactionKeyOf,
  transactionStateOf,
} from './merchant-transaction.ts';

const cart = { id: 'cart-1', version: 3 };

describe('the key of a transaction’s payment', () => {
  const same: [string, TransactionIdentity, TransactionIdentity][] = [
    [
      'key',
      { idempotencyKey: 'k', checkoutTransactionItemId: 'a' },
      { idempotencyKey: 'k', checkoutTransactionItemId: 'b' },
    ],
    [
      'item, when there is no key',
      { checkoutTransactionItemId: 'a' },
      { idempotencyKey: '', checkoutTransactionItemId: 'a' },
    ],
    ['cart and version, when there is neither', {}, { idempotencyKey: '' }],
  ];
  it.each(same)('follows from the %s', (_what, one, other) => {
    expect(transactionKeyOf(cart, one)).toBe(transactionKeyOf(cart, other));
  });

  it('differs when the identity differs, also between an item and a key of the same name', () => {
    const keys = [
      transactionKeyOf(cart, { idempotencyKey: 'a' }),
      transactionKeyOf(cart, { idempotencyKey: 'b' }),
      transactionKeyOf(cart, { checkoutTransactionItemId: 'a' }),
      transactionKeyOf(cart, {}),
      transactionKeyOf({ ...cart, version: 4 }, {}),
      transactionKeyOf({ ...cart, id: 'cart-2' }, {}),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^transaction-[0-9a-f]{40}$/);
  });

  it('is not a shopper’s attempt', () => {
    expect(isOfTransaction({ key: transactionKeyOf(cart, {}) })).toBe(true);
    expect([isOfTransaction({ key: 'cart-1-1' }), isOfTransaction({})]).toEqual([false, false]);
  });
});

it('orders concurrent transactions by creation, then by id, so that exactly one of two goes first', () => {
  const [early, late] = [
    { createdAt: '2026-01-01T00:00:00Z', id: 'b' },
    { createdAt: '2026-01-01T00:00:01Z', id: 'a' },
  ];
  expect([goesBefore(early, late), goesBefore(late, early)]).toEqual([true, false]);
  const twin = { ...early, id: 'c' };
  expect([goesBefore(early, twin), goesBefore(twin, early), goesBefore(early, early)]).toEqual([true, false, false]);
});

const charge = (amount_captured: number, amount_refunded: number) =>
  ({ amount: 1190, amount_captured, amount_refunded }) as Stripe.Charge;

it.each<[string, Partial<Stripe.PaymentIntent>, boolean]>([
  ['waits for the shopper', { status: 'requires_payment_method' }, false],
  ['waits for its confirmation', { status: 'requires_confirmation' }, false],
  ['is on its way', { status: 'processing' }, true],
  ['is authorised', { status: 'requires_capture' }, true],
  ['is captured', { status: 'succeeded', latest_charge: charge(1190, 0) }, true],
  ['is captured, its charge not known', { status: 'succeeded', latest_charge: 'ch_1' }, true],
  ['was refunded in part', { status: 'succeeded', latest_charge: charge(1190, 10) }, true],
  ['was refunded in full', { status: 'succeeded', latest_charge: charge(1190, 1190) }, false],
  ['was captured in part, the rest released', { status: 'succeeded', latest_charge: charge(500, 690) }, true],
  ['was captured in part and that refunded', { status: 'succeeded', latest_charge: charge(500, 1190) }, false],
  [
    'was captured above what was authorised, and refunded up to that',
    { status: 'succeeded', latest_charge: charge(1300, 1190) },
    true,
  ],
  [
    'was captured above what was authorised, and refunded',
    { status: 'succeeded', latest_charge: charge(1300, 1300) },
    false,
  ],
  ['was canceled', { status: 'canceled' }, false],
  ['was canceled when nothing was captured', { status: 'canceled', latest_charge: charge(0, 1190) }, false],
  ['was canceled after a part was captured', { status: 'canceled', latest_charge: charge(500, 690) }, true],
  [
    'was canceled after a part was captured, which was refunded',
    { status: 'canceled', latest_charge: charge(500, 1190) },
    false,
  ],
])('a PaymentIntent that %s', (_what, fields, holds) => {
  expect(holdsMoney(aPaymentIntent(fields))).toBe(holds);
});

it.each<[Partial<Stripe.PaymentIntent>, object]>([
  [{ status: 'succeeded' }, { state: 'Completed' }],
  [{ status: 'requires_capture' }, { state: 'Completed' }],
  [{ status: 'processing' }, { state: 'Pending' }],
  [{ status: 'succeeded', latest_charge: charge(1190, 1189) }, { state: 'Completed' }],
  [
    { status: 'succeeded', latest_charge: charge(1190, 1190) },
    { state: 'Failed', code: 'charge_already_refunded' },
  ],
  [{ status: 'canceled', latest_charge: charge(500, 690) }, { state: 'Completed' }],
  [
    { status: 'canceled', latest_charge: charge(0, 1190) },
    { state: 'Failed', code: 'canceled' },
  ],
  [{ status: 'requires_action' }, { state: 'Failed', code: 'authentication_required' }],
  [{ status: 'canceled' }, { state: 'Failed', code: 'canceled' }],
  [
    { status: 'canceled', last_payment_error: { code: 'card_declined', decline_code: 'stolen_card' } as never },
    { state: 'Failed', code: 'stolen_card' },
  ],
  [
    { status: 'requires_payment_method', last_payment_error: { code: 'expired_card' } as never },
    { state: 'Failed', code: 'expired_card' },
  ],
])('%o is answered with %o', (fields, state) => {
  expect(transactionStateOf(aPaymentIntent(fields))).toEqual(state);
});
