import { PAYMENT_EVENT_TYPES, type PaymentChange, STRIPE_EVENTS } from '@connector/contracts';
import {
  chargeOf,
  disputeOf,
  paymentIntent,
  refundOf,
  reviewOf,
  type StripeObject,
  stripeEvent,
} from '@connector/testing';
import { describe, expect, it } from 'vitest';
import { messageOf, messageOfIntent } from '../testing/messages.ts';
import { toPaymentEvent } from './payment-event.ts';

const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000 });
const charge = chargeOf(intent);
const OBJECTS: Record<PaymentChange, StripeObject> = {
  'charge-changed': charge,
  'charge-refunded': charge,
  'payment-intent-changed': intent,
  'shopper-must-act': paymentIntent({ id: intent.id, status: 'requires_action' }),
  'payment-failed': intent,
  'refund-changed': refundOf(charge),
  'dispute-changed': disputeOf(charge),
  'payment-suspected': reviewOf(charge),
};
const toEvent = ({ attributes, value }: ReturnType<typeof messageOf>) => toPaymentEvent(attributes, value);
const whose = { paymentId: 'payment-1', paymentIntentId: intent.id };

describe('a message of the payments topic', () => {
  it.each(PAYMENT_EVENT_TYPES)('%s is read as what happened to its PaymentIntent', (type) => {
    const event = stripeEvent(type, OBJECTS[STRIPE_EVENTS[type]]);
    expect(toEvent(messageOf(event))).toMatchObject({
      id: event.id,
      type,
      occurredAt: new Date(event.created * 1000),
      livemode: false,
      paymentIntentId: intent.id,
      detail: { kind: STRIPE_EVENTS[type] },
    });
  });

  it.each([
    [
      'checkout.payment.opened',
      {
        ...whose,
        paymentKey: 'cart-1',
        cartId: 'cart',
        amount: { centAmount: 1, currencyCode: 'EUR', fractionDigits: 2 },
      },
      'payment-opened',
    ],
    ['checkout.payment.confirmed', { ...whose, paymentIntent: intent }, 'payment-intent-changed'],
    [
      'checkout.payment.operation_requested',
      { ...whose, operationId: 'op-1', operation: 'capturePayment' },
      'operation-requested',
    ],
    [
      'checkout.payment.operation_completed',
      { ...whose, operationId: 'op-1', operation: 'capturePayment', outcome: { kind: 'done', object: intent } },
      'payment-intent-changed',
    ],
    [
      'checkout.payment.operation_completed',
      {
        ...whose,
        operationId: 'op-2',
        operation: 'refundPayment',
        outcome: { kind: 'done', object: refundOf(charge) },
      },
      'refund-changed',
    ],
    [
      'checkout.payment.operation_completed',
      {
        ...whose,
        operationId: 'op-3',
        operation: 'refundPayment',
        outcome: {
          kind: 'refused',
          transactionType: 'Refund',
          amount: { centAmount: 1, currencyCode: 'EUR', fractionDigits: 2 },
        },
      },
      'operation-refused',
    ],
    ['checkout.payment.reconciled', { ...whose, object: disputeOf(charge) }, 'dispute-changed'],
  ])('%s is read as %3$s', (type, data, kind) => {
    expect(toEvent(messageOfIntent(type, data))).toMatchObject({
      type,
      paymentIntentId: intent.id,
      paymentId: 'payment-1',
      detail: { kind },
    });
  });

  it('names the PaymentIntent of an expanded charge too', () => {
    const refund = { ...refundOf(charge), payment_intent: intent as never };
    expect(toEvent(messageOf(stripeEvent('refund.created', refund)))).toMatchObject({ paymentIntentId: intent.id });
  });

  it('names no PaymentIntent for a charge that has none', () => {
    const event = stripeEvent('charge.succeeded', { ...charge, payment_intent: null });
    expect(toEvent(messageOf(event))?.paymentIntentId).toBeUndefined();
  });

  it.each(['charge.pending', 'customer.updated', 'payment_intent.created', 'constructor'])(
    '%s changes no payment',
    (type) => {
      expect(toEvent(messageOf(stripeEvent(type, charge)))).toBeUndefined();
    },
  );

  it('of another system changes no payment', () => {
    const { attributes, value } = messageOf(stripeEvent('charge.succeeded', charge));
    expect(toPaymentEvent({ ...attributes, type: 'com.example.shipped' }, value)).toBeUndefined();
  });

  it('that publishes our own result changes no payment', () => {
    expect(toEvent(messageOfIntent('checkout.transaction.recorded', {}))).toBeUndefined();
  });
});

describe('a message that cannot be read', () => {
  const { attributes } = messageOf(stripeEvent('charge.succeeded', charge));
  const unreadable = (value: Buffer | string) => () => toPaymentEvent(attributes, Buffer.from(value));

  it.each([
    ['no JSON', '{"id": "evt_1", '],
    ['nothing', ''],
    ['JSON that is no event', 'null'],
    [
      'an event without an object',
      JSON.stringify({ id: 'evt_1', type: 'charge.succeeded', created: 1, livemode: false, data: {} }),
    ],
    ['another object than its type says', JSON.stringify(stripeEvent('charge.succeeded', intent))],
    ['an amount that is no whole number', JSON.stringify(stripeEvent('charge.succeeded', { ...charge, amount: 10.5 }))],
  ])('is refused for good: %s', (_what, value) => {
    expect(unreadable(value)).toThrow(expect.objectContaining({ name: 'PermanentError', reason: 'unreadable' }));
  });

  it('is refused for good: an event of ours without its fields', () => {
    const message = messageOfIntent('checkout.payment.opened', { paymentIntentId: intent.id });
    expect(() => toEvent(message)).toThrow(expect.objectContaining({ name: 'PermanentError', reason: 'unreadable' }));
  });

  it('is refused for good: an event of ours in a version unknown here', () => {
    const message = messageOfIntent('checkout.payment.opened.v2', whose);
    expect(() => toEvent(message)).toThrow(
      expect.objectContaining({ name: 'PermanentError', reason: 'unsupported_version' }),
    );
  });
});
