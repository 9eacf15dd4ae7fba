import { isRelease } from '@connector/payment-model';
import { iso, money, type PaymentView } from './amounts.ts';
import type { Fact, TransactionFact } from './facts.ts';
import type { RefundObject } from './stripe-objects.ts';

const REFUND_STATES: Record<string, TransactionFact['state']> = {
  succeeded: 'Success',
  failed: 'Failure',
  canceled: 'Failure',
};
const refundState = ({ status }: RefundObject): TransactionFact['state'] => REFUND_STATES[status ?? ''] ?? 'Pending';

/**
 * One Refund for each refund of the charge, under the refund's id. The release of an authorisation is not a refund and
 * is not booked. Nothing beyond the captured amount is booked, so nothing at all before a capture.
 */
export function oneForEachRefund(
  { charge, refunds }: Extract<Fact, { kind: 'refunds' }>,
  payment: PaymentView,
): TransactionFact[] {
  const captured = charge.amount_captured ?? (charge.captured ? charge.amount : 0);
  const ordered = refunds.toSorted(byCreation);
  const common = commonRefund(charge.payment_intent, ordered, payment);
  let room = captured;
  const own = ordered.flatMap((refund): TransactionFact[] => {
    if (isRelease(refund, charge.amount - captured)) return [];
    const state = refundState(refund);
    if (state !== 'Failure') {
      if (refund.amount > room) return [];
      room -= refund.amount;
    }
    if (common.stands.has(refund.id)) return [];
    const amount = money(refund.amount, refund.currency, payment);
    return [{ type: 'Refund', state, amount, interactionId: refund.id, occurredAt: iso(refund.created) }];
  });
  return [...common.failed, ...own];
}

const byCreation = (a: RefundObject, b: RefundObject): number => a.created - b.created || (a.id < b.id ? -1 : 1);

/**
 * The original connector booked the first refunds as one Refund under the PaymentIntent's id. These refunds count as
 * booked until one of them fails: then the common Refund fails, and each gets a Refund under its own id.
 */
function commonRefund(
  paymentIntentId: string | undefined,
  ordered: readonly RefundObject[],
  payment: PaymentView,
): { stands: ReadonlySet<string>; failed: TransactionFact[] } {
  const none = { stands: new Set<string>(), failed: [] };
  const booked = payment.transactions.find(
    ({ type, interactionId }) => type === 'Refund' && interactionId && interactionId === paymentIntentId,
  );
  if (!booked?.interactionId || booked.state === 'Failure') return none;
  const { interactionId, timestamp } = booked;
  const { centAmount, currencyCode, fractionDigits } = booked.amount;
  let left = centAmount;
  const together: RefundObject[] = [];
  for (const refund of ordered) {
    left -= money(refund.amount, refund.currency, payment).centAmount;
    if (left < 0) break;
    together.push(refund);
  }
  if (!together.some((refund) => refundState(refund) === 'Failure')) {
    return { stands: new Set(together.map(({ id }) => id)), failed: [] };
  }
  const amount = { centAmount, currencyCode, fractionDigits };
  const occurredAt = timestamp ?? iso(together[0]?.created ?? 0);
  return { ...none, failed: [{ type: 'Refund', state: 'Failure', amount, interactionId, occurredAt }] };
}
