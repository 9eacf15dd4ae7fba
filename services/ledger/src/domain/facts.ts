import type { Money, TransactionState, TransactionType } from '@connector/payment-model';
import type { ChargeObject, DisputeObject, PaymentIntentObject, RefundObject } from './stripe-objects.ts';

/** Something that is true at Stripe, or an operation requested from us, that the payment in commercetools must show. */
export type Fact =
  /**
   * `wasProcessing`: the event shows that the payment was under way (processing, or waiting for a voucher to be paid),
   * whatever its present state is. `reportedAt`: when it happened.
   */
  | { kind: 'paymentIntent'; paymentIntent: PaymentIntentObject; wasProcessing?: boolean; reportedAt: Date }
  | { kind: 'charge'; charge: ChargeObject; reportedAt: Date }
  /** Every refund of one charge. */
  | { kind: 'refunds'; charge: ChargeObject; refunds: readonly RefundObject[] }
  /** `told`: the dispute as the event has it, which may be of a state that it has left since. */
  | { kind: 'dispute'; dispute: DisputeObject; told?: DisputeObject }
  | { kind: 'refusedOperation'; type: TransactionType; amount: Money; operationId: string; refusedAt: Date };

/** A transaction that the payment should have. */
export interface TransactionFact {
  readonly type: TransactionType;
  readonly state: TransactionState;
  readonly interactionId: string;
  readonly amount: Money;
  /** ISO 8601. */
  readonly occurredAt: string;
}
