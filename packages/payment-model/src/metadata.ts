/** Keys of the metadata of PaymentIntents and refunds; those of the original connector, and ours: `ct_payment_key`, `ct_operation…`, `ct_transaction_amount`. */
export const METADATA = {
  cartId: 'cart_id',
  projectKey: 'ct_project_key',
  customerId: 'ct_customer_id',
  /** Key of the business unit that the customer buys for, as its associate. */
  businessUnit: 'ct_business_unit',
  /** Of a customer at Stripe that is one of a business unit: the customer's id and the unit's key. */
  associate: 'ct_associate',
  paymentId: 'ct_payment_id',
  paymentKey: 'ct_payment_key',
  merchantReference: 'merchant_reference',
  /** What a transaction without the shopper was first to charge, as `500 EUR`: what it is over may grow. */
  transactionAmount: 'ct_transaction_amount',
  /** The number that Checkout will give the order, where it says so before. */
  orderNumber: 'order_number',
  /** What the goods of a PaymentIntent are, in brief, by which a change of them is seen. */
  lineItems: 'ct_line_items',
  /** The operation that made a refund; of a PaymentIntent, the latest that captured or canceled it. */
  operationId: 'ct_operation_id',
  /** What the operation was to do, as `refundPayment 500 EUR`. */
  operation: 'ct_operation',
} as const;

/** Key of a PaymentIntent's metadata that keeps one capture or cancelation for good, whatever others come after it. */
export const operationNoteKey = (operationId: string): string =>
  `${METADATA.operationId}_${operationId.slice(operationId.lastIndexOf('-') + 1).slice(0, 16)}`;

/** How many metadata keys Stripe takes on one object. */
const MAX_METADATA_KEYS = 50;

/**
 * What a capture or cancelation leaves in its PaymentIntent's metadata. Where `present` has no room for one more key, only the latest
 * operation is known.
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

/** Those of `additions`, the first first, that an object with the metadata `present` has room for; Stripe refuses a whole call for one key too many. */
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

/** Who a Stripe object belongs to, read from its metadata; absent fields are undefined. */
export interface Ownership {
  readonly cartId?: string;
  readonly projectKey?: string;
  readonly customerId?: string;
  readonly businessUnit?: string;
  readonly paymentId?: string;
  readonly paymentKey?: string;
}

/** Reads our metadata keys; empty strings count as absent, as Stripe has them. */
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
