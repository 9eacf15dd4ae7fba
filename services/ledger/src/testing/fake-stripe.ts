import { PermanentError } from '@connector/errors';
import type { Truth } from '@connector/testing';
import { chargeSchema, disputeSchema, paymentIntentSchema, refundSchema } from '../domain/stripe-objects.ts';
import type { StripeFacts } from '../use-cases/ports.ts';

/** Stripe in memory: answers with what is true at the moment that `truth` shows. */
export class FakeStripe implements StripeFacts {
  truth: Truth;
  /** Names of the calls, in order. */
  readonly calls: string[] = [];

  constructor(truth: Truth) {
    this.truth = truth;
  }

  async paymentIntent(id: string) {
    this.calls.push('paymentIntent');
    return paymentIntentSchema.parse(existing([this.truth.paymentIntent], id));
  }

  async refundsOf(chargeId: string) {
    this.calls.push('refundsOf');
    const refunds = this.truth.refunds.filter(({ charge }) => charge === chargeId);
    return {
      charge: chargeSchema.parse(existing(this.truth.charges, chargeId)),
      // Stripe lists the newest first.
      refunds: refunds.toReversed().map((refund) => refundSchema.parse(refund)),
    };
  }

  async dispute(id: string) {
    this.calls.push('dispute');
    const dispute = existing(this.truth.disputes, id);
    const charge = this.truth.charges.find((known) => known.id === dispute.charge);
    return { dispute: disputeSchema.parse(dispute), charge: charge && chargeSchema.parse(charge) };
  }
}

function existing<T extends { id: string }>(objects: readonly T[], id: string): T {
  const found = objects.find((object) => object.id === id);
  if (!found) throw new PermanentError(`No such object: ${id}`, { reason: 'gone_from_stripe' });
  return found;
}
