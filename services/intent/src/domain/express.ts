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

/** What a wallet's sheet lists: net and tax for a taxed cart (shipping is inside), else the goods and the shipping. */
export function expressLineItems(cart: Pick<Cart, 'taxedPrice' | 'shippingInfo'>, due: Money): ExpressLineItem[] {
  const { taxedPrice, shippingInfo } = cart;
  const withCent = (centAmount: number): Money => ({ ...money(due), centAmount });
  if (taxedPrice) {
    const { totalNet, totalTax } = taxedPrice;
    const items: ExpressLineItem[] = [
      { name: 'Subtotal', amount: totalNet ? money(totalNet) : money(due), type: 'SUBTOTAL' },
    ];
    if (totalTax && totalTax.centAmount > 0) items.push({ name: 'Tax', amount: money(totalTax), type: 'TAX' });
    return items;
  }
  const shipping = shippingInfo?.price.centAmount ?? 0;
  const items: ExpressLineItem[] = [
    { name: 'Subtotal', amount: withCent(due.centAmount - shipping), type: 'SUBTOTAL' },
  ];
  if (shipping > 0) {
    items.push({ name: shippingInfo?.shippingMethodName || 'Shipping', amount: withCent(shipping), type: 'SHIPPING' });
  }
  return items;
}
