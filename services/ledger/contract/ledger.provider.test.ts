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
import { settleGroup } from '../src/use-cases/settle-unordered.ts';
import type { SettleDependencies } from '../src/use-cases/unordered/work.ts';

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
    follow: () => Promise.reject(new Error('no payment method is followed')),
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
    behind: () => [],
    mayCall: () => true,
  });
  return published;
}

const SETTLED = 'checkout.payment.settled_without_order';

/** What `unordered` publishes of a cart that was paid and has no order, when it settles it. */
async function settledBy(mode: 'create' | 'return'): Promise<EventRecord[]> {
  const published: EventRecord[] = [];
  const paid = payment({
    key: METADATA_OF_OURS.ct_payment_key,
    interfaceId: waiting.id,
    transactions: [
      transaction('Authorization', 'Success', { interactionId: waiting.id }),
      transaction('Charge', 'Success', { interactionId: waiting.id }),
    ],
  });
  const { centAmount, currencyCode } = paid.amountPlanned;
  const cart = { id: 'cart-1', version: 1, cartState: 'Active', total: paid.amountPlanned, payments: [paid] };
  const money = { amount: centAmount, captured: centAmount, currency: currencyCode.toLowerCase() };
  const none = async () => {};
  const dependencies: SettleDependencies = {
    payments: { byId: async () => paid },
    carts: { byId: async () => cart, ofPayments: async () => [cart], detach: none },
    orders: {
      of: async () => [],
      byNumber: async () => undefined,
      changePaymentState: none,
      create: async (_cart, { orderNumber }) => ({
        id: 'order-1',
        orderNumber,
        cartId: cart.id,
        paymentIds: [paid.id],
      }),
    },
    moneyAtStripe: async () => ({ status: 'succeeded', ...money, refunded: 0, isDisputed: false }),
    operations: { reverse: async () => 'done' },
    intentions: { open: async () => [], begin: none, end: none },
    producer: { send: async (_topic, record) => void published.push(record) },
    paymentInterface: paid.paymentMethodInfo.paymentInterface ?? '',
    now: () => new Date(),
  };
  const options = { mode, orderNumber: 'stripe-{cartId}', mayBegin: () => true };
  await settleGroup(dependencies, options, { cartId: cart.id, payments: [paid] });
  return published;
}

const ofType = (type: string, records: EventRecord[]): EventRecord => {
  const record = records.find(({ headers }) => headers.ce_type === type);
  if (!record) throw new Error(`no ${type} was published`);
  return record;
};

it('the ledger publishes what intent, session-auth and merchants expect', async () => {
  await verifyMessages('ledger', ['intent', 'session-auth', 'merchant'], {
    'the order of a paid cart was made': async () => ofType(SETTLED, await settledBy('create')),
    'the money of a paid cart went back': async () => ofType(SETTLED, await settledBy('return')),
    'a payment that shows an event': async () =>
      ofType('checkout.transaction.recorded', await publishedFor(stripeEvent('charge.succeeded', chargeOf(waiting)))),
    'a decline': async () =>
      ofType('checkout.payment.rejected', await publishedFor(stripeEvent('payment_intent.payment_failed', declined))),
  });
});
