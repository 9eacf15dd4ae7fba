import { defaultFractionDigits, InexpressibleAmountError, toStripeAmount } from '@connector/payment-model/money';
import type { LineItem } from '@stripe/stripe-js';
import { ConfigurationError } from '../errors.ts';
import type { ExpressOptions, Money, ShippingOption } from '../payment-enabler.ts';
import type { ExpressPaymentData } from '../processor-client.ts';

/** What Stripe's Elements and the wallet's sheet are told of the cart, always together and of one moment. */
export interface Totals {
  /** Stripe's minor units. */
  readonly amount: number;
  /** Lower case, as Stripe writes it. */
  readonly currency: string;
  /** Add up to `amount`. */
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

/** Totals of what the host named at first. Throws ConfigurationError where Stripe cannot take it. */
export function initialTotals(initialAmount: ExpressOptions['initialAmount'] | undefined): Totals {
  if (typeof initialAmount?.centAmount !== 'number' || !initialAmount.currencyCode) {
    const message = 'Express Checkout needs initialAmount with centAmount and currencyCode.';
    throw new ConfigurationError('invalid_initial_amount', { message });
  }
  try {
    // Pages in plain JavaScript may leave the digits out.
    const { fractionDigits = defaultFractionDigits(initialAmount.currencyCode) } = initialAmount;
    return total({ ...initialAmount, fractionDigits });
  } catch (cause) {
    if (!(cause instanceof InexpressibleAmountError)) throw cause;
    throw new ConfigurationError('invalid_initial_amount', { message: cause.message, cause });
  }
}

/**
 * Totals of the cart as the processor shows it: one line where its lines don't add up to the total, or one of them is negative or
 * nothing that Stripe can count. Throws InexpressibleAmountError for a total that Stripe cannot take.
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

/** A rate as the wallet lists it; `fractionDigits` are those of the cart, for hosts that leave them out. */
export function shippingRate({ id, name, amount }: ShippingOption, fractionDigits: number) {
  const price = amount ? toStripeAmount({ fractionDigits, ...amount }) : 0;
  return { id, displayName: name || id, amount: price };
}
