import { attributesOf, EVENTS, type EventType } from '@connector/contracts';
import { METADATA } from '@connector/payment-model';
import { expected, receive, startContract } from '@connector/testing/pact';
import { MatchersV3 } from '@pact-foundation/pact';
import { expect, it } from 'vitest';
import type * as z from 'zod';
import { type PaymentEvent, toPaymentEvent } from '../src/domain/payment-event.ts';
import { paymentIntentSchema, refundSchema } from '../src/domain/stripe-objects.ts';

const { equal, regex, string } = MatchersV3;

const contract = startContract('ledger', 'intent');

const payment = { paymentId: 'payment-1', paymentIntentId: 'pi_1' };
const euros = { centAmount: 10_000, currencyCode: 'EUR', fractionDigits: 2 };
const operation = { ...payment, operationId: 'operation-1' };
const stripeMoney = { amount: 10_000, currency: 'eur', created: 1_795_424_400 };
const paymentIntent = {
  id: 'pi_1',
  object: 'payment_intent',
  status: 'succeeded',
  ...stripeMoney,
  amount_received: 10_000,
  latest_charge: 'ch_1',
  metadata: { [METADATA.cartId]: 'cart-1', [METADATA.projectKey]: 'shop', [METADATA.paymentKey]: 'cart-1-1' },
} as const;
const refund = {
  id: 're_1',
  object: 'refund',
  ...stripeMoney,
  status: 'pending',
  charge: 'ch_1',
  payment_intent: 'pi_1',
} as const;

const completed = EVENTS['checkout.payment.operation_completed'];
const [done, refused] = completed.shape.outcome.options;

interface Row {
  says: string;
  type: EventType;
  /** How the ledger reads it: our own event, and in it Stripe's object as from a webhook. */
  schema: z.ZodType;
  example: object;
  means: PaymentEvent['detail'] | object;
}

const ROWS: Row[] = [
  {
    says: 'a payment that was opened',
    type: 'checkout.payment.opened',
    schema: EVENTS['checkout.payment.opened'],
    example: { ...payment, paymentKey: 'cart-1-1', cartId: 'cart-1', amount: euros },
    means: { kind: 'payment-opened', data: { paymentKey: 'cart-1-1', cartId: 'cart-1' } },
  },
  {
    says: 'a payment that the shopper confirmed',
    type: 'checkout.payment.confirmed',
    schema: EVENTS['checkout.payment.confirmed'].extend({ paymentIntent: paymentIntentSchema }),
    example: { ...payment, paymentIntent },
    means: { kind: 'payment-intent-changed', paymentIntent: { id: 'pi_1', status: 'succeeded' } },
  },
  {
    says: 'a capture that the merchant asked for',
    type: 'checkout.payment.operation_requested',
    schema: EVENTS['checkout.payment.operation_requested'],
    example: { ...operation, operation: 'capturePayment', transactionType: 'Charge', amount: euros },
    means: { kind: 'operation-requested', data: { transactionType: 'Charge', amount: euros } },
  },
  {
    says: 'a capture that Stripe made',
    type: 'checkout.payment.operation_completed',
    schema: completed.extend({ outcome: done.extend({ object: paymentIntentSchema }) }),
    example: { ...operation, operation: 'capturePayment', outcome: { kind: 'done', object: paymentIntent } },
    means: { kind: 'payment-intent-changed', paymentIntent: { id: 'pi_1', amount_received: 10_000 } },
  },
  {
    says: 'a refund that Stripe took',
    type: 'checkout.payment.operation_completed',
    schema: completed.extend({ outcome: done.extend({ object: refundSchema }) }),
    example: { ...operation, operation: 'refundPayment', outcome: { kind: 'done', object: refund } },
    means: { kind: 'refund-changed', refund: { id: 're_1', charge: 'ch_1' } },
  },
  {
    says: 'a capture that Stripe refused',
    type: 'checkout.payment.operation_completed',
    schema: completed.extend({ outcome: refused }),
    example: {
      ...operation,
      operation: 'capturePayment',
      outcome: {
        kind: 'refused',
        transactionType: 'Charge',
        amount: euros,
        code: 'card_declined',
        declineCode: 'generic_decline',
      },
    },
    means: {
      kind: 'operation-refused',
      data: { operationId: 'operation-1' },
      refusal: { transactionType: 'Charge', amount: euros, code: 'card_declined', declineCode: 'generic_decline' },
    },
  },
];

it.each(ROWS)('reads $says', async ({ says, type, schema, example, means }) => {
  const headers = {
    ce_id: string('event-1'),
    ce_source: string('/stripe-connector/intent'),
    ce_type: equal(type),
    // When it happened; Stripe's own events say it themselves.
    ce_time: regex('\\d{4}-\\d\\d-\\d\\dT.+Z', '2026-11-23T09:00:00.000Z'),
    // One payment's events must share a partition.
    key: regex('pi_\\w+', 'pi_1'),
  };
  await receive(contract, says, { headers, content: expected(schema, example) }, (message) => {
    expect(toPaymentEvent(attributesOf(message.headers), message.value)).toMatchObject({
      id: 'event-1',
      type,
      occurredAt: new Date('2026-11-23T09:00:00Z'),
      paymentId: 'payment-1',
      paymentIntentId: 'pi_1',
      detail: means,
    });
  });
});

it('is the published contract', async () => {
  await expect(contract.text()).toMatchFileSnapshot(contract.file);
});
