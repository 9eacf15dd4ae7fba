import type { Payment } from '@commercetools/platform-sdk';
import { defaultFractionDigits, fromStripeAmount, type Money } from '@connector/payment-model';

/** The part of a payment that the rules read. */
export type PaymentView = Pick<Payment, 'transactions' | 'amountPlanned'>;

/** Converts Stripe's minor units to the payment's centAmount. Throws InexpressibleAmountError. */
export function money(amount: number, currency: string, { amountPlanned }: Pick<PaymentView, 'amountPlanned'>): Money {
  const code = currency.toUpperCase();
  const digits = code === amountPlanned.currencyCode ? amountPlanned.fractionDigits : defaultFractionDigits(code);
  return fromStripeAmount(amount, code, digits);
}

/** Converts Stripe's seconds since the epoch to ISO 8601. */
export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
