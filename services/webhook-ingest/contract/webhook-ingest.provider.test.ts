import { STRIPE_EVENT_TYPES, STRIPE_EVENTS, type StripeChange, type StripeEventType } from '@connector/contracts';
import {
  balanceTransaction,
  chargeOf,
  disputeOf,
  METADATA_OF_OURS,
  paymentIntent,
  refundOf,
  reviewOf,
  type StripeObject,
  savedCard,
  stripeEvent,
  warningOf,
} from '@connector/testing';
import { verifyMessages } from '@connector/testing/pact';
import { it } from 'vitest';
import { classify } from '../src/domain/classify.ts';
import { toPaymentRecord } from '../src/domain/to-payment-record.ts';

const waiting = paymentIntent();
const charge = chargeOf(waiting);
const dispute = disputeOf(charge, { balance_transactions: [balanceTransaction()] });
const declined = {
  type: 'card_error',
  code: 'card_declined',
  decline_code: 'insufficient_funds',
  message: 'Your card has insufficient funds.',
  charge: charge.id,
} as const;

/** The object of a Stripe event by its kind of change, or by its type where the kind is not enough. */
const BY_CHANGE: Record<StripeChange, StripeObject> = {
  'charge-changed': charge,
  'charge-refunded': { ...charge, amount_refunded: charge.amount, refunded: true },
  'payment-intent-changed': paymentIntent({
    status: 'succeeded',
    amount_received: waiting.amount,
    latest_charge: charge.id,
    payment_method: charge.payment_method,
  }),
  'shopper-must-act': paymentIntent({ status: 'requires_action' }),
  'payment-failed': paymentIntent({ last_payment_error: declined }),
  'refund-changed': refundOf(charge),
  'dispute-changed': dispute,
  'payment-suspected': reviewOf(charge),
  'method-changed': savedCard(),
};
const BY_TYPE: Partial<Record<StripeEventType, StripeObject>> = {
  'payment_intent.canceled': paymentIntent({ status: 'canceled' }),
  'payment_intent.processing': paymentIntent({ status: 'processing', latest_charge: charge.id }),
  'payment_intent.amount_capturable_updated': paymentIntent({ status: 'requires_capture', latest_charge: charge.id }),
  'payment_intent.partially_funded': paymentIntent({ status: 'requires_action' }),
  'radar.early_fraud_warning.created': warningOf(charge),
  'radar.early_fraud_warning.updated': warningOf(charge),
  'refund.failed': refundOf(charge, { status: 'failed' }),
};

/** Makes the record of a webhook's body, as the route does. */
function recordOf(type: StripeEventType) {
  const body = Buffer.from(JSON.stringify(stripeEvent(type, BY_TYPE[type] ?? BY_CHANGE[STRIPE_EVENTS[type]])));
  const ours = { livemode: false, projectKey: METADATA_OF_OURS.ct_project_key };
  const classified = classify(JSON.parse(body.toString()), ours);
  if (classified.kind !== 'record') throw new Error(`${type} is ${classified.kind}`);
  return toPaymentRecord(classified.event, body, 'acct_1');
}

it('webhook-ingest publishes what the ledger expects', async () => {
  const records = STRIPE_EVENT_TYPES.map((type) => [`Stripe's ${type}`, () => recordOf(type)]);
  await verifyMessages('webhook-ingest', ['ledger'], Object.fromEntries(records));
});
