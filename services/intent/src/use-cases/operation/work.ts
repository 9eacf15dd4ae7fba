import type { Logger } from '@connector/telemetry';
import type Stripe from 'stripe';
import type { CardFeatures } from '../../domain/card-features.ts';
import type { Payment } from '../../domain/checkout-cart.ts';
import type { Done, OperationLabels } from '../../domain/operation-identity.ts';
import type { Captured, Operation } from '../../domain/operations.ts';
import type { PaymentEvents, PaymentIntents, Payments } from '../ports.ts';

export interface RunOperationDeps {
  payments: Payments;
  paymentIntents: PaymentIntents;
  events: PaymentEvents;
  cardFeatures: CardFeatures;
  log: Logger;
}

export interface RunOperationRequest extends OperationLabels {
  paymentId: string;
  operation: Operation;
}

/** One operation, with what Stripe has about it before anything is done. */
export interface Work {
  readonly deps: RunOperationDeps;
  readonly request: RunOperationRequest;
  readonly payment: Payment;
  /** The present PaymentIntent, with its charge expanded. */
  readonly paymentIntent: Stripe.PaymentIntent;
  readonly captured: Captured;
  /** The operation's id. */
  readonly id: string;
  /** What was already done at Stripe under this id. */
  readonly done: Done | undefined;
}
