/** Keys of a PaymentIntent's metadata; those of the original connector, and `ct_payment_key`, which is ours. */
export const METADATA = {
  cartId: 'cart_id',
  projectKey: 'ct_project_key',
  customerId: 'ct_customer_id',
  paymentId: 'ct_payment_id',
  paymentKey: 'ct_payment_key',
  merchantReference: 'merchant_reference',
} as const;

/** Who a Stripe object belongs to, read from its metadata; absent fields are undefined. */
export interface Ownership {
  readonly cartId?: string;
  readonly projectKey?: string;
  readonly customerId?: string;
  readonly paymentId?: string;
  readonly paymentKey?: string;
}

/** Reads our metadata keys; empty strings count as absent, as Stripe has them. */
export function ownershipOf(metadata: Readonly<Record<string, string>> | null | undefined): Ownership {
  const read = (key: string) => metadata?.[key] || undefined;
  const { cartId, projectKey, customerId, paymentId, paymentKey } = METADATA;
  return Object.fromEntries(
    Object.entries({
      cartId: read(cartId),
      projectKey: read(projectKey),
      customerId: read(customerId),
      paymentId: read(paymentId),
      paymentKey: read(paymentKey),
    }).filter(([, value]) => value !== undefined),
  );
}
