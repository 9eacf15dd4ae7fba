import { orUndefined } from '@connector/errors';
import { METADATA } from '@connector/payment-model';
import { isMissing, type StripeClient, StripeRejection } from '@connector/stripe';
import type Stripe from 'stripe';
import { statusOf } from '../domain/attempts.ts';
import { WITHOUT_LINE_ITEMS } from '../domain/line-items.ts';
import type { PaymentIntents } from '../use-cases/ports.ts';

type CaptureStep = Parameters<PaymentIntents['capture']>[1];
type IncrementStep = Parameters<PaymentIntents['increment']>[1];

const isOtherParameters = (error: unknown): boolean =>
  error instanceof StripeRejection && error.type === 'idempotency_error';

/** PaymentIntents and their refunds at Stripe, over its API. */
export const stripePaymentIntents = ({ call }: Pick<StripeClient, 'call'>): PaymentIntents => ({
  create: async (params, key) => {
    try {
      const paymentIntent = await call('payment_intents.create', (stripe) =>
        stripe.paymentIntents.create(params, { idempotencyKey: key }),
      );
      return { kind: 'created', paymentIntent };
    } catch (error) {
      if (isOtherParameters(error)) return { kind: 'other-parameters' };
      throw error;
    }
  },
  find: (id) =>
    orUndefined(
      call('payment_intents.retrieve', (stripe) => stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })),
    ),
  search: async (paymentKey, amount) => {
    const query = `metadata['${METADATA.paymentKey}']:'${paymentKey.replace(/[^\w-]/g, '')}'`;
    const found = await call('payment_intents.search', (stripe) => stripe.paymentIntents.search({ query, limit: 100 }));
    return bestOf(found.data, amount);
  },
  confirm: (id, params, idempotencyKey) =>
    call('payment_intents.confirm', (stripe) => stripe.paymentIntents.confirm(id, params, { idempotencyKey })),
  update: (id, params, idempotencyKey) =>
    call('payment_intents.update', (stripe) => stripe.paymentIntents.update(id, params, { idempotencyKey })),
  cancel: (id, idempotencyKey) =>
    call('payment_intents.cancel', (stripe) => stripe.paymentIntents.cancel(id, {}, { idempotencyKey })),
  capture: (id, step, idempotencyKey) =>
    call('payment_intents.capture', (stripe) =>
      stripe.paymentIntents.capture(id, captureParams(step), { idempotencyKey }),
    ),
  increment: (id, step, idempotencyKey) =>
    call('payment_intents.increment_authorization', (stripe) =>
      stripe.paymentIntents.incrementAuthorization(id, incrementParams(step), { idempotencyKey }),
    ),
  refund: (payment_intent, { amount, metadata }, idempotencyKey) =>
    call('refunds.create', (stripe) => stripe.refunds.create({ payment_intent, amount, metadata }, { idempotencyKey })),
  refundsOf: async (payment_intent) => {
    try {
      return await call('refunds.list', (stripe) =>
        Array.fromAsync(stripe.refunds.list({ payment_intent, limit: 100, expand: ['data.balance_transaction'] })),
      );
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
});

/** Of the PaymentIntents with one key: one that was paid, which may have been raised since, else one of this amount. */
function bestOf(found: readonly Stripe.PaymentIntent[], amount: number): Stripe.PaymentIntent | undefined {
  const candidates = found.filter((candidate) => candidate.amount === amount);
  return (
    found.find((candidate) => statusOf(candidate) === 'paid') ??
    candidates.find(({ status }) => status !== 'canceled') ??
    candidates[0]
  );
}

const captureParams = ({ amount, isFinal, metadata, withoutLineItems = false }: CaptureStep) => ({
  amount_to_capture: amount,
  ...(!isFinal && { final_capture: false }),
  metadata,
  ...(withoutLineItems && { amount_details: WITHOUT_LINE_ITEMS }),
});

const incrementParams = ({ amount, metadata, withoutLineItems = false }: IncrementStep) => ({
  amount,
  metadata,
  ...(withoutLineItems && { amount_details: WITHOUT_LINE_ITEMS }),
});
