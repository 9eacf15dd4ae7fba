import type { Payment, PaymentUpdateAction } from '@commercetools/platform-sdk';
import {
  attributesOf,
  derivedEventId,
  type EventRecord,
  eventRecord,
  PAYMENT_EVENTS,
  SOURCES,
  withoutClientSecrets,
} from '@connector/contracts';
import { decide } from '../domain/decide.ts';
import { toPaymentEvent } from '../domain/payment-event.ts';
import type { Divergence, DivergenceKind } from '../domain/reconciliation.ts';
import { collectFacts } from './collect-facts.ts';
import type { Snapshot, StripeFacts } from './ports.ts';
import { type Retrying, withRetry } from './with-retry.ts';

export interface CompareDependencies extends Retrying {
  stripe: StripeFacts;
  producer: { send(topic: string, record: EventRecord): Promise<void> };
  now?: () => Date;
}

/**
 * What the ledger would write for the object's present state; with `publishes`, the event that makes the ledger write
 * it is published too.
 */
export async function compare(
  deps: CompareDependencies,
  publishes: boolean,
  snapshot: Snapshot,
  { paymentIntentId, payment }: { paymentIntentId: string; payment: Payment | undefined },
): Promise<Omit<Divergence, 'repaired'> | undefined> {
  const record = reconciled(snapshot, paymentIntentId, payment?.id, deps.now?.());
  const event = toPaymentEvent(attributesOf(record.headers), record.value);
  if (!event) return undefined;
  // The PaymentIntent has just been read.
  const { detail } = event;
  const read = 'paymentIntent' in detail ? detail.paymentIntent : undefined;
  const stripe: StripeFacts = {
    ...deps.stripe,
    paymentIntent: async (id) => (read?.id === id ? read : deps.stripe.paymentIntent(id)),
  };
  const collected = await withRetry(deps, () => collectFacts(stripe, event));
  if (!collected) return undefined;
  if (!payment && !collected.money) return undefined;
  const actions = payment ? decide(payment, collected).filter(isShown) : [];
  if (payment && actions.length === 0) return undefined;
  if (publishes) await withRetry(deps, () => deps.producer.send(PAYMENT_EVENTS, record));
  return {
    kind: kindOf(payment, actions),
    paymentIntentId,
    paymentId: payment?.id,
    change: payment ? actions.map((action) => inWords(action, payment)).join(', ') : '+ payment',
  };
}

/**
 * The event that makes the ledger apply Stripe's present state; the same state has the same event id, whoever finds it.
 */
function reconciled(object: Snapshot, paymentIntentId: string, paymentId: string | undefined, time = new Date()) {
  const type = 'checkout.payment.reconciled';
  const snapshot = withoutClientSecrets(object);
  const id = derivedEventId(type, paymentId ?? '', JSON.stringify(snapshot));
  return eventRecord(
    type,
    { key: paymentIntentId, id, source: SOURCES.reconcile, subject: paymentIntentId, time },
    { paymentIntentId, ...(paymentId && { paymentId }), object: snapshot },
  );
}

/** Only transactions and the PaymentIntent's id count as a divergence; the ledger's other updates do not. */
const isShown = ({ action }: PaymentUpdateAction): boolean =>
  action === 'addTransaction' || action === 'changeTransactionState' || action === 'setInterfaceId';

function kindOf(payment: Payment | undefined, actions: readonly PaymentUpdateAction[]): DivergenceKind {
  if (!payment) return 'payment_missing';
  if (actions.some(({ action }) => action === 'changeTransactionState')) return 'transaction_outdated';
  return actions.some(({ action }) => action === 'addTransaction') ? 'transaction_missing' : 'payment_untied';
}

function inWords(action: PaymentUpdateAction, { transactions }: Payment): string {
  if (action.action === 'addTransaction') {
    const { type, state, amount } = action.transaction;
    return `+ ${type} ${state} ${amount.centAmount} ${amount.currencyCode}`;
  }
  if (action.action === 'setInterfaceId') return `tied to ${action.interfaceId}`;
  if (action.action !== 'changeTransactionState') return action.action;
  const known = transactions.find(({ id }) => id === action.transactionId);
  return `${known?.type} ${known?.state} → ${action.state}`;
}
