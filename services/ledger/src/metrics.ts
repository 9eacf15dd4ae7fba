import {
  EVENTS,
  isStripeEventType,
  PAYMENT_EVENTS,
  STRIPE_EVENT_TYPES,
  STRIPE_TYPE_PREFIX,
} from '@connector/contracts';
import { metrics } from '@connector/telemetry';

export type LedgerOutcome = 'applied' | 'duplicate' | 'ignored' | 'retried' | 'dead_lettered';

const OUTCOMES: readonly LedgerOutcome[] = ['applied', 'duplicate', 'ignored', 'retried', 'dead_lettered'];
const OWN_TYPES = Object.keys(EVENTS).filter((type) => type.startsWith('checkout.payment.'));
/** Reasons that come without a bug; others count from their first appearance on. */
const DEAD_LETTER_REASONS = [
  'rejected',
  'transient_exhausted',
  'unreadable',
  'unsupported_version',
  'unknown_error',
  'gone_from_stripe',
  'inexpressible_amount',
];

/** Counts one event; `type` is Stripe's event type or ours. */
export function countEvent(type: string, outcome: LedgerOutcome): void {
  const known = isStripeEventType(type) || OWN_TYPES.includes(type);
  metrics.ledgerEvents.inc({ event_type: known ? type : 'other', outcome });
}

/** Counts a try that failed, of a message known by its headers only. */
export function countFailure(outcome: 'retried' | 'dead_lettered', headers: Readonly<Record<string, string>>): void {
  const type = headers.ce_type ?? '';
  countEvent(type.startsWith(STRIPE_TYPE_PREFIX) ? type.slice(STRIPE_TYPE_PREFIX.length) : type, outcome);
}

/** Sets every counter of this service to 0, so that the first event is already an increase. */
export function startLedgerMetrics(): void {
  for (const event_type of [...STRIPE_EVENT_TYPES, ...OWN_TYPES, 'other']) {
    for (const outcome of OUTCOMES) metrics.ledgerEvents.inc({ event_type, outcome }, 0);
  }
  for (const reason of DEAD_LETTER_REASONS) metrics.deadLetters.inc({ topic: PAYMENT_EVENTS, reason }, 0);
  for (const outcome of ['approved', 'rejected', 'error']) {
    metrics.paymentOperations.inc({ operation: 'save_payment_method', outcome }, 0);
  }
}
