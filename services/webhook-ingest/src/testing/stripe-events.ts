import Stripe from 'stripe';

export const SECRET = 'whsec_test_current';

/** A `payment_intent.succeeded` event as Stripe's API describes it; `changes` replace its top-level fields. */
export function paymentIntentSucceeded(changes: Record<string, unknown> = {}, object: Record<string, unknown> = {}) {
  return {
    id: 'evt_1',
    object: 'event',
    api_version: '2026-10-28.endive',
    created: 1_790_000_000,
    data: {
      object: {
        id: 'pi_1',
        object: 'payment_intent',
        amount: 4999,
        amount_received: 4999,
        currency: 'eur',
        latest_charge: 'ch_1',
        metadata: { ct_project_key: 'shop', cart_id: 'cart-1', ct_payment_key: 'cart-1-1' },
        status: 'succeeded',
        ...object,
      },
    },
    livemode: false,
    pending_webhooks: 1,
    request: { id: 'req_1', idempotency_key: 'key-1' },
    type: 'payment_intent.succeeded',
    ...changes,
  };
}

const { webhooks } = new Stripe('sk_test_none');

/** The `stripe-signature` header from Stripe's own library for `payload`; `timestamp` is in Unix seconds. */
export const signatureOf = (
  payload: string,
  { secret = SECRET, timestamp = Math.floor(Date.now() / 1000) }: { secret?: string; timestamp?: number } = {},
): string => webhooks.generateTestHeaderString({ payload, secret, timestamp });
