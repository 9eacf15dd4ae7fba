import { describe, expect, it } from 'vitest';
import { aPayment, aPaymentIntent, aTransaction } from '../testing/builders.ts';
import { confirmationOf, isPaymentIntentId, isRecorded } from './confirmation.ts';

const payment = aPayment();
const confirm = (paymentIntent: Parameters<typeof aPaymentIntent>[0], onCart = [payment], of = payment) =>
  confirmationOf({ cartId: 'cart-1', payments: onCart }, of, aPaymentIntent({ status: 'succeeded', ...paymentIntent }))
    .kind;

describe('a confirmation', () => {
  it.each([
    ['succeeded', 'authorised'],
    ['requires_capture', 'authorised'],
    ['processing', 'processing'],
    ['requires_action', 'rejected'],
    ['requires_payment_method', 'rejected'],
    ['requires_confirmation', 'rejected'],
    ['canceled', 'rejected'],
  ] as const)('of a PaymentIntent that is %s is %s', (status, expected) => {
    expect(confirm({ status })).toBe(expected);
  });

  it.each([
    ['was refunded in full', 'succeeded', { amount: 1190, amount_captured: 1190, amount_refunded: 1190 }, 'rejected'],
    ['was refunded in part', 'succeeded', { amount: 1190, amount_captured: 1190, amount_refunded: 1189 }, 'authorised'],
    [
      'holds a part, its rest canceled',
      'canceled',
      { amount: 1190, amount_captured: 500, amount_refunded: 690 },
      'authorised',
    ],
    [
      'was canceled with nothing captured',
      'canceled',
      { amount: 1190, amount_captured: 0, amount_refunded: 1190 },
      'rejected',
    ],
  ] as const)('of a PaymentIntent that %s', (_how, status, charge, expected) => {
    expect(confirm({ status, latest_charge: charge as never })).toBe(expected);
  });

  it('of a PaymentIntent that waits for a voucher to be paid is processing', () => {
    const next_action = { type: 'multibanco_display_details' } as never;
    expect(confirm({ status: 'requires_action', next_action })).toBe('processing');
  });

  it.each([
    ['is of another amount', { amount: 1 }],
    ['is of another currency', { currency: 'usd' }],
  ])('is authorised although the PaymentIntent %s than planned, because amountPlanned follows it', (_what, fields) => {
    expect(confirm(fields)).toBe('authorised');
  });

  it.each([
    ["names another cart's id", { metadata: { cart_id: 'cart-2', ct_payment_key: 'cart-1-1' } }],
    ["names another payment's key", { metadata: { ct_payment_key: 'cart-2-1' } }],
    ['names no payment', { metadata: {} }],
    ['names an empty key', { metadata: { ct_payment_key: '', ct_payment_id: '' } }],
  ])('is rejected when the PaymentIntent %s', (_what, fields) => {
    expect(confirm(fields)).toBe('rejected');
  });

  it("accepts the original connector's link, the payment's id", () => {
    const { key: _none, ...theirs } = payment;
    expect(confirm({ metadata: { ct_payment_id: payment.id } }, [theirs], theirs)).toBe('authorised');
    expect(confirm({ metadata: { ct_payment_id: 'other' } }, [theirs], theirs)).toBe('rejected');
  });

  it("is rejected for a payment that is not the session's cart's", () => {
    const theirs = aPayment({ key: 'cart-2-1' });
    expect(confirm({ metadata: { ct_payment_key: 'cart-2-1' } }, [], theirs)).toBe('rejected');
    const { key: _none, ...unnamed } = payment;
    expect(confirm({ metadata: { ct_payment_id: payment.id } }, [], unnamed)).toBe('rejected');
  });

  it('is authorised for a payment of the cart that somebody removed from it meanwhile', () => {
    expect(confirm({}, [])).toBe('authorised');
  });
});

describe('commercetools shows it', () => {
  it.each([
    ['succeeded', aTransaction('Charge', 'Success', { interactionId: 'pi_1' }), true],
    ['succeeded', aTransaction('Authorization', 'Success', { interactionId: 'pi_1' }), false],
    ['requires_capture', aTransaction('Authorization', 'Success', { interactionId: 'pi_1' }), true],
    ['requires_capture', aTransaction('Authorization', 'Success', { interactionId: 'pi_0' }), false],
    ['requires_capture', aTransaction('Authorization', 'Pending', { interactionId: 'pi_1' }), false],
  ] as const)('when the PaymentIntent is %s and the payment has %j: %s', (status, transaction, expected) => {
    const shown = isRecorded([transaction], aPaymentIntent({ status }));
    expect(shown).toBe(expected);
  });
});

describe("a browser's word for a PaymentIntent", () => {
  it.each([
    ['pi_3Nx', true],
    ['pi_3Nx_secret_abc', false],
    ['', false],
    ['../refunds', false],
    ['ch_1', false],
  ])('%j may be asked for: %s', (text, expected) => {
    expect(isPaymentIntentId(text)).toBe(expected);
  });
});
