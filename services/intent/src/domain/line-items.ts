import { createHash } from 'node:crypto';
import { InexpressibleAmountError, type Money, sameMoney, toStripeAmount } from '@connector/payment-model';
import type Stripe from 'stripe';
import { totalOf } from './amount-due.ts';
import type { Cart, CartItem } from './checkout-cart.ts';
import { beginningOf } from './text.ts';

type AmountDetails = Stripe.PaymentIntentCreateParams.AmountDetails;
type StripeItem = Stripe.PaymentIntentCreateParams.AmountDetails.LineItem;

/** The line items for Stripe, for Level 2 and 3 rates and for pay-later methods. */
export type LineItems =
  | { readonly kind: 'details'; readonly amountDetails: AmountDetails; readonly digest: string }
  | { readonly kind: 'left-out'; readonly reason: LeftOutReason };

export type LeftOutReason =
  /** If gift cards or another payment pay a part, it is undefined which goods this payment is for. */
  | 'part_of_cart'
  | 'too_many'
  /** The items do not come to the cart's total, to the last unit. */
  | 'sums_differ'
  | 'inexpressible';

/**
 * Stripe's limits: number of items, characters of a name and of a code, and the card networks' format of a postal code.
 */
const MAX_ITEMS = 200;
const MAX_NAME = 1024;
const MAX_CODE = 12;
const POSTAL_CODE = /^[A-Za-z0-9 -]{1,10}$/;

/**
 * The items of a cart that costs `due`, in Stripe's minor units: each item after its discounts and without its tax, and
 * its tax; shipping with its tax; discounts on the total and items with a negative price as the discount. If they do
 * not add up to the amount, they are left out and never adjusted, because Stripe refuses a wrong sum.
 */
export function lineItemsOf(cart: Cart, due: Money): LineItems {
  const total = totalOf(cart);
  if (!sameMoney(total, due)) return { kind: 'left-out', reason: 'part_of_cart' };
  const items = [...cart.lineItems, ...cart.customLineItems];
  if (items.length > MAX_ITEMS) return { kind: 'left-out', reason: 'too_many' };
  try {
    const amountDetails = detailsOf(cart, items);
    if (!amountDetails || sumOf(amountDetails) !== toStripeAmount(due)) {
      return { kind: 'left-out', reason: 'sums_differ' };
    }
    const digest = createHash('sha256').update(JSON.stringify(amountDetails)).digest('hex').slice(0, 32);
    return { kind: 'details', amountDetails, digest };
  } catch (error) {
    if (error instanceof InexpressibleAmountError) return { kind: 'left-out', reason: 'inexpressible' };
    throw error;
  }
}

/** Undefined for items without a price. */
function detailsOf(cart: Cart, items: readonly CartItem[]): AmountDetails | undefined {
  const discountOnTotal = cart.discountOnTotalPrice;
  const discounted = discountOnTotal?.discountedGrossAmount ?? discountOnTotal?.discountedAmount;
  let discount = discounted ? toStripeAmount(discounted) : 0;
  const lineItems: StripeItem[] = [];
  for (const item of items) {
    const { totalPrice, taxedPrice } = item;
    const gross = taxedPrice?.totalGross ?? totalPrice;
    if (!gross || !item.quantity) return undefined;
    if (gross.centAmount < 0) discount -= toStripeAmount(gross);
    else lineItems.push(stripeItem(cart, item, toStripeAmount(gross), toStripeAmount(taxedPrice?.totalNet ?? gross)));
  }
  const shipping = shippingCost(cart);
  const postalCode = cart.shippingAddress?.postalCode ?? '';
  return {
    line_items: lineItems,
    ...(shipping > 0 && {
      shipping: { amount: shipping, ...(POSTAL_CODE.test(postalCode) && { to_postal_code: postalCode }) },
    }),
    ...(discount > 0 && { discount_amount: discount }),
  };
}

/** An item whose price is not divisible by its quantity becomes one item with the quantity in its name. */
function stripeItem(cart: Cart, item: CartItem, gross: number, net: number): StripeItem {
  const { quantity = 1, taxedPrice } = item;
  const sku = item.variant?.sku;
  const name = nameOf(cart, item) || sku || 'Item';
  const isDivisible = net % quantity === 0;
  return {
    product_name: beginningOf(isDivisible ? name : `${quantity} × ${name}`, MAX_NAME),
    ...(sku && { product_code: beginningOf(sku, MAX_CODE) }),
    quantity: isDivisible ? quantity : 1,
    unit_cost: isDivisible ? net / quantity : net,
    ...(taxedPrice && { tax: { total_tax_amount: gross - net } }),
  };
}

const nameOf = ({ locale }: Cart, { name }: CartItem): string =>
  name?.[locale ?? ''] ?? name?.[locale?.slice(0, 2) ?? ''] ?? name?.en ?? Object.values(name ?? {})[0] ?? '';

function shippingCost({ shippingInfo, shipping }: Cart): number {
  const all = shipping && shipping.length > 0 ? shipping.map((each) => each.shippingInfo) : [shippingInfo];
  return all.reduce((sum, info) => {
    const price = info?.taxedPrice?.totalGross ?? info?.discountedPrice?.value ?? info?.price;
    return price ? sum + toStripeAmount(price) : sum;
  }, 0);
}

/** The total as Stripe computes it. */
function sumOf({ line_items: items, shipping, discount_amount: discount }: AmountDetails): number {
  const ofItems = (items || []).reduce(
    (sum, { unit_cost, quantity, tax }) => sum + unit_cost * quantity + (tax?.total_tax_amount ?? 0),
    0,
  );
  return ofItems + Number(shipping ? (shipping.amount ?? 0) : 0) - Number(discount ?? 0);
}

/** Parameters that remove the line items from a PaymentIntent. */
export const WITHOUT_LINE_ITEMS: AmountDetails = { line_items: '', shipping: '', discount_amount: '' };
