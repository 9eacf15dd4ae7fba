import { NotFoundError } from '@connector/errors';

/** Data that a payment continues without when Stripe refuses it (rulings 38). */
export type OptionalField =
  | 'phone'
  | 'email'
  | 'name'
  | 'address'
  | 'shipping'
  | 'tax_calculation'
  | 'customer'
  | 'card_features'
  | 'line_items';

/** Prefixes of Stripe's parameters and the field that they contain; the first match counts. */
type Table = readonly (readonly [prefix: string, field: OptionalField])[];

const OF_PAYMENT_INTENT: Table = [
  ['shipping[phone]', 'phone'],
  ['shipping', 'shipping'],
  ['hooks', 'tax_calculation'],
  ['customer', 'customer'],
  ['payment_method_options', 'card_features'],
  ['amount_details', 'line_items'],
  ['payment_details', 'line_items'],
];

const OF_CUSTOMER: Table = [
  ['email', 'email'],
  ['phone', 'phone'],
  ['name', 'name'],
  ['address', 'address'],
];

function fieldIn(table: Table, error: unknown): OptionalField | undefined {
  const param = paramOf(error);
  return param === undefined ? undefined : table.find(([prefix]) => param.startsWith(prefix))?.[1];
}

/**
 * Stripe names the parameter that it refuses; a deleted object comes as NotFoundError, with Stripe's error as its
 * cause.
 */
function paramOf(error: unknown): string | undefined {
  const { param } = (error instanceof NotFoundError ? error.cause : error) as { param?: unknown };
  return typeof param === 'string' ? param : undefined;
}

/** The optional field of a PaymentIntent that Stripe refused; undefined when it refused something else. */
export const refusedOfPaymentIntent = (error: unknown): OptionalField | undefined => fieldIn(OF_PAYMENT_INTENT, error);

/** The optional field of a customer that Stripe refused. */
export const refusedOfCustomer = (error: unknown): OptionalField | undefined => fieldIn(OF_CUSTOMER, error);
