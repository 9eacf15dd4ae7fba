/**
 * Metadata keys of PaymentIntents and refunds: those of the original connector, and ours: `ct_payment_key`,
 * `ct_operation…`, `ct_transaction_amount`.
 */
export const METADATA = {
  cartId: 'cart_id',
  projectKey: 'ct_project_key',
  customerId: 'ct_customer_id',
  /** Key of the business unit that the customer buys for as an associate. */
  businessUnit: 'ct_business_unit',
  /** On a Stripe customer that stands for a business unit: the commercetools customer's id and the unit's key. */
  associate: 'ct_associate',
  paymentId: 'ct_payment_id',
  paymentKey: 'ct_payment_key',
  merchantReference: 'merchant_reference',
  /**
   * The amount that a merchant-initiated transaction was first to charge, as `500 EUR`; the PaymentIntent's amount may
   * grow.
   */
  transactionAmount: 'ct_transaction_amount',
  /** The order number that Checkout announced before the order exists. */
  orderNumber: 'order_number',
  /** A digest of a PaymentIntent's goods, which shows whether they changed. */
  lineItems: 'ct_line_items',
  /** On a refund: the operation that made it. On a PaymentIntent: the latest operation that captured or canceled it. */
  operationId: 'ct_operation_id',
  /** What the operation had to do, as `refundPayment 500 EUR`. */
  operation: 'ct_operation',
} as const;

/** Metadata key that keeps one capture or cancelation for good; later operations do not overwrite it. */
export const operationNoteKey = (operationId: string): string =>
  `${METADATA.operationId}_${operationId.slice(operationId.lastIndexOf('-') + 1).slice(0, 16)}`;

/** The most metadata keys that Stripe accepts on one object. */
const MAX_METADATA_KEYS = 50;

/**
 * The metadata that a capture or cancelation leaves on its PaymentIntent. When `present` has no room for one more key,
 * only the latest operation is kept.
 */
export function operationNote(
  operationId: string,
  operation: string,
  present: Readonly<Record<string, string>>,
): Record<string, string> {
  return fittingMetadata(
    present,
    { [METADATA.operationId]: operationId },
    { [operationNoteKey(operationId)]: operation },
  );
}

/**
 * As many of `additions`, in their order, as fit on an object with the metadata `present`. Stripe refuses a whole call
 * for one key too many.
 */
export function fittingMetadata(
  present: Readonly<Record<string, string>>,
  ...additions: readonly Readonly<Record<string, string>>[]
): Record<string, string> {
  const fitting: Record<string, string> = {};
  for (const addition of additions) {
    const all = { ...present, ...fitting, ...addition };
    if (Object.keys(all).length <= MAX_METADATA_KEYS) Object.assign(fitting, addition);
  }
  return fitting;
}

/** The owner of a Stripe object, read from its metadata; absent fields are undefined. */
export interface Ownership {
  readonly cartId?: string;
  readonly projectKey?: string;
  readonly customerId?: string;
  readonly businessUnit?: string;
  readonly paymentId?: string;
  readonly paymentKey?: string;
}

/** Reads our metadata keys. Empty strings count as absent, as at Stripe. */
export function ownershipOf(metadata: Readonly<Record<string, string>> | null | undefined): Ownership {
  const read = (key: string) => metadata?.[key] || undefined;
  const { cartId, projectKey, customerId, businessUnit, paymentId, paymentKey } = METADATA;
  return Object.fromEntries(
    Object.entries({
      cartId: read(cartId),
      projectKey: read(projectKey),
      customerId: read(customerId),
      businessUnit: read(businessUnit),
      paymentId: read(paymentId),
      paymentKey: read(paymentKey),
    }).filter(([, value]) => value !== undefined),
  );
}
