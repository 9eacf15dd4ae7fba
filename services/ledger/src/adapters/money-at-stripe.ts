import { NotFoundError } from '@connector/errors';
import { ownershipOf } from '@connector/payment-model';
import type { StripeClient } from '@connector/stripe';
import type { MoneyAtStripe } from '../use-cases/ports-unordered.ts';

/** What Stripe holds for a PaymentIntent, read with one call. */
export const moneyAtStripe =
  (client: Pick<StripeClient, 'call'>): MoneyAtStripe =>
  async (paymentIntentId) => {
    try {
      const paymentIntent = await client.call('payment_intents.retrieve', (stripe) =>
        stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] }),
      );
      const { status, currency, amount, amount_received, latest_charge: charge, metadata } = paymentIntent;
      const isExpanded = typeof charge === 'object' && charge !== null;
      const { cartId } = ownershipOf(metadata);
      return {
        status,
        currency,
        amount,
        captured: isExpanded ? charge.amount_captured : amount_received,
        refunded: isExpanded ? charge.amount_refunded : 0,
        isDisputed: isExpanded && charge.disputed,
        ...(cartId && { cartId }),
      };
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };
