import {
  attributesOf,
  PAYMENT_EVENT_TYPES,
  type PaymentChange,
  STRIPE_EVENT_TYPES,
  STRIPE_EVENTS,
  STRIPE_TYPE_PREFIX,
  type StripeEventType,
} from '@connector/contracts';
import { METADATA } from '@connector/payment-model';
import { expected, receive, startContract } from '@connector/testing/pact';
import { MatchersV3 } from '@pact-foundation/pact';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { methodEventSchema, toMethodEvent } from '../src/domain/method-event.ts';
import { toPaymentEvent } from '../src/domain/payment-event.ts';
import {
  chargeSchema,
  disputeSchema,
  paymentIntentSchema,
  refundSchema,
  stripeEventSchema,
  suspicionSchema,
} from '../src/domain/stripe-objects.ts';

const { equal, regex, string } = MatchersV3;

const contract = startContract('ledger', 'webhook-ingest');

/** Whose a PaymentIntent or charge is. */
const metadata = {
  [METADATA.cartId]: 'cart-1',
  [METADATA.projectKey]: 'shop',
  [METADATA.paymentKey]: 'cart-1-1',
};
const money = { amount: 10_000, currency: 'eur', created: 1_795_424_400 };
const charge = {
  schema: chargeSchema,
  example: {
    id: 'ch_1',
    object: 'charge',
    status: 'succeeded',
    ...money,
    amount_captured: 10_000,
    captured: true,
    payment_intent: 'pi_1',
    payment_method: 'pm_1',
    metadata,
    payment_method_details: { type: 'card' },
  },
};
const refund = {
  schema: refundSchema,
  example: { id: 're_1', object: 'refund', ...money, status: 'succeeded', charge: 'ch_1', payment_intent: 'pi_1' },
};
const dispute = {
  schema: disputeSchema,
  example: {
    id: 'du_1',
    object: 'dispute',
    ...money,
    status: 'needs_response',
    charge: 'ch_1',
    payment_intent: 'pi_1',
    balance_transactions: [{ amount: -10_000 }],
  },
};
const review = {
  schema: suspicionSchema.extend({ object: z.literal('review') }),
  example: { id: 'prv_1', object: 'review', charge: 'ch_1', payment_intent: 'pi_1', reason: 'rule', open: true },
};
const warning = {
  schema: suspicionSchema.extend({ object: z.literal('radar.early_fraud_warning') }),
  example: {
    id: 'issfr_1',
    object: 'radar.early_fraud_warning',
    charge: 'ch_1',
    payment_intent: 'pi_1',
    fraud_type: 'made_with_stolen_card',
    actionable: true,
  },
};
/** What a PaymentIntent's event means hangs on the status in it. */
const paymentIntent = (status: string, fields: object = {}) => ({
  schema: paymentIntentSchema.extend({ status: z.literal(status) }),
  example: { id: 'pi_1', object: 'payment_intent', status, ...money, amount_received: 0, metadata, ...fields },
});
const declined = {
  last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds', message: 'Your card was declined.' },
};

/** What the ledger reads of an event by what it tells, and where the type says more than that. */
const BY_CHANGE: Record<PaymentChange, { schema: z.ZodType; example: object }> = {
  'charge-changed': charge,
  'charge-refunded': charge,
  'payment-intent-changed': paymentIntent('succeeded', {
    amount_received: 10_000,
    latest_charge: 'ch_1',
    payment_method: 'pm_1',
  }),
  'shopper-must-act': paymentIntent('requires_action'),
  'payment-failed': paymentIntent('requires_payment_method', declined),
  'refund-changed': refund,
  'dispute-changed': dispute,
  'payment-suspected': review,
};
const BY_TYPE: Partial<Record<StripeEventType, { schema: z.ZodType; example: object }>> = {
  'payment_intent.canceled': paymentIntent('canceled'),
  'payment_intent.processing': paymentIntent('processing', { latest_charge: 'py_1' }),
  'payment_intent.amount_capturable_updated': paymentIntent('requires_capture', { latest_charge: 'ch_1' }),
  'payment_intent.partially_funded': paymentIntent('requires_action'),
  'radar.early_fraud_warning.created': warning,
  'radar.early_fraud_warning.updated': warning,
  'refund.failed': {
    schema: refundSchema.extend({ status: z.literal('failed') }),
    example: { ...refund.example, status: 'failed' },
  },
};

it.each(PAYMENT_EVENT_TYPES)("reads Stripe's %s from its bytes", async (type) => {
  const change = STRIPE_EVENTS[type];
  const { schema, example } = BY_TYPE[type] ?? BY_CHANGE[change];
  const content = expected(stripeEventSchema.extend({ type: z.literal(type), data: z.object({ object: schema }) }), {
    id: 'evt_1',
    type,
    created: 1_795_424_520,
    livemode: false,
    data: { object: example },
  });
  const headers = {
    ce_id: regex('evt_\\w+', 'evt_1'),
    ce_source: string('/stripe/acct_1'),
    ce_type: equal(`${STRIPE_TYPE_PREFIX}${type}`),
    // One payment's events must share a partition.
    key: regex('pi_\\w+', 'pi_1'),
  };
  await receive(contract, `Stripe's ${type}`, { headers, content }, (message) => {
    const event = toPaymentEvent(attributesOf(message.headers), message.value);
    expect(event).toMatchObject({
      id: 'evt_1',
      type,
      occurredAt: new Date('2026-11-23T09:02:00Z'),
      livemode: false,
      paymentIntentId: 'pi_1',
      detail: { kind: change },
    });
  });
});

it.each(STRIPE_EVENT_TYPES.filter((type) => STRIPE_EVENTS[type] === 'method-changed'))(
  "reads Stripe's %s from its bytes",
  async (type) => {
    const content = expected(methodEventSchema.extend({ type: z.literal(type) }), {
      id: 'evt_1',
      type,
      livemode: false,
      data: { object: { id: 'pm_1', object: 'payment_method', customer: 'cus_1' } },
    });
    const headers = {
      ce_id: regex('evt_\\w+', 'evt_1'),
      ce_source: string('/stripe/acct_1'),
      ce_type: equal(`${STRIPE_TYPE_PREFIX}${type}`),
      // One method's events must share a partition.
      key: regex('pm_\\w+', 'pm_1'),
    };
    await receive(contract, `Stripe's ${type}`, { headers, content }, (message) => {
      const event = toMethodEvent(attributesOf(message.headers), message.value);
      expect(event).toEqual({ id: 'evt_1', type, livemode: false, methodId: 'pm_1', stripeCustomerId: 'cus_1' });
    });
  },
);

it('is the published contract', async () => {
  await expect(contract.text()).toMatchFileSnapshot(contract.file);
});
