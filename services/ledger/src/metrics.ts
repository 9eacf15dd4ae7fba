import {
  EVENTS,
  isStripeEventType,
  PAYMENT_EVENTS,
  PAYMENT_EVENTS_DLQ,
  PAYMENT_TRANSACTIONS,
  STRIPE_EVENT_TYPES,
  STRIPE_TYPE_PREFIX,
} from '@connector/contracts';
import { DEAD_LETTER_REASONS, RETRY_REASONS } from '@connector/errors';
import { type ConsumerHooks, isRedriven, startSentMessages } from '@connector/kafka';
import { DEFINITIONS, metrics } from '@connector/telemetry';
import type { TransactionChange } from './domain/decide.ts';
import { DECLINE_CODES } from './domain/decline-codes.ts';
import type { Decline } from './domain/interaction.ts';
import type { Attachment } from './use-cases/find-payment.ts';

/** The outcome of a handled event. */
export type HandledOutcome = 'applied' | 'duplicate' | 'superseded' | 'ignored';
export type LedgerOutcome = HandledOutcome | 'retried' | 'dead_lettered';

const OUTCOMES: readonly LedgerOutcome[] = [
  'applied',
  'duplicate',
  'superseded',
  'ignored',
  'retried',
  'dead_lettered',
];
const OWN_TYPES = Object.keys(EVENTS).filter((type) => type.startsWith('checkout.payment.'));
const labelOfType = (type: string): string => (isStripeEventType(type) || OWN_TYPES.includes(type) ? type : 'other');

/** Counts one event; `type` is Stripe's event type or ours. */
export function countEvent(type: string, outcome: LedgerOutcome): void {
  metrics.ledgerEvents.inc({ event_type: labelOfType(type), outcome });
}

/** Observes how long a recorded event took to reach commercetools. */
export function observeDelays(type: string, { occurredAt, receivedAt }: { occurredAt: Date; receivedAt: Date }): void {
  const labels = { event_type: labelOfType(type) };
  const secondsSince = (at: Date) => Math.max(0, Date.now() - at.getTime()) / 1000;
  metrics.ledgerEventDelay.observe(labels, secondsSince(occurredAt));
  metrics.ledgerReceiptDelay.observe(labels, secondsSince(receivedAt));
}

export const countPaymentWithoutCart = (reason: Exclude<Attachment, 'attached'>): void =>
  metrics.paymentsWithoutCart.inc({ reason });

export const countPartialReinstatement = (): void => metrics.partialReinstatements.inc({});

export function countChanges(changes: readonly TransactionChange[]): void {
  for (const { type, state } of changes) metrics.transactions.inc({ type, state });
}

/** Counts a declined attempt to pay, by its most exact code that Stripe documents. */
export function countDecline(decline: Decline | undefined): void {
  const code = [decline?.declineCode, decline?.code].find((given) => given && DECLINE_CODES.has(given));
  metrics.paymentDeclines.inc({ code: code ?? 'other' });
}

/** Counts the outcome of a redriven dead letter; ignores other messages. */
export function countRedriven(
  headers: Readonly<Record<string, string>>,
  outcome: HandledOutcome | 'dead_lettered',
): void {
  if (isRedriven(headers)) metrics.dlqRedriven.inc({ topic: PAYMENT_EVENTS_DLQ, outcome });
}

/** Counts a failed attempt at a message of which only the headers are known. */
export function countFailure(outcome: 'retried' | 'dead_lettered', headers: Readonly<Record<string, string>>): void {
  const type = headers.ce_type ?? '';
  countEvent(type.startsWith(STRIPE_TYPE_PREFIX) ? type.slice(STRIPE_TYPE_PREFIX.length) : type, outcome);
  if (outcome === 'dead_lettered') countRedriven(headers, outcome);
}

/** Turns the consumer's hooks into metrics. */
export const consumerHooks: ConsumerHooks = {
  onRetry: (reason, headers) => {
    metrics.ledgerRetries.inc({ reason });
    countFailure('retried', headers);
  },
  onDeadLetter: (reason, headers) => {
    metrics.deadLetters.inc({ topic: PAYMENT_EVENTS, reason });
    countFailure('dead_lettered', headers);
  },
  onParked: (keys) => metrics.parkedKeys.set(keys),
  onCircuit: (dependency, open) => metrics.circuitOpen.set({ dependency }, open ? 1 : 0),
};

/** Sets every counter of this service to 0, so that Prometheus sees the first event as an increase. */
export function startLedgerMetrics(): void {
  for (const event_type of [...STRIPE_EVENT_TYPES, ...OWN_TYPES, 'other']) {
    for (const outcome of OUTCOMES) metrics.ledgerEvents.inc({ event_type, outcome }, 0);
  }
  for (const reason of DEAD_LETTER_REASONS) metrics.deadLetters.inc({ topic: PAYMENT_EVENTS, reason }, 0);
  for (const reason of RETRY_REASONS) metrics.ledgerRetries.inc({ reason }, 0);
  for (const type of DEFINITIONS.transactions.labels.type) {
    for (const state of DEFINITIONS.transactions.labels.state) metrics.transactions.inc({ type, state }, 0);
  }
  for (const code of [...DECLINE_CODES, 'other']) metrics.paymentDeclines.inc({ code }, 0);
  for (const outcome of DEFINITIONS.dlqRedriven.labels.outcome) {
    metrics.dlqRedriven.inc({ topic: PAYMENT_EVENTS_DLQ, outcome }, 0);
  }
  for (const reason of DEFINITIONS.paymentsWithoutCart.labels.reason) metrics.paymentsWithoutCart.inc({ reason }, 0);
  metrics.partialReinstatements.inc({}, 0);
  startSentMessages(PAYMENT_TRANSACTIONS, PAYMENT_EVENTS_DLQ);
  for (const outcome of ['approved', 'rejected', 'error']) {
    metrics.paymentOperations.inc({ operation: 'save_payment_method', outcome }, 0);
  }
}
