import { defaultFractionDigits, InexpressibleAmountError, toStripeAmount } from '@connector/payment-model/money';
import type { LineItem } from '@stripe/stripe-js';
import { ConfigurationError } from '../errors.ts';
import type { ExpressOptions, Money, ShippingOption } from '../payment-enabler.ts';
import type { ExpressPaymentData } from '../processor-client.ts';

/** The cart's amounts for Stripe's Elements and the wallet's sheet, which always come together and from one moment. */
export interface Totals {
  /** Stripe's minor units. */
  readonly amount: number;
  /** Lower case, as Stripe writes it. */
  readonly currency: string;
  /** They add up to `amount`. */
  readonly lineItems: LineItem[];
  readonly due: Money;
}

const total = (due: Money, lineItems?: LineItem[]): Totals => {
  const amount = toStripeAmount(due);
  return {
    amount,
    currency: due.currencyCode.toLowerCase(),
    lineItems: lineItems ?? [{ name: 'Total', amount }],
    due,
  };
};

/** Totals of the host's initial amount. Throws ConfigurationError when Stripe cannot express it. */
export function initialTotals(initialAmount: ExpressOptions['initialAmount'] | undefined): Totals {
  if (typeof initialAmount?.centAmount !== 'number' || !initialAmount.currencyCode) {
    const message = 'Express Checkout needs initialAmount with centAmount and currencyCode.';
    throw new ConfigurationError('invalid_initial_amount', { message });
  }
  try {
    // Pages in plain JavaScript may leave the fraction digits out.
    const { fractionDigits = defaultFractionDigits(initialAmount.currencyCode) } = initialAmount;
    return total({ ...initialAmount, fractionDigits });
  } catch (cause) {
    if (!(cause instanceof InexpressibleAmountError)) throw cause;
    throw new ConfigurationError('invalid_initial_amount', { message: cause.message, cause });
  }
}

/**
 * Totals of the cart from the processor: one line when its lines do not add up to the total, or when one of them is
 * negative or Stripe cannot express it. Throws InexpressibleAmountError for a total that Stripe cannot express.
 */
export function cartTotals({ lineItems, totalPrice }: ExpressPaymentData): Totals {
  const whole = total(totalPrice);
  const lines = expressible(lineItems);
  const sum = lines?.reduce((all, { amount }) => all + amount, 0);
  return sum === whole.amount && lines?.every(({ amount }) => amount >= 0) ? { ...whole, lineItems: lines } : whole;
}

function expressible(lines: ExpressPaymentData['lineItems']): LineItem[] | undefined {
  try {
    return lines.map(({ name, amount }) => ({ name, amount: toStripeAmount(amount) }));
  } catch (error) {
    if (error instanceof InexpressibleAmountError) return undefined;
    throw error;
  }
}

/** A rate for the wallet's list; `fractionDigits` are those of the cart, for hosts that leave them out. */
export function shippingRate({ id, name, amount }: ShippingOption, fractionDigits: number) {
  const price = amount ? toStripeAmount({ fractionDigits, ...amount }) : 0;
  return { id, displayName: name || id, amount: price };
}
