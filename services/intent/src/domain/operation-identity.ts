import { idempotencyKey, METADATA, operationNoteKey } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Operation } from './operations.ts';

/** What a caller says besides the operation. */
export interface OperationLabels {
  /** The header `Idempotency-Key`: names the operation for good. */
  readonly idempotencyKey?: string | undefined;
  /** An invoice number or the like, as commercetools describes it: several operations may have one. */
  readonly merchantReference?: string | undefined;
}

/** Stripe's state just before an operation. */
export interface StateBefore {
  /** Refunds of the charge, failed ones and releases too. */
  readonly refunds: number;
  /** Captured so far, in Stripe's minor units. */
  readonly captured: number;
}

/**
 * What makes an operation the same when it is asked for again (rulings 29): the caller's key; else what is asked for and what was there
 * before it, so that equal requests at the same moment are one, and an equal request after the first was done is a new one. It is the
 * idempotency key of the call to Stripe, and the operation's id in events and in Stripe's metadata.
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

/** The part of the state that an operation changes, and no other operation beside it does. */
const STATE: Record<Operation['action'], (before: StateBefore) => Partial<StateBefore>> = {
  capturePayment: ({ captured }) => ({ captured }),
  cancelPayment: ({ captured }) => ({ captured }),
  // A total is reached once.
  incrementAuthorization: () => ({}),
  refundPayment: ({ refunds }) => ({ refunds }),
  reversePayment: (before) => ({ ...before }),
};

/** An operation as Stripe's metadata keeps it. */
export const inWords = (operation: Operation): string =>
  'amount' in operation
    ? `${operation.action} ${operation.amount.centAmount} ${operation.amount.currencyCode}`
    : operation.action;

/** What Stripe keeps of an operation that was done: the object that it made or changed, and what it was to do, in words. */
export interface Done {
  readonly object: Stripe.Refund | Stripe.PaymentIntent;
  readonly operation: string | undefined;
}

/** What was done at Stripe under an operation's id; undefined when nothing was. `refunds` are all of the PaymentIntent. */
export function doneUnder(
  id: string,
  paymentIntent: Stripe.PaymentIntent,
  refunds: readonly Stripe.Refund[],
): Done | undefined {
  const refund = refunds.find(({ metadata }) => metadata?.[METADATA.operationId] === id);
  if (refund) return { object: refund, operation: refund.metadata?.[METADATA.operation] };
  const operation = paymentIntent.metadata[operationNoteKey(id)];
  if (!operation) return undefined;
  // A capture's note is written by the capture itself, a raise's too; a cancelation's before it, as Stripe takes none with it.
  const isNotedByItself = /^(capturePayment|incrementAuthorization) /.test(operation);
  return isNotedByItself || paymentIntent.status === 'canceled' ? { object: paymentIntent, operation } : undefined;
}
