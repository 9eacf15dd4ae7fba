import { describe, expect, it } from 'vitest';
import { aPayment, aPaymentIntent, aTransaction, euro } from '../testing/builders.ts';
import { type Operation, type Plan, planOf } from './operations.ts';

const amount = (centAmount: number, currencyCode = 'EUR') => ({ centAmount, currencyCode });
const charge = (amount_captured: number, amount_refunded = 0) => ({ amount_captured, amount_refunded }) as never;
const authorised = aPaymentIntent({ status: 'requires_capture', amount_capturable: 1190 });
const captured = (refunded = 0) =>
  aPaymentIntent({ status: 'succeeded', amount_received: 1190, latest_charge: charge(1190, refunded) });
const partlyCaptured = aPaymentIntent({
  status: 'requires_capture',
  amount_received: 500,
  latest_charge: charge(500),
});
const payment = aPayment({ transactions: [aTransaction('Charge', 'Success', { id: 'charge-1' })] });

const NONE = {};
const SEVERAL = { multicapture: true };

type Row = [string, Operation, ReturnType<typeof aPaymentIntent>, boolean, Partial<Plan>];

describe('a capture', () => {
  const capture = (centAmount: number, currencyCode?: string): Operation => ({
    action: 'capturePayment',
    amount: amount(centAmount, currencyCode),
  });
  it.each<Row>([
    ['of everything is final', capture(1190), authorised, false, { kind: 'capture', amount: 1190, isFinal: true }],
    ['of a part is refused while that is off', capture(500), authorised, false, { kind: 'refused' }],
    ['of a part leaves the rest', capture(500), authorised, true, { kind: 'capture', amount: 500, isFinal: false }],
    ['of the last part is final', capture(690), partlyCaptured, true, { kind: 'capture', amount: 690, isFinal: true }],
    [
      'above the authorisation is left to Stripe to refuse',
      capture(2000),
      authorised,
      false,
      { kind: 'capture', amount: 2000 },
    ],
    [
      'in another currency is invalid',
      capture(1190, 'USD'),
      authorised,
      false,
      { kind: 'invalid', field: 'amount.currencyCode' },
    ],
    ['of nothing is invalid', capture(0), authorised, true, { kind: 'invalid', field: 'amount.centAmount' }],
  ])('%s', (_rule, operation, paymentIntent, multi, expected) => {
    expect(planOf(operation, payment, paymentIntent, { multicapture: multi })).toMatchObject(expected);
  });

  it.each([
    ['ahead of', 24000],
    ['behind', 600],
  ])(
    'of everything that Stripe holds is final, and of less is not, while amountPlanned is %s it',
    (_where, centAmount) => {
      const planned = aPayment({ planned: euro(centAmount) });
      expect(planOf(capture(1190), planned, authorised, NONE)).toMatchObject({ kind: 'capture', isFinal: true });
      expect(planOf(capture(600), planned, authorised, SEVERAL)).toMatchObject({ kind: 'capture', isFinal: false });
    },
  );

  it('of a payment without a planned amount is refused', () => {
    const nothing = aPayment({ planned: euro(0) });
    expect(planOf(capture(1), nothing, authorised, SEVERAL)).toMatchObject({ kind: 'refused' });
  });
});

describe('a refund', () => {
  const refund = (centAmount: number, fields = {}): Operation => ({
    action: 'refundPayment',
    amount: amount(centAmount),
    ...fields,
  });
  it.each<Row>([
    ['of everything', refund(1190), captured(), false, { kind: 'refund', amount: 1190 }],
    ['of a part', refund(1), captured(), false, { kind: 'refund', amount: 1 }],
    ['of what is left', refund(190), captured(1000), false, { kind: 'refund', amount: 190 }],
    ['above what is left', refund(191), captured(1000), false, { kind: 'invalid', allowed: ['<= 190'] }],
    ['of what was only authorised', refund(1), authorised, false, { kind: 'invalid', allowed: ['<= 0'] }],
    ['of a partly captured payment', refund(501), partlyCaptured, true, { kind: 'invalid', allowed: ['<= 500'] }],
    ['of a named charge', refund(1, { transactionId: 'charge-1' }), captured(), false, { kind: 'refund' }],
    [
      'of an unknown charge',
      refund(1, { transactionId: 'other' }),
      captured(),
      false,
      { kind: 'invalid', field: 'transactionId' },
    ],
  ])('%s', (_rule, operation, paymentIntent, multi, expected) => {
    expect(planOf(operation, payment, paymentIntent, { multicapture: multi })).toMatchObject(expected);
  });
});

describe('raising an authorisation', () => {
  const raise = (centAmount: number, currencyCode?: string): Operation => ({
    action: 'incrementAuthorization',
    amount: amount(centAmount, currencyCode),
  });
  it.each<[string, Operation, boolean, Partial<Plan>]>([
    ['to a new total', raise(1500), true, { kind: 'increment', amount: 1500, money: euro(310) }],
    ['is refused while that is off', raise(1500), false, { kind: 'refused' }],
    ['to what is authorised already is invalid', raise(1190), true, { kind: 'invalid', allowed: ['> 1190'] }],
    ['to less is invalid', raise(1000), true, { kind: 'invalid', field: 'amount.centAmount' }],
    ['in another currency is invalid', raise(1500, 'USD'), true, { kind: 'invalid', field: 'amount.currencyCode' }],
  ])('%s', (_rule, operation, incrementalAuthorization, expected) => {
    expect(planOf(operation, payment, authorised, { incrementalAuthorization })).toMatchObject(expected);
  });
});

describe('a payment that was captured above what was authorised', () => {
  const over = aPaymentIntent({ status: 'succeeded', amount_received: 1300, latest_charge: charge(1300, 200) });

  it('can be refunded up to all that was captured', () => {
    const refund = (centAmount: number): Operation => ({ action: 'refundPayment', amount: amount(centAmount) });
    expect(planOf(refund(1100), payment, over, NONE)).toMatchObject({ kind: 'refund', amount: 1100 });
    expect(planOf(refund(1101), payment, over, NONE)).toMatchObject({ kind: 'invalid', allowed: ['<= 1100'] });
  });
});

describe('a cancellation', () => {
  it('after a capture above the authorisation cancels zero, never less', () => {
    const above = aPaymentIntent({ status: 'succeeded', amount_received: 1390, latest_charge: charge(1390) });
    expect(planOf({ action: 'cancelPayment' }, payment, above, NONE)).toEqual({ kind: 'cancel', money: euro(0) });
  });

  it('releases the uncaptured rest', () => {
    expect(planOf({ action: 'cancelPayment' }, payment, partlyCaptured, SEVERAL)).toEqual({
      kind: 'cancel',
      money: euro(690),
    });
  });
});

describe('a reversal', () => {
  it.each<[string, ReturnType<typeof aPaymentIntent>, Partial<Plan>]>([
    ['refunds the captured amount', captured(), { kind: 'refund', amount: 1190 }],
    ['refunds no more than the captured amount', partlyCaptured, { kind: 'refund', amount: 500 }],
    ['releases an authorisation', authorised, { kind: 'cancel', money: euro(1190) }],
    ['never does anything twice', captured(1), { kind: 'nothing-to-reverse' }],
    ['has nothing to do for an unpaid attempt', aPaymentIntent(), { kind: 'nothing-to-reverse' }],
    ['has nothing to do for a canceled one', aPaymentIntent({ status: 'canceled' }), { kind: 'nothing-to-reverse' }],
    [
      'does not count a released authorisation as a refund',
      aPaymentIntent({ status: 'canceled', latest_charge: charge(0, 1190) }),
      { kind: 'nothing-to-reverse' },
    ],
  ])('%s', (_rule, paymentIntent, expected) => {
    expect(planOf({ action: 'reversePayment' }, payment, paymentIntent, NONE)).toMatchObject(expected);
  });
});
