/** Stripe's event types that change a payment: what the webhook endpoint subscribes to, and what is put on the topic. */
export const STRIPE_EVENT_TYPES = [
  'charge.succeeded',
  'charge.updated',
  'charge.captured',
  'charge.refunded',
  'payment_intent.succeeded',
  'payment_intent.canceled',
  'payment_intent.payment_failed',
  'payment_intent.requires_action',
  'payment_intent.processing',
  'payment_intent.amount_capturable_updated',
  'payment_intent.partially_funded',
  'refund.created',
  'refund.updated',
  'refund.failed',
  // By it alone older endpoints are told what becomes of a charge's refund.
  'charge.refund.updated',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
] as const;

export type StripeEventType = (typeof STRIPE_EVENT_TYPES)[number];

const KNOWN: ReadonlySet<string> = new Set(STRIPE_EVENT_TYPES);

export const isStripeEventType = (type: string): type is StripeEventType => KNOWN.has(type);

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
