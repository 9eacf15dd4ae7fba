import { isStripeEventType, PAYMENT_EVENTS, STRIPE_EVENT_TYPES } from '@connector/contracts';
import { startSentMessages } from '@connector/kafka';
import { metrics } from '@connector/telemetry';

export type WebhookOutcome =
  | 'accepted'
  | 'duplicate'
  | 'ignored'
  | 'bad_signature'
  | 'stale_timestamp'
  | 'too_large'
  | 'malformed'
  | 'thin_payload'
  | 'overloaded'
  | 'unavailable';

/** The possible outcomes of each kind of event type: `unknown` = not verified, `other` = not a type of ours. */
const OUTCOMES = {
  known: ['accepted', 'duplicate', 'ignored', 'too_large', 'overloaded', 'unavailable'],
  other: ['ignored', 'thin_payload'],
  unknown: ['bad_signature', 'stale_timestamp', 'too_large', 'malformed', 'overloaded', 'unavailable'],
} as const satisfies Record<string, readonly WebhookOutcome[]>;

/** Counts one webhook request; `type` is Stripe's event type, or `unknown` before its signature is verified. */
export function count(type: string, outcome: WebhookOutcome): void {
  const label = type === 'unknown' || isStripeEventType(type) ? type : 'other';
  metrics.webhookEvents.inc({ event_type: label, outcome });
}

export const countSecretMatch = (secret: 'current' | 'previous'): void => metrics.webhookSecretMatches.inc({ secret });

/** Sets every counter of this service to 0, so that Prometheus sees the first event as an increase. */
export function startWebhookMetrics(): void {
  const start = (type: string, outcomes: readonly WebhookOutcome[]) => {
    for (const outcome of outcomes) metrics.webhookEvents.inc({ event_type: type, outcome }, 0);
  };
  for (const type of STRIPE_EVENT_TYPES) start(type, OUTCOMES.known);
  start('other', OUTCOMES.other);
  start('unknown', OUTCOMES.unknown);
  for (const secret of ['current', 'previous']) metrics.webhookSecretMatches.inc({ secret }, 0);
  startSentMessages(PAYMENT_EVENTS);
}
