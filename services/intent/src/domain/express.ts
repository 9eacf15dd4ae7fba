import type { Money } from '@connector/payment-model';
import type { Cart } from './checkout-cart.ts';

export interface ExpressLineItem {
  readonly name: string;
  readonly amount: Money;
  readonly type: 'SUBTOTAL' | 'TAX' | 'SHIPPING' | 'TOTAL';
}

const money = ({ centAmount, currencyCode, fractionDigits }: Money): Money => ({
  centAmount,
  currencyCode,
  fractionDigits,
});

/**
 * The lines of a wallet's sheet: net and tax for a taxed cart (including shipping), else goods and shipping. The lines
 * add up to `due`, and none is negative. If the cart's parts do not allow that (a part was paid before, a gift card, a
 * discount larger than the goods), there is one line for everything.
 */
export function expressLineItems(
  cart: Pick<Cart, 'totalPrice' | 'taxedPrice' | 'shippingInfo' | 'shipping'>,
  due: Money,
): ExpressLineItem[] {
  const parts = cart.taxedPrice ? netAndTax(cart.taxedPrice) : goodsAndShipping(cart);
  const sum = parts.reduce((total, { centAmount }) => total + centAmount, 0);
  const isExact = sum === due.centAmount && parts.every(({ centAmount }) => centAmount >= 0);
  const shown: Part[] = isExact ? parts : [{ name: 'Total', centAmount: due.centAmount, type: 'TOTAL' }];
  return shown.map(({ name, centAmount, type }) => ({ name, amount: { ...money(due), centAmount }, type }));
}

type Part = Pick<ExpressLineItem, 'name' | 'type'> & Pick<Money, 'centAmount'>;

function netAndTax({ totalNet, totalGross }: NonNullable<Cart['taxedPrice']>): Part[] {
  const tax = totalGross.centAmount - totalNet.centAmount;
  return [
    { name: 'Subtotal', centAmount: totalNet.centAmount, type: 'SUBTOTAL' },
    ...(tax === 0 ? [] : [{ name: 'Tax', centAmount: tax, type: 'TAX' as const }]),
  ];
}

/** Shipping at its discounted price; a cart with several shipping methods (`shippingMode: Multiple`) has one line for all. */
function goodsAndShipping({
  totalPrice,
  shippingInfo,
  shipping,
}: Pick<Cart, 'totalPrice' | 'shippingInfo' | 'shipping'>): Part[] {
  const chosen = [...(shippingInfo ? [shippingInfo] : []), ...(shipping ?? []).map((entry) => entry.shippingInfo)];
  const price = chosen.reduce(
    (sum, { price, discountedPrice }) => sum + (discountedPrice?.value ?? price).centAmount,
    0,
  );
  const name = (chosen.length === 1 && chosen[0]?.shippingMethodName) || 'Shipping';
  return [
    { name: 'Subtotal', centAmount: totalPrice.centAmount - price, type: 'SUBTOTAL' },
    ...(price === 0 ? [] : [{ name, centAmount: price, type: 'SHIPPING' as const }]),
  ];
}
