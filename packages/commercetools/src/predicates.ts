/** A text in a query predicate. */
export const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;

/** Predicate of carts and orders that have any of these payments. */
export const withPaymentsOf = (paymentIds: readonly string[]): string =>
  `paymentInfo(payments(id in (${paymentIds.map(quoted).join(', ')})))`;
