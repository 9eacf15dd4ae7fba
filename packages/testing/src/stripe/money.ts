import type Stripe from 'stripe';
import { type Charge, refundOf } from '../stripe-objects.ts';
import { book } from './balance.ts';
import { listOf, mergedMetadata } from './lists.ts';
import { chargeOfIntent } from './payment-intents.ts';
import { refusal } from './refusal.ts';
import type { StripeState } from './state.ts';

/** `charges`, `refunds` and `disputes` of the SDK. */
export function moneyOf(stripe: StripeState) {
  return {
    charges: {
      retrieve: async (id: string) => stripe.existing(stripe.charges, id),
      list: ({ payment_intent: of, ...page }: Stripe.ChargeListParams) =>
        listOf(
          stripe,
          [...stripe.charges.values()].filter((each) => !of || each.payment_intent === of),
          page,
        ),
    },
    refunds: {
      create: async (params: Stripe.RefundCreateParams, options?: Stripe.RequestOptions) =>
        stripe.once(options, params, () => {
          const refund = newRefund(stripe, params);
          stripe.refunds.set(refund.id, refund);
          book(stripe, 'refund', refund, refund.amount);
          return refund;
        }),
      retrieve: async (id: string) => stripe.existing(stripe.refunds, id),
      list: ({ payment_intent: of, charge, ...page }: Stripe.RefundListParams) => {
        if (of) stripe.existing(stripe.paymentIntents, of, 'payment_intent');
        const refunds = [...stripe.refunds.values()].filter((each) => !of || each.payment_intent === of);
        return listOf(
          stripe,
          refunds.filter((each) => !charge || each.charge === charge),
          page,
        );
      },
    },
    disputes: {
      list: ({ charge, ...page }: Stripe.DisputeListParams) =>
        listOf(
          stripe,
          [...stripe.disputes.values()].filter((each) => !charge || each.charge === charge),
          page,
        ),
      retrieve: async (id: string, { expand = [] }: { expand?: string[] } = {}) => {
        const dispute = stripe.existing(stripe.disputes, id);
        const charge = stripe.charges.get(dispute.charge as string);
        return expand.includes('charge') && charge ? { ...dispute, charge } : dispute;
      },
    },
  };
}

/**
 * The amount that was returned to the shopper, without releases, which Stripe shows as refunds too, and without failed
 * refunds.
 */
const givenBack = ({ refunds }: StripeState, paymentIntentId: string): number =>
  [...refunds.values()]
    .filter(({ payment_intent: of, balance_transaction: moved }) => of === paymentIntentId && moved !== null)
    .filter(({ status }) => status !== 'failed' && status !== 'canceled')
    .reduce((sum, { amount }) => sum + amount, 0);

function newRefund(stripe: StripeState, params: Stripe.RefundCreateParams): Stripe.Refund {
  const { payment_intent: of = '', metadata } = params;
  const charge = chargeOfIntent(stripe, stripe.existing(stripe.paymentIntents, of, 'payment_intent'));
  if (!charge) throw refusal(undefined);
  const left = charge.amount_captured - givenBack(stripe, of);
  if (left === 0) throw refusal('charge_already_refunded');
  const { amount = left } = params;
  if (amount > left) throw refusal(undefined, { param: 'amount' });
  const id = stripe.newId('re');
  const refund = refundOf(
    { ...(charge as Charge), id: charge.id ?? '', payment_intent: of },
    {
      id,
      amount,
      created: stripe.seconds,
      metadata: mergedMetadata(null, metadata),
    },
  );
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded >= charge.amount_captured;
  return refund as Stripe.Refund;
}
