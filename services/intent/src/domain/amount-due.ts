import { countsAsPaid, fromStripeAmount, InexpressibleAmountError, type Money } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Cart, Payment } from './checkout-cart.ts';

interface Amounts {
  /** In centAmount. */
  readonly paidAmount: number;
  readonly cartAmount: number;
}

/** The amount that is still to pay for a cart. */
export type AmountDue =
  | (Amounts & { readonly kind: 'due'; readonly due: Money })
  | (Amounts & { readonly kind: 'paid' })
  /** The cart costs nothing, or gift cards pay all of it. */
  | (Amounts & { readonly kind: 'nothing' });

type PricedCart = Pick<Cart, 'totalPrice' | 'taxedPrice'>;
type PaidPayment = Pick<Payment, 'amountPlanned' | 'transactions'>;

/** The cart's total: gross where the cart is taxed. */
export function totalOf({ totalPrice, taxedPrice }: PricedCart): Money {
  const { centAmount, currencyCode, fractionDigits } = taxedPrice?.totalGross ?? totalPrice;
  return { centAmount, currencyCode, fractionDigits };
}

/**
 * The cart's total minus what its payments have paid and what gift cards will pay (centAmount). A payment counts with
 * its planned amount while any of its money is pending, authorised or charged (rulings 31). Money in another currency
 * than the cart's cannot be subtracted; while it is held, nothing is due, so that nobody has to pay twice.
 */
export function amountDue(
  cart: PricedCart,
  payments: readonly PaidPayment[],
  giftCardPlannedAmount?: Pick<Money, 'centAmount' | 'currencyCode'>,
): AmountDue {
  const total = totalOf(cart);
  const paid = payments.filter(({ transactions }) => countsAsPaid(transactions));
  const paidAmount = paid.reduce((sum, { amountPlanned }) => sum + amountPlanned.centAmount, 0);
  const giftCards =
    giftCardPlannedAmount?.currencyCode === total.currencyCode ? Math.max(0, giftCardPlannedAmount.centAmount) : 0;
  const amounts = { paidAmount, cartAmount: total.centAmount };
  if (paid.some(({ amountPlanned }) => amountPlanned.currencyCode !== total.currencyCode)) {
    return { kind: 'paid', ...amounts };
  }
  const centAmount = total.centAmount - giftCards - paidAmount;
  if (centAmount <= 0) return { kind: paidAmount > 0 ? 'paid' : 'nothing', ...amounts };
  return { kind: 'due', due: { ...total, centAmount }, ...amounts };
}

/**
 * A PaymentIntent's amount in minor units: everything authorised, plus what was captured beyond that, as the ledger
 * plans it.
 */
type Held = Pick<Stripe.PaymentIntent, 'amount' | 'amount_received' | 'currency'>;

/** A PaymentIntent's amount as centAmount; undefined if the payment's digits cannot express it. */
export function moneyOf(
  { amount, amount_received: received, currency }: Held,
  { amountPlanned: { fractionDigits } }: Pick<Payment, 'amountPlanned'>,
): Money | undefined {
  try {
    return fromStripeAmount(Math.max(amount, received), currency, fractionDigits);
  } catch (error) {
    if (error instanceof InexpressibleAmountError) return undefined;
    throw error;
  }
}

/** The payment as the ledger will show it: paid, with the amount that its PaymentIntent holds (rulings 30). */
export function asPaid<P extends PaidPayment>(payment: P, paymentIntent: Held): P {
  const amount = moneyOf(paymentIntent, payment) ?? payment.amountPlanned;
  return {
    ...payment,
    amountPlanned: { ...payment.amountPlanned, ...amount },
    transactions: [{ id: '', type: 'Authorization', state: 'Success', amount }],
  };
}
