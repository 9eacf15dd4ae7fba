import type { EventAttributes } from '@connector/contracts';
import { SOURCES, STRIPE_TYPE_PREFIX } from '@connector/contracts';
import type { Emission, StripeEvent } from '@connector/testing';
import { type PaymentEvent, toPaymentEvent } from '../domain/payment-event.ts';

/** The payments topic's message of a Stripe event. */
export function messageOf(event: StripeEvent): { attributes: EventAttributes; value: Buffer } {
  const { id, type, created } = event;
  const time = new Date(created * 1000).toISOString();
  const attributes = { id, source: '/stripe/acct_1TFixture', type: `${STRIPE_TYPE_PREFIX}${type}`, time };
  return { attributes, value: Buffer.from(JSON.stringify(event)) };
}

/** The payments topic's message of an event of intent. */
export function messageOfIntent(
  type: string,
  data: object,
  id = '6f1d5b1e-1111-5aaa-8bbb-0123456789ab',
): { attributes: EventAttributes; value: Buffer } {
  const attributes = { id, source: SOURCES.intent, type, time: '2026-11-23T09:02:00.000Z' };
  return { attributes, value: Buffer.from(JSON.stringify(data)) };
}

/** A Stripe event as the ledger reads it. */
export const read = (event: StripeEvent): PaymentEvent => readMessage(messageOf(event));

/** An event of intent as the ledger reads it. */
export const readIntent = (type: string, data: object, id?: string): PaymentEvent =>
  readMessage(messageOfIntent(type, data, id));

function readMessage({ attributes, value }: { attributes: EventAttributes; value: Buffer }): PaymentEvent {
  const event = toPaymentEvent(attributes, value);
  if (!event) throw new Error(`${attributes.type} changes no payment`);
  return event;
}

/** An event of a payment's life as the ledger reads it, for the commercetools payment that intent made. */
export function readEmission(
  emission: Emission,
  {
    paymentIntentId,
    paymentId,
    paymentKey,
    cartId,
  }: Record<'paymentIntentId' | 'paymentId' | 'paymentKey' | 'cartId', string>,
): PaymentEvent {
  if (emission.by === 'stripe') return read(emission.event);
  const { tells, id, object } = emission;
  const whose = { paymentId, paymentIntentId };
  switch (tells) {
    case 'opened': {
      const amount = { centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 };
      return readIntent('checkout.payment.opened', { ...whose, paymentKey, cartId, amount }, id);
    }
    case 'confirmed':
      return readIntent('checkout.payment.confirmed', { ...whose, paymentIntent: object }, id);
    case 'done': {
      const operation = object.object === 'refund' ? 'refundPayment' : 'capturePayment';
      const outcome = { kind: 'done', object };
      return readIntent('checkout.payment.operation_completed', { ...whose, operationId: id, operation, outcome }, id);
    }
  }
}
