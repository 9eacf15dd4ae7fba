import { METADATA, operationNote, operationNoteKey } from '@connector/payment-model';
import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { aPaymentIntent } from '../testing/builders.ts';
import { doneUnder, inWords, type OperationLabels, operationIdOf, type StateBefore } from './operation-identity.ts';
import type { Operation } from './operations.ts';

const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });
const refund: Operation = { action: 'refundPayment', amount: EUR(300) };
const capture: Operation = { action: 'capturePayment', amount: EUR(300) };
const cancel: Operation = { action: 'cancelPayment' };
const reverse: Operation = { action: 'reversePayment' };
const nothing: StateBefore = { refunds: 0, captured: 0 };

type Asked = [paymentId: string, operation: Operation, labels: OperationLabels, before: StateBefore];
const id = (...asked: Asked) => operationIdOf(...asked);

describe("an operation's id", () => {
  it.each<[string, Asked, Asked]>([
    [
      'the same operation is requested at the same moment',
      ['p', refund, {}, nothing],
      ['p', { ...refund, amount: EUR(300) }, {}, nothing],
    ],
    [
      'its key is the same, whatever happened since',
      ['p', refund, { idempotencyKey: 'k' }, nothing],
      ['p', refund, { idempotencyKey: 'k' }, { refunds: 3, captured: 9 }],
    ],
    [
      'its key is the same, whatever its reference is',
      ['p', refund, { idempotencyKey: 'k' }, nothing],
      ['p', refund, { idempotencyKey: 'k', merchantReference: 'r' }, nothing],
    ],
    [
      'a refund and a capture run at the same time',
      ['p', refund, {}, nothing],
      ['p', refund, {}, { refunds: 0, captured: 500 }],
    ],
    [
      'a capture and a refund run at the same time',
      ['p', capture, {}, nothing],
      ['p', capture, {}, { refunds: 1, captured: 0 }],
    ],
    [
      'a cancelation is repeated, because it captured nothing',
      ['p', cancel, {}, nothing],
      ['p', cancel, {}, { refunds: 1, captured: 0 }],
    ],
  ])('is the same when %s', (_when, one, other) => {
    expect(id(...one)).toBe(id(...other));
  });

  it.each<[string, Asked, Asked]>([
    ['payment', ['p', refund, {}, nothing], ['q', refund, {}, nothing]],
    ['action', ['p', refund, {}, nothing], ['p', capture, {}, nothing]],
    ['amount', ['p', refund, {}, nothing], ['p', { ...refund, amount: EUR(301) }, {}, nothing]],
    [
      'currency',
      ['p', refund, {}, nothing],
      ['p', { ...refund, amount: { centAmount: 300, currencyCode: 'USD' } }, {}, nothing],
    ],
    [
      'reference',
      ['p', refund, { merchantReference: 'r1' }, nothing],
      ['p', refund, { merchantReference: 'r2' }, nothing],
    ],
    ['number of refunds before a refund', ['p', refund, {}, nothing], ['p', refund, {}, { refunds: 1, captured: 0 }]],
    [
      'amount captured before a capture',
      ['p', capture, {}, nothing],
      ['p', capture, {}, { refunds: 0, captured: 300 }],
    ],
    [
      'number of refunds before a reversal',
      ['p', reverse, {}, nothing],
      ['p', reverse, {}, { refunds: 1, captured: 0 }],
    ],
    ['key', ['p', refund, { idempotencyKey: 'k' }, nothing], ['p', refund, { idempotencyKey: 'l' }, nothing]],
    [
      'payment under one key',
      ['p', refund, { idempotencyKey: 'k' }, nothing],
      ['q', refund, { idempotencyKey: 'k' }, nothing],
    ],
  ])('differs with the %s', (_what, one, other) => {
    expect(id(...one)).not.toBe(id(...other));
  });
});

describe('what was done under an id', () => {
  const key = id('p', refund, { idempotencyKey: 'k' }, nothing);
  const refundOf = (metadata: Record<string, string>) => ({ id: 're_1', object: 'refund', metadata }) as Stripe.Refund;
  const noted = (operation: Operation, fields: Partial<Stripe.PaymentIntent>) =>
    aPaymentIntent({ ...fields, metadata: operationNote(key, inWords(operation), {}) });

  it('is the refund that names it', () => {
    const mine = refundOf({ [METADATA.operationId]: key, [METADATA.operation]: 'refundPayment 300 EUR' });
    const other = refundOf({ [METADATA.operationId]: 'other' });
    expect(doneUnder(key, aPaymentIntent(), [other, mine])).toEqual({
      object: mine,
      operation: 'refundPayment 300 EUR',
    });
    expect(doneUnder(key, aPaymentIntent(), [other])).toBeUndefined();
  });

  it.each<[string, Operation, Partial<Stripe.PaymentIntent>, boolean]>([
    ['a capture with its own entry', capture, { status: 'requires_capture' }, true],
    ['a capture, canceled since', capture, { status: 'canceled' }, true],
    ['a cancelation with an entry that was done', cancel, { status: 'canceled' }, true],
    ['a cancelation with an entry that was not done', cancel, { status: 'requires_capture' }, false],
    ['a reversal that canceled', reverse, { status: 'canceled' }, true],
  ])('is %s', (_what, operation, fields, isDone) => {
    const paymentIntent = noted(operation, fields);
    expect(doneUnder(key, paymentIntent, [])).toEqual(
      isDone ? { object: paymentIntent, operation: inWords(operation) } : undefined,
    );
  });
});

describe("an operation's note", () => {
  const key = id('p', capture, { idempotencyKey: 'k' }, nothing);
  it('has a key of its own, so that two captures at the same time both keep their entries', () => {
    const other = id('p', capture, { idempotencyKey: 'l' }, nothing);
    expect(operationNoteKey(key)).toMatch(/^ct_operation_id_[0-9a-f]{16}$/);
    expect(operationNoteKey(key)).not.toBe(operationNoteKey(other));
    expect(operationNote(key, 'capturePayment 300 EUR', {})).toEqual({
      ct_operation_id: key,
      [operationNoteKey(key)]: 'capturePayment 300 EUR',
    });
  });

  it('is left out when Stripe accepts no more keys', () => {
    const present = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, n) => [`key_${n}`, 'x']));
    expect(Object.keys(operationNote(key, 'cancelPayment', present(48)))).toHaveLength(2);
    expect(operationNote(key, 'cancelPayment', present(49))).toEqual({ ct_operation_id: key });
    expect(operationNote(key, 'cancelPayment', present(50))).toEqual({});
    expect(
      Object.keys(operationNote(key, 'cancelPayment', { ...present(48), ct_operation_id: 'before' })),
    ).toHaveLength(2);
  });
});
