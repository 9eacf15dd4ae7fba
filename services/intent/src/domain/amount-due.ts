import { countsAsPaid, type Money } from '@connector/payment-model';
import type { Cart, Payment } from './checkout-cart.ts';

/** What is still to pay on a cart. */
export type AmountDue =
  | { readonly kind: 'due'; readonly due: Money; readonly paidAmount: number; readonly cartAmount: number }
  | { readonly kind: 'paid'; readonly paidAmount: number; readonly cartAmount: number };

type PricedCart = Pick<Cart, 'totalPrice' | 'taxedPrice'>;

/** The cart's total: gross where the cart is taxed. */
export function totalOf({ totalPrice, taxedPrice }: PricedCart): Money {
  const { centAmount, currencyCode, fractionDigits } = taxedPrice?.totalGross ?? totalPrice;
  return { centAmount, currencyCode, fractionDigits };
}

/**
 * The cart's total less what its payments have paid and what gift cards are planned to pay (centAmount). A payment counts with its
 * planned amount when it is authorised or charged, or about to be, and nothing of it was returned. A cart without anything due is paid.
 */
export function amountDue(
  cart: PricedCart,
  payments: readonly Pick<Payment, 'amountPlanned' | 'transactions'>[],
  giftCardPlannedAmount?: Pick<Money, 'centAmount' | 'currencyCode'>,
): AmountDue {
  const total = totalOf(cart);
  const paidAmount = payments
    .filter(({ transactions }) => countsAsPaid(transactions))
    .reduce((sum, { amountPlanned }) => sum + amountPlanned.centAmount, 0);
  const giftCards =
    giftCardPlannedAmount?.currencyCode === total.currencyCode ? Math.max(0, giftCardPlannedAmount.centAmount) : 0;
  const centAmount = total.centAmount - giftCards - paidAmount;
  const cartAmount = total.centAmount;
  if (centAmount <= 0) return { kind: 'paid', paidAmount, cartAmount };
  return { kind: 'due', due: { ...total, centAmount }, paidAmount, cartAmount };
}
