import { idempotencyKey, METADATA, operationNoteKey } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Operation } from './operations.ts';

/** What the caller sends besides the operation. */
export interface OperationLabels {
  /** The header `Idempotency-Key`, which identifies the operation for good. */
  readonly idempotencyKey?: string | undefined;
  /** An invoice number or similar, as commercetools describes it; several operations may have the same one. */
  readonly merchantReference?: string | undefined;
}

/** Stripe's state right before an operation. */
export interface StateBefore {
  /** Number of refunds of the charge, including failed ones and releases. */
  readonly refunds: number;
  /** Amount captured so far, in Stripe's minor units. */
  readonly captured: number;
}

/**
 * The id that makes a repeated operation the same operation (rulings 29). It is a hash of the caller's key; without a
 * key, of the request and of Stripe's state before it, so that equal requests at the same moment are one operation, and
 * an equal request after the first was done is a new one. It is the idempotency key of the call to Stripe, and the
 * operation's id in events and in Stripe's metadata.
 */
export function operationIdOf(
  paymentId: string,
  operation: Operation,
  { idempotencyKey: key, merchantReference }: OperationLabels,
  before: StateBefore,
): string {
  if (key) return idempotencyKey('operation', paymentId, key);
  const amount = 'amount' in operation ? inWords(operation) : null;
  return idempotencyKey(
    operation.action,
    paymentId,
    amount,
    merchantReference ?? null,
    STATE[operation.action](before),
  );
}

/** The part of the state that this operation changes and that no concurrent operation of another kind changes. */
const STATE: Record<Operation['action'], (before: StateBefore) => Partial<StateBefore>> = {
  capturePayment: ({ captured }) => ({ captured }),
  cancelPayment: ({ captured }) => ({ captured }),
  // The request contains the new total, which is reached once.
  incrementAuthorization: () => ({}),
  refundPayment: ({ refunds }) => ({ refunds }),
  reversePayment: (before) => ({ ...before }),
};

/** An operation as text for Stripe's metadata. */
export const inWords = (operation: Operation): string =>
  'amount' in operation
    ? `${operation.action} ${operation.amount.centAmount} ${operation.amount.currencyCode}`
    : operation.action;

/** An operation that was done at Stripe: the object that it created or changed, and its description in the metadata. */
export interface Done {
  readonly object: Stripe.Refund | Stripe.PaymentIntent;
  readonly operation: string | undefined;
}

/**
 * What was done at Stripe under an operation's id; undefined when nothing was. `refunds` are all refunds of the
 * PaymentIntent.
 */
export function doneUnder(
  id: string,
  paymentIntent: Stripe.PaymentIntent,
  refunds: readonly Stripe.Refund[],
): Done | undefined {
  const refund = refunds.find(({ metadata }) => metadata?.[METADATA.operationId] === id);
  if (refund) return { object: refund, operation: refund.metadata?.[METADATA.operation] };
  const operation = paymentIntent.metadata[operationNoteKey(id)];
  if (!operation) return undefined;
  // A capture or raise writes its entry itself. A cancelation's entry is written before it, because Stripe accepts no
  // metadata with it.
  const isNotedByItself = /^(capturePayment|incrementAuthorization) /.test(operation);
  return isNotedByItself || paymentIntent.status === 'canceled' ? { object: paymentIntent, operation } : undefined;
}
