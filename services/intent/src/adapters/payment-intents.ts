import { NotFoundError } from '@connector/errors';
import { METADATA } from '@connector/payment-model';
import { isMissing, type StripeClient, StripeRejection } from '@connector/stripe';
import { WITHOUT_LINE_ITEMS } from '../domain/line-items.ts';
import type { PaymentIntents } from '../use-cases/ports.ts';

const isOtherParameters = (error: unknown): boolean =>
  error instanceof StripeRejection && error.type === 'idempotency_error';

export function stripePaymentIntents({ call }: Pick<StripeClient, 'call'>): PaymentIntents {
  return {
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
    find: async (id) => {
      try {
        return await call('payment_intents.retrieve', (stripe) =>
          stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] }),
        );
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
    },
    search: async (paymentKey, amount) => {
      const query = `metadata['${METADATA.paymentKey}']:'${paymentKey.replace(/[^\w-]/g, '')}'`;
      const found = await call('payment_intents.search', (stripe) =>
        stripe.paymentIntents.search({ query, limit: 100 }),
      );
      const candidates = found.data.filter((candidate) => candidate.amount === amount);
      return candidates.find(({ status }) => status !== 'canceled') ?? candidates[0];
    },
    confirm: (id, params, key) =>
      call('payment_intents.confirm', (stripe) => stripe.paymentIntents.confirm(id, params, { idempotencyKey: key })),
    update: (id, params, key) =>
      call('payment_intents.update', (stripe) => stripe.paymentIntents.update(id, params, { idempotencyKey: key })),
    cancel: (id, key) =>
      call('payment_intents.cancel', (stripe) => stripe.paymentIntents.cancel(id, {}, { idempotencyKey: key })),
    capture: (id, { amount, isFinal, metadata, withoutLineItems = false }, key) =>
      call('payment_intents.capture', (stripe) =>
        stripe.paymentIntents.capture(
          id,
          {
            amount_to_capture: amount,
            ...(!isFinal && { final_capture: false }),
            metadata,
            ...(withoutLineItems && { amount_details: WITHOUT_LINE_ITEMS }),
          },
          { idempotencyKey: key },
        ),
      ),
    increment: (id, { amount, metadata, withoutLineItems = false }, key) =>
      call('payment_intents.increment_authorization', (stripe) =>
        stripe.paymentIntents.incrementAuthorization(
          id,
          { amount, metadata, ...(withoutLineItems && { amount_details: WITHOUT_LINE_ITEMS }) },
          { idempotencyKey: key },
        ),
      ),
    refund: (payment_intent, { amount, metadata }, key) =>
      call('refunds.create', (stripe) =>
        stripe.refunds.create({ payment_intent, amount, metadata }, { idempotencyKey: key }),
      ),
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
  };
}
