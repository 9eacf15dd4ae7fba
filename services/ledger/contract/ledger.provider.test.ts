import type { Payment } from '@commercetools/platform-sdk';
import { attributesOf, type EventRecord, STRIPE_TYPE_PREFIX, toRecord } from '@connector/contracts';
import { createLogger } from '@connector/telemetry';
import {
  chargeOf,
  METADATA_OF_OURS,
  payment,
  paymentIntent,
  type StripeEvent,
  stripeEvent,
  transaction,
} from '@connector/testing';
import { verifyMessages } from '@connector/testing/pact';
import { it } from 'vitest';
import { kafkaResults } from '../src/adapters/results.ts';
import { handlePaymentEvent, type PaymentEventsDependencies } from '../src/consumers/payment-events.ts';
import { paymentIntentSchema } from '../src/domain/stripe-objects.ts';

const waiting = paymentIntent();
const declined = paymentIntent({
  last_payment_error: { type: 'card_error', code: 'card_declined', decline_code: 'insufficient_funds' },
});

/** What the ledger publishes of an event of Stripe's about a payment that intent made. */
async function publishedFor(event: StripeEvent): Promise<EventRecord[]> {
  const published: EventRecord[] = [];
  const { ct_payment_key: key, ct_project_key: projectKey } = METADATA_OF_OURS;
  const ours = payment({ key });
  const update = async (): Promise<Payment> => ({
    ...ours,
    version: 2,
    transactions: [transaction('Charge', 'Success', { interactionId: waiting.id })],
  });
  const none = async () => undefined;
  const unasked = () => Promise.reject(new Error('nothing else is asked of Stripe'));
  const dependencies: PaymentEventsDependencies = {
    payments: { byId: none, byKey: async () => ours, byPaymentIntent: none, create: none, update },
    carts: { byId: none, addPayment: async () => {} },
    stripe: {
      paymentIntent: async () => paymentIntentSchema.parse(declined),
      refundsOf: unasked,
      dispute: unasked,
    },
    known: new Map(),
    projectKey,
    paymentInterface: 'checkout-stripe',
    livemode: false,
    interactionType: () => undefined,
    results: kafkaResults({
      send: async (_topic: string, record: EventRecord) => void published.push(record),
    } as never),
    log: createLogger('ledger', 'silent'),
  };
  const attributes = { id: event.id, source: '/stripe', type: `${STRIPE_TYPE_PREFIX}${event.type}`, time: '' };
  const { key: paymentIntentId, headers, value } = toRecord(waiting.id, attributes, event);
  await handlePaymentEvent(dependencies)({
    topic: 'payments.events',
    partition: 0,
    offset: '0',
    key: paymentIntentId,
    headers,
    value,
    attributes: attributesOf(headers),
    receivedAt: new Date(),
    attempt: 1,
    isAssigned: () => true,
    mayCall: () => true,
  });
  return published;
}

const ofType = (type: string, records: EventRecord[]): EventRecord => {
  const record = records.find(({ headers }) => headers.ce_type === type);
  if (!record) throw new Error(`no ${type} was published`);
  return record;
};

it('the ledger publishes what intent and session-auth expect', async () => {
  await verifyMessages('ledger', ['intent', 'session-auth'], {
    'a payment that shows an event': async () =>
      ofType('checkout.transaction.recorded', await publishedFor(stripeEvent('charge.succeeded', chargeOf(waiting)))),
    'a decline': async () =>
      ofType('checkout.payment.rejected', await publishedFor(stripeEvent('payment_intent.payment_failed', declined))),
  });
});
