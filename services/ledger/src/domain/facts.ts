import type { Money, TransactionState, TransactionType } from '@connector/payment-model';
import type { ChargeObject, DisputeObject, PaymentIntentObject, RefundObject } from './stripe-objects.ts';

/** Something that is true at Stripe (or was asked of us) and that the payment in commercetools has to show. */
export type Fact =
  /** `wasProcessing`: the event tells that the money was on its way before (processed, or to be paid by a voucher in hand), whatever the state is by now. `reportedAt`: when it happened. */
  | { kind: 'paymentIntent'; paymentIntent: PaymentIntentObject; wasProcessing?: boolean; reportedAt: Date }
  | { kind: 'charge'; charge: ChargeObject; reportedAt: Date }
  /** Every refund of one charge. */
  | { kind: 'refunds'; charge: ChargeObject; refunds: readonly RefundObject[] }
  /** `told`: the dispute as the event has it, which may be of a state that it has left since. */
  | { kind: 'dispute'; dispute: DisputeObject; told?: DisputeObject }
  | { kind: 'refusedOperation'; type: TransactionType; amount: Money; operationId: string; refusedAt: Date };

/** A transaction that ought to be there. */
export interface TransactionFact {
  readonly type: TransactionType;
  readonly state: TransactionState;
  readonly interactionId: string;
  readonly amount: Money;
  /** ISO 8601. */
  readonly occurredAt: string;
}
