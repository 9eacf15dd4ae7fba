import { idOf } from '@connector/contracts';
import { idempotencyKey, METADATA, type Money, toStripeAmount } from '@connector/payment-model';
import type Stripe from 'stripe';
import { type StripeShipping, shippingOf } from './addresses.ts';
import type { Behaviour } from './behaviour.ts';
import { type CardFeatures, type CardRequests, cardOptions, cardRequestsOf, lacksRequests } from './card-features.ts';
import { businessUnitOf, type Cart, type Customer, stripeCustomerIdOf, taxCalculationOf } from './checkout-cart.ts';
import { type LineItems, lineItemsOf, WITHOUT_LINE_ITEMS } from './line-items.ts';
import type { OptionalField } from './optional-data.ts';
import { beginningOf } from './text.ts';

/** The wanted PaymentIntent of a cart, for any attempt. */
export interface Wanted {
  readonly due: Money;
  readonly captureMethod: Behaviour['captureMethod'];
  readonly customer: string | undefined;
  readonly setupFutureUsage: Behaviour['setupFutureUsage'];
  readonly shipping: StripeShipping | undefined;
  readonly cardRequests: CardRequests;
  readonly taxCalculation: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined if line items are not sent at all. */
  readonly lineItems?: LineItems | undefined;
  /** The description that the merchant reads and, with some methods, the shopper. */
  readonly description?: string | undefined;
}

export interface WantedInput {
  cart: Cart;
  customer: Customer | undefined;
  due: Money;
  behaviour: Behaviour;
  projectKey: string;
  cardFeatures: CardFeatures;
  /** Express checkout: the wallet brings the shipping address. */
  express: boolean;
  /** Express checkout of a page that made its elements with a Stripe customer. */
  expressCustomerSession: boolean;
  /** The order number that Checkout will use. */
  orderNumber?: string | undefined;
  /** Whether the order number is also the description. */
  orderInDescription?: boolean | undefined;
  /** Whether line items are sent to Stripe. */
  lineItems?: boolean | undefined;
  /** Optional data that Stripe has refused. */
  leftOut?: ReadonlySet<OptionalField>;
}

/** Stripe's maximum length of a metadata value, in characters. */
const MAX_METADATA_LENGTH = 500;
/** The maximum length of an order reference, in characters. */
const MAX_ORDER_REFERENCE = 255;
const NOTHING: ReadonlySet<OptionalField> = new Set();

export function wantedOf(input: WantedInput): Wanted {
  const { cart, customer, due, behaviour, projectKey, cardFeatures, express, expressCustomerSession } = input;
  const { leftOut = NOTHING, orderInDescription = false } = input;
  const orderNumber = input.orderNumber?.slice(0, MAX_METADATA_LENGTH);
  const businessUnit = businessUnitOf(cart);
  const isBound = (!express || expressCustomerSession) && !leftOut.has('customer');
  const stripeCustomerId = isBound ? stripeCustomerIdOf(customer, businessUnit) : undefined;
  const lineItems = input.lineItems && !leftOut.has('line_items') ? lineItemsOf(cart, due) : undefined;
  return {
    due,
    captureMethod: behaviour.captureMethod,
    customer: stripeCustomerId,
    // A method can be saved only for a customer.
    setupFutureUsage: stripeCustomerId ? behaviour.setupFutureUsage : undefined,
    shipping: express || leftOut.has('shipping') ? undefined : shippable(shippingOf(cart, customer), leftOut),
    cardRequests: leftOut.has('card_features') ? {} : cardRequestsOf(cardFeatures, behaviour.captureMethod),
    taxCalculation: leftOut.has('tax_calculation') ? undefined : taxCalculationOf(cart),
    metadata: {
      [METADATA.cartId]: cart.id,
      [METADATA.projectKey]: projectKey,
      ...(cart.customerId && { [METADATA.customerId]: cart.customerId }),
      ...(businessUnit && { [METADATA.businessUnit]: businessUnit }),
      ...(orderNumber && { [METADATA.orderNumber]: orderNumber }),
      ...(lineItems?.kind === 'details' && { [METADATA.lineItems]: lineItems.digest }),
    },
    ...(lineItems && { lineItems }),
    ...(orderInDescription && orderNumber && { description: orderNumber }),
  };
}

/**
 * Stripe accepts a shipping address only with a name and a first line; a cart may have only a country, for its taxes.
 */
function shippable(
  shipping: StripeShipping | undefined,
  leftOut: ReadonlySet<OptionalField>,
): StripeShipping | undefined {
  if (!shipping?.name || !shipping.address.line1) return undefined;
  return leftOut.has('phone') ? { ...shipping, phone: '' } : shipping;
}

/**
 * Parameters of the create call. The metadata contains the payment's key from the start, so that the PaymentIntent can
 * be matched to its payment even if the caller dies right after the call. Throws InexpressibleAmountError.
 */
export function createParams(paymentKey: string, wanted: Wanted): Stripe.PaymentIntentCreateParams {
  const { due, captureMethod, customer, setupFutureUsage, shipping, cardRequests, taxCalculation, metadata } = wanted;
  return {
    amount: toStripeAmount(due),
    currency: due.currencyCode.toLowerCase(),
    automatic_payment_methods: { enabled: true },
    capture_method: captureMethod,
    ...(customer && { customer }),
    ...(setupFutureUsage && { setup_future_usage: setupFutureUsage }),
    metadata: { ...metadata, [METADATA.paymentKey]: paymentKey },
    ...(shipping && { shipping: shippingParams(shipping) }),
    ...cardOptions(cardRequests),
    ...(taxCalculation && { hooks: { inputs: { tax: { calculation: taxCalculation } } } }),
    ...(wanted.description && { description: wanted.description }),
    ...lineItemParams(wanted),
  };
}

/** Level 2 and 3 rates need an order reference besides the items. */
export function lineItemParams({ lineItems, metadata }: Pick<Wanted, 'lineItems' | 'metadata'>): {
  amount_details?: Stripe.PaymentIntentCreateParams.AmountDetails;
  payment_details?: Stripe.PaymentIntentCreateParams.PaymentDetails;
} {
  if (lineItems?.kind !== 'details') return {};
  const reference = metadata[METADATA.orderNumber] ?? metadata[METADATA.cartId] ?? '';
  return {
    amount_details: lineItems.amountDetails,
    payment_details: { order_reference: beginningOf(reference, MAX_ORDER_REFERENCE) },
  };
}

/**
 * Idempotency key of an attempt's create call. It contains only data that the commercetools payment shows too (key and
 * amount), so that whoever finds the payment can repeat the call and get its PaymentIntent; Stripe refuses the key with
 * other parameters. After a refusal, which Stripe would repeat for the same key, `variant` names what is different.
 */
export const attemptKey = (
  paymentKey: string,
  { centAmount, currencyCode }: Pick<Money, 'centAmount' | 'currencyCode'>,
  ...variant: readonly string[]
) => idempotencyKey('open', paymentKey, { centAmount, currencyCode }, ...variant);

/** What must be done to turn a PaymentIntent into the wanted one. */
export type Change =
  | { readonly kind: 'none' }
  | { readonly kind: 'update'; readonly params: Stripe.PaymentIntentUpdateParams }
  /** Stripe fixes it at creation. */
  | { readonly kind: 'replace' };

/** Compares a PaymentIntent that waits for the shopper with the wanted one. Throws InexpressibleAmountError. */
export function changeTo(paymentIntent: Stripe.PaymentIntent, wanted: Wanted): Change {
  const { due, captureMethod, customer, setupFutureUsage, shipping, cardRequests, taxCalculation, metadata } = wanted;
  const present = paymentIntent;
  const presentCustomer = idOf(present.customer);
  if (present.currency.toUpperCase() !== due.currencyCode.toUpperCase()) return { kind: 'replace' };
  if (present.capture_method !== captureMethod) return { kind: 'replace' };
  if (presentCustomer && presentCustomer !== customer) return { kind: 'replace' };

  const params: Stripe.PaymentIntentUpdateParams = {};
  const amount = toStripeAmount(due);
  if (present.amount !== amount) params.amount = amount;
  if (customer && !presentCustomer) params.customer = customer;
  if ((present.setup_future_usage ?? undefined) !== setupFutureUsage)
    params.setup_future_usage = setupFutureUsage ?? '';
  if (!sameShipping(present.shipping, shipping)) {
    params.shipping = shipping ? shippingParams(shipping, present.shipping) : '';
  }
  if (lacksRequests(present, cardRequests)) Object.assign(params, cardOptions(cardRequests));
  const presentCalculation = present.hooks?.inputs?.tax?.calculation ?? undefined;
  if (presentCalculation !== taxCalculation) {
    params.hooks = { inputs: { tax: { calculation: taxCalculation ?? '' } } };
  }
  const changed = Object.entries(metadata).filter(([name, value]) => present.metadata[name] !== value);
  if (wanted.description && present.description !== wanted.description) params.description = wanted.description;
  if (changed.length > 0) params.metadata = Object.fromEntries(changed);
  const presentItems = present.metadata[METADATA.lineItems];
  if (wanted.lineItems?.kind === 'details') {
    if (presentItems !== metadata[METADATA.lineItems]) Object.assign(params, lineItemParams(wanted));
  } else if (presentItems) {
    params.amount_details = WITHOUT_LINE_ITEMS;
    params.metadata = { ...(params.metadata || {}), [METADATA.lineItems]: '' };
  }
  return Object.keys(params).length === 0 ? { kind: 'none' } : { kind: 'update', params };
}

/** The known fields; an empty field is sent to Stripe only to remove an existing value. */
function shippingParams(
  { name, phone, address }: StripeShipping,
  present?: Stripe.PaymentIntent.Shipping | null,
): { name: string; phone?: string; address: Stripe.AddressParam } {
  const isNeeded = (value: string, known: unknown) => Boolean(value || known);
  const fields = Object.entries(address).filter(([field, value]) =>
    isNeeded(value, present?.address?.[field as keyof typeof address]),
  );
  return { name, ...(isNeeded(phone, present?.phone) && { phone }), address: Object.fromEntries(fields) };
}

/** Stripe stores an empty string as no value, so both count as equal. */
function sameShipping(present: Stripe.PaymentIntent.Shipping | null, wanted: StripeShipping | undefined): boolean {
  if (!present || !wanted) return !present === !wanted;
  const fields = ['line1', 'line2', 'city', 'postal_code', 'state', 'country'] as const;
  return (
    (present.name ?? '') === wanted.name &&
    (present.phone ?? '') === wanted.phone &&
    fields.every((field) => (present.address?.[field] ?? '') === wanted.address[field])
  );
}
