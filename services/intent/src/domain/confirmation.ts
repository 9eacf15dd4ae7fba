import { attemptOf, type Money, ownershipOf, waitsForVoucher } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Payment } from './checkout-cart.ts';

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

/** What was paid stays booked; the cart has become dearer meanwhile (rulings 32). */
export interface CartChanged {
  readonly kind: 'cart-changed';
  readonly amountDue: Money;
}

/** The session's cart and the payments that are on it. */
export interface SessionCart {
  readonly cartId: string;
  readonly payments: readonly Pick<Payment, 'id'>[];
}

/**
 * Checks that the payment is the session's cart's, that the PaymentIntent is the payment's (`ct_payment_key` is its key, or
 * `ct_payment_id` its id), and that it went through. Keys are compared, not amounts: what Stripe holds is what was paid, and the planned
 * amount follows it (rulings 30). Anything else is a rejection, with Stripe's codes only.
 */
export function confirmationOf(
  sessionCart: SessionCart,
  payment: Pick<Payment, 'id' | 'key'>,
  paymentIntent: Stripe.PaymentIntent,
): Confirmation {
  if (!isOfCart(sessionCart, payment) || !belongsTo(payment, sessionCart.cartId, paymentIntent)) {
    return { kind: 'rejected', reason: 'foreign_payment' };
  }
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

/** A payment is the cart's by being on it, or by its key, which names the cart also when somebody took it off, or the cart is gone. */
const isOfCart = ({ cartId, payments }: SessionCart, { id, key }: Pick<Payment, 'id' | 'key'>): boolean =>
  payments.some((payment) => payment.id === id) || attemptOf(cartId, key) !== undefined;

/** Whether a PaymentIntent says it is the payment's, and of no other cart. */
function belongsTo(
  { id, key }: Pick<Payment, 'id' | 'key'>,
  cartId: string,
  { metadata }: Stripe.PaymentIntent,
): boolean {
  const owner = ownershipOf(metadata);
  if (owner.cartId !== undefined && owner.cartId !== cartId) return false;
  return (key !== undefined && owner.paymentKey === key) || owner.paymentId === id;
}

/** Whether commercetools shows what the PaymentIntent's state means: authorised for one held, charged for one that succeeded. */
export function isRecorded(
  transactions: readonly {
    readonly type: string;
    readonly state: string;
    readonly interactionId?: string | undefined;
  }[],
  { id, status }: Pick<Stripe.PaymentIntent, 'id' | 'status'>,
): boolean {
  const type = status === 'succeeded' ? 'Charge' : 'Authorization';
  return transactions.some(
    (transaction) =>
      transaction.type === type &&
      transaction.state === 'Success' &&
      (type === 'Charge' || transaction.interactionId === id),
  );
}
