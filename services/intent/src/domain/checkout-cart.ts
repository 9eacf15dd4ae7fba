import type {
  Cart as CommercetoolsCart,
  Customer as CommercetoolsCustomer,
  LineItem as CommercetoolsLineItem,
  Payment as CommercetoolsPayment,
} from '@commercetools/platform-sdk';
import { STRIPE_CUSTOMER_FIELD, STRIPE_CUSTOMERS_OF_UNITS_FIELD, type TransactionView } from '@connector/payment-model';

/** The fields of a commercetools cart that intent reads. */
export type Cart = Pick<
  CommercetoolsCart,
  | 'id'
  | 'version'
  | 'customerId'
  | 'anonymousId'
  | 'customerEmail'
  | 'country'
  | 'store'
  | 'totalPrice'
  | 'taxedPrice'
  | 'shippingInfo'
  | 'billingAddress'
  | 'shippingAddress'
  | 'custom'
  | 'paymentInfo'
  | 'businessUnit'
  | 'locale'
  | 'discountOnTotalPrice'
> & {
  /** The cart states in which commercetools allows changes of the cart's payments. */
  readonly cartState?: CommercetoolsCart['cartState'];
  /** Only for a cart with several shipping methods (`shippingMode: Multiple`). */
  readonly shipping?: readonly Pick<CommercetoolsCart['shipping'][number], 'shippingInfo'>[];
  readonly lineItems: readonly CartItem[];
  readonly customLineItems: readonly CartItem[];
};

/** A line item, or a custom line item, which has no variant. */
export interface CartItem
  extends Partial<Pick<CommercetoolsLineItem, 'name' | 'quantity' | 'totalPrice' | 'taxedPrice'>> {
  readonly variant?: Pick<CommercetoolsLineItem['variant'], 'sku'>;
  readonly recurrenceInfo?: unknown;
}

export type Customer = Pick<
  CommercetoolsCustomer,
  'id' | 'version' | 'email' | 'firstName' | 'lastName' | 'addresses' | 'custom'
>;

export type Payment = Pick<
  CommercetoolsPayment,
  'id' | 'version' | 'key' | 'createdAt' | 'interfaceId' | 'amountPlanned' | 'paymentMethodInfo' | 'customer'
> & { readonly transactions: readonly Transaction[] };

export interface Transaction extends TransactionView {
  readonly id: string;
  readonly interactionId?: string;
}

/** A cart with its payments, which one call to commercetools returns. */
export interface CheckoutCart {
  readonly cart: Cart;
  readonly payments: readonly Payment[];
}

/** Whether the cart starts a recurring order: its customer is known and an item has recurrence information. */
export const isRecurring = ({ customerId, lineItems, customLineItems }: Cart): boolean =>
  Boolean(customerId) && [...lineItems, ...customLineItems].some(({ recurrenceInfo }) => Boolean(recurrenceInfo));

/** Key of the business unit that a cart's customer buys for, as its associate; undefined for a private cart. */
export const businessUnitOf = ({ businessUnit }: Pick<Cart, 'businessUnit'>): string | undefined => businessUnit?.key;

/**
 * The Stripe customer id in a customer's custom field: the customer's own, or the one for `businessUnit` (a key).
 * Methods saved in private carts and methods saved for a business unit belong to different Stripe customers, so that
 * neither is ever shown or charged for the other.
 */
export function stripeCustomerIdOf(
  customer: Pick<Customer, 'custom'> | undefined,
  businessUnit: string | undefined,
): string | undefined {
  const value: unknown = businessUnit
    ? stripeCustomersOfUnits(customer)[businessUnit]
    : customer?.custom?.fields[STRIPE_CUSTOMER_FIELD];
  return typeof value === 'string' && value ? value : undefined;
}

/** Name and value of the custom field with which `stripeCustomerIdOf` returns `stripeCustomerId`. */
export function stripeCustomerField(
  customer: Pick<Customer, 'custom'>,
  stripeCustomerId: string,
  businessUnit: string | undefined,
): { readonly name: string; readonly value: string } {
  if (!businessUnit) return { name: STRIPE_CUSTOMER_FIELD, value: stripeCustomerId };
  const all = { ...stripeCustomersOfUnits(customer), [businessUnit]: stripeCustomerId };
  return { name: STRIPE_CUSTOMERS_OF_UNITS_FIELD, value: JSON.stringify(all) };
}

function stripeCustomersOfUnits(customer: Pick<Customer, 'custom'> | undefined): Readonly<Record<string, unknown>> {
  try {
    const ids: unknown = JSON.parse(String(customer?.custom?.fields[STRIPE_CUSTOMERS_OF_UNITS_FIELD] ?? '{}'));
    return typeof ids === 'object' && ids !== null ? { ...ids } : {};
  } catch {
    return {};
  }
}

/** Custom field of a cart with its Stripe Tax calculations, written by the Stripe Tax connector. */
const TAX_CALCULATIONS_FIELD = 'connectorStripeTax_calculationReferences';

/** The cart's Stripe Tax calculation; undefined when there are several, because a PaymentIntent accepts only one. */
export function taxCalculationOf({ custom }: Pick<Cart, 'custom'>): string | undefined {
  const references: unknown = custom?.fields[TAX_CALCULATIONS_FIELD];
  if (!Array.isArray(references) || references.length !== 1) return undefined;
  return typeof references[0] === 'string' && references[0] ? references[0] : undefined;
}
