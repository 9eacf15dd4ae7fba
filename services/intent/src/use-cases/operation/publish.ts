import type { EventData } from '@connector/contracts';
import { TransientError } from '@connector/errors';
import { type StripeStep, TRANSACTION_TYPES } from '../../domain/operations.ts';
import type { Work } from './work.ts';

/** A durable note that the operation is about to be asked for: without a result, `reconcile-pending` finds it. */
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

/** What became of the operation, for the ledger. */
export async function publishCompleted(
  { deps, request, payment, paymentIntent, id }: Work,
  outcome: Completed,
): Promise<void> {
  try {
    // What was refused once can be done later under the same identity.
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
    // Stripe has decided, and its webhook or reconcile-pending tells the ledger; to answer an error would say that nothing happened.
    deps.log.error({ error, paymentId: payment.id, operationId: id }, "an operation's result could not be published");
  }
}
