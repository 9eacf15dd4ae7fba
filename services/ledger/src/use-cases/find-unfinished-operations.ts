import type { Payment } from '@commercetools/platform-sdk';
import { derivedEventId, type EventRecord, eventRecord, SOURCES } from '@connector/contracts';
import { isRelease, METADATA, operationNoteKey } from '@connector/payment-model';
import { refundSchema } from '../domain/stripe-objects.ts';
import type { RequestedOperation, Snapshot } from './ports.ts';

/** The real state of an operation without a result. */
export type OperationStanding =
  /** Stripe did it; this object shows it. */
  | { readonly kind: 'done'; readonly object: Snapshot }
  /** Stripe refused it, or was never asked. */
  | { readonly kind: 'not-done' }
  /** commercetools shows its end, or nobody can tell any more. */
  | { readonly kind: 'settled' };

/** With this many keys a PaymentIntent may have had no room for another entry (Stripe allows 50 metadata keys). */
const FULL = 49;

/**
 * What happened to an operation, by its id in Stripe's metadata: written with the refund, with the capture or raise, or
 * just before the cancelation (ADR 0012). Pure.
 */
export function standingOfOperation(
  { operationId, transactionType, amount }: RequestedOperation,
  payment: Pick<Payment, 'transactions'> | undefined,
  paymentIntent: Snapshot | undefined,
  refunds: readonly Snapshot[],
): OperationStanding {
  // Events of earlier versions do not contain what would be booked.
  if (!payment || !paymentIntent || !transactionType || !amount) return { kind: 'settled' };
  if (payment.transactions.some(({ interactionId }) => interactionId === operationId)) return { kind: 'settled' };
  const refund = refunds.find(
    (one) => metadataOf(one)[METADATA.operationId] === operationId && !isReleaseOf(one, paymentIntent),
  );
  if (refund) return { kind: 'done', object: refund };
  const metadata = metadataOf(paymentIntent);
  const isNoted = metadata[operationNoteKey(operationId)] !== undefined;
  const isNotedByItself = transactionType === 'Charge' || transactionType === 'Authorization';
  if (isNoted && (isNotedByItself || paymentIntent.status === 'canceled')) {
    return { kind: 'done', object: paymentIntent };
  }
  const mayBeForgotten = transactionType !== 'Refund' && Object.keys(metadata).length >= FULL;
  return { kind: mayBeForgotten ? 'settled' : 'not-done' };
}

/** The release of an authorised amount looks like a refund, but returns no money. */
function isReleaseOf(refund: Snapshot, { amount, amount_received: captured }: Snapshot): boolean {
  return isRelease(refundSchema.parse(refund), Number(amount ?? 0) - Number(captured ?? 0));
}

const metadataOf = ({ metadata }: Snapshot): Record<string, string> => (metadata ?? {}) as Record<string, string>;

/** The missing result of the operation: the same event, with the same id, that intent publishes for a refusal. */
export function notDone({
  paymentId,
  paymentIntentId,
  operationId,
  operation,
  ...asked
}: RequestedOperation): EventRecord {
  const { transactionType, amount, requestedAt: time } = asked;
  if (!transactionType || !amount) throw new TypeError('only what can be booked is reported');
  const type = 'checkout.payment.operation_completed';
  const id = derivedEventId(type, operationId, 'refused');
  return eventRecord(
    type,
    { key: paymentIntentId, id, source: SOURCES.reconcile, subject: paymentIntentId, time },
    {
      paymentId,
      paymentIntentId,
      operationId,
      operation,
      outcome: { kind: 'refused', transactionType, amount, code: 'not_done' },
    },
  );
}
