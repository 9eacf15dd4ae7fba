import type { Payment } from '@commercetools/platform-sdk';
import { defaultFractionDigits, fromStripeAmount, type Money } from '@connector/payment-model';

/** What the rules look at of a payment. */
export type PaymentView = Pick<Payment, 'transactions' | 'amountPlanned'>;

/** Stripe's minor units as the payment counts its money. Throws InexpressibleAmountError. */
export function money(amount: number, currency: string, { amountPlanned }: Pick<PaymentView, 'amountPlanned'>): Money {
  const code = currency.toUpperCase();
  const digits = code === amountPlanned.currencyCode ? amountPlanned.fractionDigits : defaultFractionDigits(code);
  return fromStripeAmount(amount, code, digits);
}

/** Stripe's seconds since the epoch, as ISO 8601. */
export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
