import type { EventData } from '@connector/contracts';
import { TransientError } from '@connector/errors';
import { type StripeStep, TRANSACTION_TYPES } from '../../domain/operations.ts';
import type { Work } from './work.ts';

/** Publishes that the operation is about to be requested: if no result follows, `reconcile-pending` finds it. */
export async function publishRequested(work: Work, { kind, money }: StripeStep): Promise<void> {
  const { deps, request, payment, paymentIntent, id } = work;
  const { merchantReference } = request;
  await deps.events.publish('checkout.payment.operation_requested', [id], {
    paymentId: payment.id,
    paymentIntentId: paymentIntent.id,
    operationId: id,
    operation: request.operation.action,
    transactionType: TRANSACTION_TYPES[kind],
    amount: money,
    ...(merchantReference && { merchantReference }),
  });
}

type Completed = EventData<'checkout.payment.operation_completed'>['outcome'];

/** Publishes the result of the operation for the ledger. */
export async function publishCompleted(
  { deps, request, payment, paymentIntent, id }: Work,
  outcome: Completed,
): Promise<void> {
  try {
    // A refused operation can succeed later under the same identity.
    const unique = outcome.kind === 'done' ? [id] : [id, outcome.kind];
    await deps.events.publish('checkout.payment.operation_completed', unique, {
      paymentId: payment.id,
      paymentIntentId: paymentIntent.id,
      operationId: id,
      operation: request.operation.action,
      outcome,
    });
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    // Stripe has decided, and its webhook or reconcile-pending informs the ledger; an error would wrongly say that
    // nothing happened.
    deps.log.error({ error, paymentId: payment.id, operationId: id }, "an operation's result could not be published");
  }
}
