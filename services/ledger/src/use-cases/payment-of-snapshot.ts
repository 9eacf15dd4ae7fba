import type { Payment } from '@commercetools/platform-sdk';
import { type Ownership, ownershipOf } from '@connector/payment-model';
import type { Payments, Snapshot } from './ports.ts';
import { type Retrying, withRetry } from './with-retry.ts';

/** The owner of a PaymentIntent, by its metadata. */
export const ownershipOfSnapshot = ({ metadata }: Snapshot): Ownership =>
  ownershipOf(metadata as Record<string, string> | undefined);

/** The payment that a PaymentIntent's metadata names, if no payment has the PaymentIntent as its interfaceId. */
export async function paymentOfSnapshot(
  deps: Retrying & { payments: Pick<Payments, 'byId' | 'byKey'> },
  snapshot: Snapshot,
): Promise<Payment | undefined> {
  const { paymentId, paymentKey } = ownershipOfSnapshot(snapshot);
  const looks = [
    paymentId && (() => deps.payments.byId(paymentId)),
    paymentKey && (() => deps.payments.byKey(paymentKey)),
  ];
  for (const look of looks) {
    const found = look && (await withRetry(deps, look));
    // A payment that belongs to another PaymentIntent is not this one's.
    if (found && (!found.interfaceId?.startsWith('pi_') || found.interfaceId === snapshot.id)) return found;
  }
  return undefined;
}
