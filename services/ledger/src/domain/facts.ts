import type { Money, TransactionState, TransactionType } from '@connector/payment-model';
import type { ChargeObject, DisputeObject, PaymentIntentObject, RefundObject } from './stripe-objects.ts';

/** Something that is true at Stripe (or was asked of us) and that the payment in commercetools has to show. */
export type Fact =
  /** `wasProcessing`: the event tells that the money was on its way before, whatever the state is by now. */
  | { kind: 'paymentIntent'; paymentIntent: PaymentIntentObject; wasProcessing?: boolean }
  | { kind: 'charge'; charge: ChargeObject }
  /** Every refund of one charge. */
  | { kind: 'refunds'; charge: ChargeObject; refunds: readonly RefundObject[] }
  | { kind: 'dispute'; dispute: DisputeObject }
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
