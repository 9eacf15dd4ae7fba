import type { Payment } from '@commercetools/platform-sdk';
import { derivedEventId, type EventData, eventRecord, PAYMENT_TRANSACTIONS, SOURCES } from '@connector/contracts';
import { paymentIntentIdOf } from '../../domain/payment-names.ts';
import { type CartView, isPaid, paidSince } from '../../domain/unordered.ts';
import type { Intention, SettledPayment } from '../ports-unordered.ts';
import type { GroupOutcome, SettleDependencies, Work } from './work.ts';

type Settlement = EventData<'checkout.payment.settled_without_order'>['settlement'];

/** Stores what is about to be done, so that the next run can finish it if this one is killed. */
export async function begin({ deps, group }: Work, intention: Intention): Promise<Intention> {
  await deps.intentions.begin(intention);
  group.intention = intention;
  return intention;
}

/** Marks what was begun as finished, or as not to be done. */
export async function end({ deps, group }: Work, intention: Intention): Promise<void> {
  await deps.intentions.end(intention);
  delete group.intention;
}

/** Publishes what was done, then forgets the intention. */
export async function settled(
  work: Work,
  intention: Intention,
  settlement: Settlement,
  payments: readonly SettledPayment[] = intention.payments,
): Promise<GroupOutcome> {
  await publish(work.deps, intention, payments, settlement);
  await end(work, intention);
  if (payments.length === 0) return { kind: 'elsewhere' };
  const { kind } = settlement;
  return {
    kind: 'settled',
    settlement: kind,
    ...(kind === 'order_created' && { orderNumber: settlement.orderNumber }),
  };
}

/** The same settlement of a payment has the same event id, whoever publishes it and how often. */
export async function publish(
  { producer, now }: SettleDependencies,
  { cartId }: Intention,
  payments: readonly SettledPayment[],
  settlement: Settlement,
): Promise<void> {
  const type = 'checkout.payment.settled_without_order';
  for (const { paymentId, paymentIntentId, paymentKey, amount, paidSince: since } of payments) {
    await producer.send(
      PAYMENT_TRANSACTIONS,
      eventRecord(
        type,
        {
          key: paymentIntentId,
          id: derivedEventId(type, paymentId, settlement.kind),
          source: SOURCES.unordered,
          subject: paymentIntentId,
          time: now(),
        },
        { paymentId, paymentIntentId, ...(paymentKey && { paymentKey }), cartId, amount, paidSince: since, settlement },
      ),
    );
  }
}

export function intentionOf({ snapshot }: Work, settlement: Intention['settlement'], orderNumber?: string): Intention {
  const { cart, payments } = snapshot;
  return {
    settlement,
    cartId: (cart as CartView).id,
    ...(orderNumber && { orderNumber }),
    payments: payments.filter(isPaid).map((payment) => ({
      paymentId: payment.id,
      paymentIntentId: paymentIntentIdOf(payment) ?? '',
      ...(payment.key && { paymentKey: payment.key }),
      amount: moneyOf(payment),
      paidSince: (paidSince(payment) ?? new Date(payment.createdAt)).toISOString(),
    })),
  };
}

const moneyOf = ({ amountPlanned: { centAmount, currencyCode, fractionDigits } }: Payment) => ({
  centAmount,
  currencyCode,
  fractionDigits,
});
