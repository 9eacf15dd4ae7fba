import { NotFoundError, PermanentError } from '@connector/errors';
import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import {
  chargeSchema,
  disputeSchema,
  paymentIntentSchema,
  type RefundObject,
  refundSchema,
} from '../domain/stripe-objects.ts';
import type { StripeFacts } from '../use-cases/ports.ts';

/** The present state of objects at Stripe, read over its API. */
export function stripeFacts({ call }: Pick<StripeClient, 'call'>): StripeFacts {
  const ask = async <T>(operation: string, work: (stripe: Stripe) => Promise<T>): Promise<T> => {
    try {
      return await call(operation, work);
    } catch (cause) {
      if (!(cause instanceof NotFoundError)) throw cause;
      throw new PermanentError('Stripe does not have the object of this event', { reason: 'gone_from_stripe', cause });
    }
  };
  const charge = async (id: string) =>
    chargeSchema.parse(await ask('charges.retrieve', (stripe) => stripe.charges.retrieve(id)));
  return {
    paymentIntent: async (id) =>
      paymentIntentSchema.parse(await ask('payment_intents.retrieve', (stripe) => stripe.paymentIntents.retrieve(id))),
    refundsOf: async (chargeId) => {
      const [found, refunds] = await Promise.all([
        charge(chargeId),
        ask('refunds.list', (stripe) => allRefunds(stripe, chargeId)),
      ]);
      return { charge: found, refunds };
    },
    dispute: async (id) => {
      const dispute = await ask('disputes.retrieve', (stripe) => stripe.disputes.retrieve(id, { expand: ['charge'] }));
      const expanded = chargeSchema.safeParse(dispute.charge);
      return { dispute: disputeSchema.parse(dispute), charge: expanded.success ? expanded.data : undefined };
    },
  };
}

/** With the balance transaction, a refund shows whether it returned money or only released an uncaptured amount. */
export const MOVEMENTS = ['data.balance_transaction'] as const;

async function allRefunds(stripe: Stripe, charge: string): Promise<RefundObject[]> {
  const refunds: RefundObject[] = [];
  for await (const refund of stripe.refunds.list({ charge, limit: 100, expand: [...MOVEMENTS] }))
    refunds.push(refundSchema.parse(refund));
  return refunds;
}
