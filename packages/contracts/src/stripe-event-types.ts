/** What one of Stripe's events tells about a payment. The ledger has one reading for each value. */
export type PaymentChange =
  | 'charge-changed'
  | 'charge-refunded'
  | 'payment-intent-changed'
  | 'shopper-must-act'
  | 'payment-failed'
  | 'refund-changed'
  | 'dispute-changed'
  /** No money moves, but the merchant should look at the payment. */
  | 'payment-suspected';

/**
 * What one of Stripe's events tells: something about a payment, or about a payment method that may be stored in
 * commercetools.
 */
export type StripeChange = PaymentChange | 'method-changed';

/**
 * Stripe's event types that change a payment or a stored payment method, with what each tells. This table decides
 * everything that depends on the type: the webhook endpoint's subscription, what is put on the topic, what reconcile
 * lists, how the ledger reads the event, and the labels of metrics.
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
  // Older webhook endpoints get no other event about the result of a charge's refund.
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

/** The types that tell about a payment. */
export type PaymentEventType = {
  [T in StripeEventType]: (typeof STRIPE_EVENTS)[T] extends PaymentChange ? T : never;
}[StripeEventType];

const tellsOfPayment = (type: StripeEventType): type is PaymentEventType => STRIPE_EVENTS[type] !== 'method-changed';

export const PAYMENT_EVENT_TYPES: readonly PaymentEventType[] = STRIPE_EVENT_TYPES.filter(tellsOfPayment);

/**
 * Partition key for an event about a Stripe object: the id of its PaymentIntent, so that all events of one payment
 * share a partition. Without a PaymentIntent it is the id of its charge, else its own id.
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
