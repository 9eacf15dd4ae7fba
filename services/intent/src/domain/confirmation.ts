import {
  fromStripeAmount,
  InexpressibleAmountError,
  ownershipOf,
  sameMoney,
  waitsForVoucher,
} from '@connector/payment-model';
import type Stripe from 'stripe';
import type { CheckoutCart, Payment } from './checkout-cart.ts';

/** How a shopper's payment stands, seen from Stripe's state and the payment it is said to belong to. */
export type Confirmation =
  | { readonly kind: 'authorised' }
  | { readonly kind: 'processing' }
  | {
      readonly kind: 'rejected';
      readonly code?: string | undefined;
      readonly declineCode?: string | undefined;
      /** Set when a session asks for what is not its own. */
      readonly reason?: 'foreign_payment';
    };

/**
 * Checks that the payment is on the session's cart, that the PaymentIntent is the payment's (`ct_payment_key` is its key, or
 * `ct_payment_id` its id) and of its amount, and that it went through. Anything else is a rejection, with Stripe's codes only.
 */
export function confirmationOf(
  { payments }: Pick<CheckoutCart, 'payments'>,
  payment: Payment,
  paymentIntent: Stripe.PaymentIntent,
): Confirmation {
  const isOnCart = payments.some(({ id }) => id === payment.id);
  if (!isOnCart || !belongsTo(payment, paymentIntent)) return { kind: 'rejected', reason: 'foreign_payment' };
  if (!isOfSameAmount(payment, paymentIntent)) return { kind: 'rejected' };
  switch (paymentIntent.status) {
    case 'succeeded':
    case 'requires_capture':
      return { kind: 'authorised' };
    case 'processing':
      return { kind: 'processing' };
    default: {
      if (waitsForVoucher(paymentIntent)) return { kind: 'processing' };
      const { code, decline_code: declineCode } = paymentIntent.last_payment_error ?? {};
      return { kind: 'rejected', ...(code && { code }), ...(declineCode && { declineCode }) };
    }
  }
}

/** Whether a browser's word can be a PaymentIntent's id; a client secret, for one, can not. */
export const isPaymentIntentId = (text: string): boolean => /^pi_[A-Za-z0-9]{1,200}$/.test(text);

/** Whether a PaymentIntent says it is the payment's. */
export function belongsTo({ id, key }: Pick<Payment, 'id' | 'key'>, { metadata }: Stripe.PaymentIntent): boolean {
  const { paymentId, paymentKey } = ownershipOf(metadata);
  return (key !== undefined && paymentKey === key) || paymentId === id;
}

function isOfSameAmount({ amountPlanned }: Payment, { amount, currency }: Stripe.PaymentIntent): boolean {
  if (currency.toUpperCase() !== amountPlanned.currencyCode.toUpperCase()) return false;
  try {
    return sameMoney(fromStripeAmount(amount, currency, amountPlanned.fractionDigits), amountPlanned);
  } catch (error) {
    if (error instanceof InexpressibleAmountError) return false;
    throw error;
  }
}

/** Whether commercetools shows what the PaymentIntent's state means: authorised for one held, charged for one that succeeded. */
export function isRecorded({ transactions }: Payment, { id, status }: Stripe.PaymentIntent): boolean {
  const type = status === 'succeeded' ? 'Charge' : 'Authorization';
  return transactions.some(
    (transaction) =>
      transaction.type === type &&
      transaction.state === 'Success' &&
      (type === 'Charge' || transaction.interactionId === id),
  );
}
