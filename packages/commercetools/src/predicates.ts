/** A quoted string for a query predicate. */
export const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;

/** Predicate for carts and orders that have any of these payments. */
export const withPaymentsOf = (paymentIds: readonly string[]): string =>
  `paymentInfo(payments(id in (${paymentIds.map(quoted).join(', ')})))`;
