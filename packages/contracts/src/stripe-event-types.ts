/** What an event of Stripe's tells of a payment; the ledger reads each in one way. */
export type PaymentChange =
  | 'charge-changed'
  | 'charge-refunded'
  | 'payment-intent-changed'
  | 'shopper-must-act'
  | 'payment-failed'
  | 'refund-changed'
  | 'dispute-changed'
  /** No money moves; the merchant should look at it. */
  | 'payment-suspected';

/** What an event of Stripe's tells: of a payment, or of a payment method that may be stored in commercetools. */
export type StripeChange = PaymentChange | 'method-changed';

/**
 * Stripe's event types that change a payment or a stored payment method, and what each tells. Whatever depends on the type follows from this table: what the webhook
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
  'payment_method.detached': 'method-changed',
  'payment_method.updated': 'method-changed',
  'payment_method.automatically_updated': 'method-changed',
} as const satisfies Record<string, StripeChange>;

export type StripeEventType = keyof typeof STRIPE_EVENTS;

export const STRIPE_EVENT_TYPES = Object.keys(STRIPE_EVENTS) as readonly StripeEventType[];

export const isStripeEventType = (type: string): type is StripeEventType => Object.hasOwn(STRIPE_EVENTS, type);

/** Those that tell of a payment. */
export type PaymentEventType = {
  [T in StripeEventType]: (typeof STRIPE_EVENTS)[T] extends PaymentChange ? T : never;
}[StripeEventType];

const tellsOfPayment = (type: StripeEventType): type is PaymentEventType => STRIPE_EVENTS[type] !== 'method-changed';

export const PAYMENT_EVENT_TYPES: readonly PaymentEventType[] = STRIPE_EVENT_TYPES.filter(tellsOfPayment);

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
