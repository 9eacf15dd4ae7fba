/** What an event of Stripe's tells of a payment; the ledger reads each in one way. */
export type StripeChange =
  | 'charge-changed'
  | 'charge-refunded'
  | 'payment-intent-changed'
  | 'shopper-must-act'
  | 'payment-failed'
  | 'refund-changed'
  | 'dispute-changed'
  /** No money moves; the merchant should look at it. */
  | 'payment-suspected';

/**
 * Stripe's event types that change a payment, and what each tells. Whatever depends on the type follows from this table: what the webhook
 * endpoint subscribes to, what is put on the topic, what reconcile lists, how the ledger reads it, which labels the metrics have.
 */
export const STRIPE_EVENTS = {
  'charge.succeeded': 'charge-changed',
  'charge.updated': 'charge-changed',
  'charge.captured': 'charge-changed',
  'charge.refunded': 'charge-refunded',
  'payment_intent.succeeded': 'payment-intent-changed',
  'payment_intent.canceled': 'payment-intent-changed',
  'payment_intent.payment_failed': 'payment-failed',
  'payment_intent.requires_action': 'shopper-must-act',
  'payment_intent.processing': 'payment-intent-changed',
  'payment_intent.amount_capturable_updated': 'payment-intent-changed',
  'payment_intent.partially_funded': 'payment-intent-changed',
  'refund.created': 'refund-changed',
  'refund.updated': 'refund-changed',
  'refund.failed': 'refund-changed',
  // By it alone older endpoints are told what becomes of a charge's refund.
  'charge.refund.updated': 'refund-changed',
  'charge.dispute.created': 'dispute-changed',
  'charge.dispute.updated': 'dispute-changed',
  'charge.dispute.closed': 'dispute-changed',
  'charge.dispute.funds_withdrawn': 'dispute-changed',
  'charge.dispute.funds_reinstated': 'dispute-changed',
  'review.opened': 'payment-suspected',
  'review.closed': 'payment-suspected',
  'radar.early_fraud_warning.created': 'payment-suspected',
  'radar.early_fraud_warning.updated': 'payment-suspected',
} as const satisfies Record<string, StripeChange>;

export type StripeEventType = keyof typeof STRIPE_EVENTS;

export const STRIPE_EVENT_TYPES = Object.keys(STRIPE_EVENTS) as readonly StripeEventType[];

export const isStripeEventType = (type: string): type is StripeEventType => Object.hasOwn(STRIPE_EVENTS, type);

/**
 * Partition key of a Stripe object's event: its PaymentIntent's id, so that one payment's events share a partition;
 * without one its charge's id, else its own.
 */
export function partitionKeyOf(object: {
  id?: unknown;
  object?: unknown;
  payment_intent?: unknown;
  charge?: unknown;
}): string {
  if (object.object === 'payment_intent') return idOf(object) ?? '';
  return (
    idOf(object.payment_intent) ??
    (object.object === 'charge' ? idOf(object) : idOf(object.charge)) ??
    idOf(object) ??
    ''
  );
}

/** The id of a Stripe reference, expanded or not. */
export function idOf(reference: unknown): string | undefined {
  if (typeof reference === 'string') return reference || undefined;
  const id = (reference as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' ? id : undefined;
}
