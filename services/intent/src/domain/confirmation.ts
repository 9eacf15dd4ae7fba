import { attemptOf, type Money, ownershipOf, waitsForVoucher } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Payment } from './checkout-cart.ts';
import { ALL_GIVEN_BACK, holdsMoney } from './merchant-transaction.ts';

/** The result of a shopper's payment, from Stripe's state and the payment that it is said to belong to. */
export type Confirmation =
  | { readonly kind: 'authorised' }
  | { readonly kind: 'processing' }
  | {
      readonly kind: 'rejected';
      readonly code?: string | undefined;
      readonly declineCode?: string | undefined;
      /** Set when a session asks for a payment of another cart. */
      readonly reason?: 'foreign_payment';
    };

/** What was paid stays booked, but the cart costs more now (rulings 32). */
export interface CartChanged {
  readonly kind: 'cart-changed';
  readonly amountDue: Money;
}

/** The session's cart with its payments. */
export interface SessionCart {
  readonly cartId: string;
  readonly payments: readonly Pick<Payment, 'id'>[];
}

/**
 * Checks that the payment belongs to the session's cart, that the PaymentIntent belongs to the payment
 * (`ct_payment_key` is its key, or `ct_payment_id` its id), and that the PaymentIntent holds money (its latest charge is
 * expanded). It compares keys and not amounts: what Stripe holds was paid, and the planned amount follows it (rulings
 * 30). Anything else is a rejection, with only Stripe's codes.
 */
export function confirmationOf(
  sessionCart: SessionCart,
  payment: Pick<Payment, 'id' | 'key'>,
  paymentIntent: Stripe.PaymentIntent,
): Confirmation {
  if (!isOfCart(sessionCart, payment) || !belongsTo(payment, sessionCart.cartId, paymentIntent)) {
    return { kind: 'rejected', reason: 'foreign_payment' };
  }
  const { status, last_payment_error: error } = paymentIntent;
  if (status === 'processing' || waitsForVoucher(paymentIntent)) return { kind: 'processing' };
  if (holdsMoney(paymentIntent)) return { kind: 'authorised' };
  // Paid once, and given back since: an order that is made of it has nobody's money.
  if (status === 'succeeded') return { kind: 'rejected', code: ALL_GIVEN_BACK };
  const { code, decline_code: declineCode } = error ?? {};
  return { kind: 'rejected', ...(code && { code }), ...(declineCode && { declineCode }) };
}

/** Whether a value from the browser can be a PaymentIntent id; a client secret, for example, cannot. */
export const isPaymentIntentId = (text: string): boolean => /^pi_[A-Za-z0-9]{1,200}$/.test(text);

/**
 * A payment belongs to the cart if it is on the cart, or by its key, which names the cart even if the payment was
 * removed from it or the cart was deleted.
 */
const isOfCart = ({ cartId, payments }: SessionCart, { id, key }: Pick<Payment, 'id' | 'key'>): boolean =>
  payments.some((payment) => payment.id === id) || attemptOf(cartId, key) !== undefined;

/** Whether a PaymentIntent's metadata names this payment and no other cart. */
function belongsTo(
  { id, key }: Pick<Payment, 'id' | 'key'>,
  cartId: string,
  { metadata }: Stripe.PaymentIntent,
): boolean {
  const owner = ownershipOf(metadata);
  if (owner.cartId !== undefined && owner.cartId !== cartId) return false;
  return (key !== undefined && owner.paymentKey === key) || owner.paymentId === id;
}

/**
 * Whether commercetools shows the PaymentIntent's state: an Authorization for held money, a Charge for a succeeded one.
 */
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
