import { describe, expect, it } from 'vitest';
import { checkSession, isSessionId, sessionSchema } from './session.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const active = {
  id: 's1',
  state: 'ACTIVE',
  activeCart: { cartRef: { id: 'cart-1' } },
  metadata: { allowedPaymentMethods: ['card'], processorUrl: 'https://p.example.com' },
};
const check = (body: unknown) => checkSession(sessionSchema.parse(body), 'shop', NOW);

describe('a session', () => {
  it('grants its cart and the data in its metadata', () => {
    const metadata = {
      ...active.metadata,
      paymentInterface: 'stripe',
      checkoutTransactionItemId: 'item-1',
      merchantReturnUrl: 'https://shop.example.com/back',
      futureOrderNumber: 'order-1',
      giftCardPlannedAmount: { centAmount: 500, currencyCode: 'EUR' },
      correlationId: 'corr-1',
      applicationKey: 'not used',
    };
    const { applicationKey: _, ...known } = metadata;
    expect(check({ ...active, metadata })).toEqual({
      kind: 'active',
      principal: { cartId: 'cart-1', projectKey: 'shop', ...known },
    });
  });

  it('grants an empty list of payment methods when its metadata names none', () => {
    expect(check({ ...active, metadata: undefined })).toEqual({
      kind: 'active',
      principal: { cartId: 'cart-1', projectKey: 'shop', allowedPaymentMethods: [] },
    });
  });

  it('has its expiry if the Session API states it', () => {
    const expiresAt = '2026-11-23T12:30:00Z';
    expect(check({ ...active, expiresAt })).toMatchObject({ principal: { expiresAt } });
  });

  it.each([
    ['is expired', { ...active, state: 'EXPIRED' }, 'expired'],
    ['is in a state nobody knows', { ...active, state: 'active' }, 'expired'],
    ['has expired although its state lags', { ...active, expiresAt: '2026-11-23T12:00:00Z' }, 'expired'],
    ['has no cart', { ...active, activeCart: undefined }, 'no_cart'],
    ['has an empty cart reference', { ...active, activeCart: { cartRef: {} } }, 'no_cart'],
    ['has only the cart of its creation request', { state: 'ACTIVE', cart: { cartRef: { id: 'cart-1' } } }, 'no_cart'],
  ])('is refused when it %s', (_rule, body, reason) => {
    expect(check(body)).toEqual({ kind: 'refused', reason });
  });

  it('may contain a merchant’s odd values in its metadata', () => {
    const metadata = { allowedPaymentMethods: 'card', merchantReturnUrl: 7, futureOrderNumber: null };
    expect(check({ ...active, metadata })).toMatchObject({ kind: 'active', principal: { allowedPaymentMethods: [] } });
  });

  it.each([
    [{ centAmount: 1.5, currencyCode: 'EUR' }],
    [{ centAmount: -1, currencyCode: 'EUR' }],
    [{ centAmount: 5 }],
    ['5'],
  ])('is unreadable with the gift card amount %j, because that decides what is charged', (giftCardPlannedAmount) => {
    expect(sessionSchema.safeParse({ ...active, metadata: { giftCardPlannedAmount } }).success).toBe(false);
  });
});

it.each([
  ['0a0af777-286e-4ae8-bb90-c3e6b2050a69', true],
  ['a/../b?c', true],
  ['', false],
  ['a b', false],
  ['a\r\nx-evil: 1', false],
  ['ä', false],
  ['x'.repeat(257), false],
])('can %j be the id of a session? %s', (id, expected) => {
  expect(isSessionId(id)).toBe(expected);
});
