import type { PaymentMethod as CommercetoolsPaymentMethod } from '@commercetools/platform-sdk';
import type Stripe from 'stripe';

/** A customer's stored payment method in commercetools. */
export type StoredMethod = Pick<
  CommercetoolsPaymentMethod,
  | 'id'
  | 'version'
  | 'businessUnit'
  | 'method'
  | 'token'
  | 'default'
  | 'createdAt'
  | 'customer'
  | 'paymentInterface'
  | 'interfaceAccount'
>;

/** The details of a stored method that a shopper sees. */
export interface DisplayOptions {
  readonly endDigits?: string;
  readonly brand?: { readonly key: string };
  readonly expiryMonth?: number;
  /** Two digits. */
  readonly expiryYear?: number;
}

/** Brand, last digits and expiry of a card; last digits of a bank debit; nothing for other methods. */
export function displayOptionsOf(method: Stripe.PaymentMethod | undefined): DisplayOptions {
  if (method?.card) {
    const { brand, last4, exp_month, exp_year } = method.card;
    return { endDigits: last4, brand: { key: brand }, expiryMonth: exp_month, expiryYear: exp_year % 100 };
  }
  const last4 = method?.sepa_debit?.last4 ?? method?.us_bank_account?.last4;
  return last4 ? { endDigits: last4 } : {};
}
