import { money, payment, transaction } from '@connector/testing';
import { describe, expect, it } from 'vitest';
import { AUTHORIZED, CHARGED } from '../testing/held-money.ts';
import { type HeldMoney, movedState, verdictOf } from './unordered.ts';

describe('the payment state of an order whose money moved while it was made', () => {
  it.each<[string, HeldMoney[], string | undefined]>([
    ['all taken: nothing', [CHARGED], undefined],
    ['all held: nothing', [AUTHORIZED], undefined],
    // Stripe counts the release of the rest as refunded.
    ['a last capture of less than half: nothing', [{ ...CHARGED, captured: 4_000, refunded: 6_000 }], undefined],
    ['a last capture of more than half: nothing', [{ ...CHARGED, captured: 6_000, refunded: 4_000 }], undefined],
    ['a capture above the authorisation: nothing', [{ ...CHARGED, captured: 12_000 }], undefined],
    ['a part refunded: balance due', [{ ...CHARGED, refunded: 1 }], 'BalanceDue'],
    ['all refunded: failed', [{ ...CHARGED, refunded: 10_000 }], 'Failed'],
    ['a part of a part refunded', [{ ...CHARGED, captured: 4_000, refunded: 7_000 }], 'BalanceDue'],
    ['all of a part refunded', [{ ...CHARGED, captured: 4_000, refunded: 10_000 }], 'Failed'],
    ['released: failed', [{ ...AUTHORIZED, status: 'canceled', refunded: 10_000 }], 'Failed'],
    ['one refunded, another still held: balance due', [{ ...CHARGED, refunded: 10_000 }, AUTHORIZED], 'BalanceDue'],
    ['disputed: failed', [{ ...CHARGED, isDisputed: true }], 'Failed'],
  ])('%s', (_what, held, expected) => {
    expect(movedState(held)).toBe(expected);
  });
});

describe('a cart whose payment was captured above its authorisation', () => {
  const paid = payment({
    transactions: [
      transaction('Authorization', 'Success', { amount: money(10_000) }),
      transaction('Charge', 'Success', { amount: money(12_000) }),
    ],
  });
  const verdict = (total: number) =>
    verdictOf({
      payments: [paid],
      orders: [],
      held: new Map([[paid.id, { ...CHARGED, captured: 12_000 }]]),
      cart: { id: 'cart', version: 1, cartState: 'Active', total: money(total), payments: [paid] },
    });

  it('is ordered where that is its total, and paid', () => {
    expect(verdict(12_000)).toEqual({ kind: 'unordered', reason: 'ready', paymentState: 'Paid' });
  });

  it('is not ordered for less than was taken', () => {
    expect(verdict(10_000)).toEqual({ kind: 'unordered', reason: 'total_differs' });
  });
});
