import { createHash } from 'node:crypto';
import { METADATA, TRANSACTION_KEY_PREFIX } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Cart, Payment } from './checkout-cart.ts';
import type { RequestedAmount } from './operations.ts';

/**
 * The identity of a merchant-initiated transaction, in order of preference; the cart and its version when the caller
 * gives neither (rulings 28).
 */
export interface TransactionIdentity {
  readonly idempotencyKey?: string | undefined;
  readonly checkoutTransactionItemId?: string | undefined;
}

/**
 * Key of the commercetools payment of a transaction, at most 52 characters: a repeated request finds the payment by it.
 */
export function transactionKeyOf(cart: Pick<Cart, 'id' | 'version'>, identity: TransactionIdentity): string {
  const { idempotencyKey, checkoutTransactionItemId } = identity;
  const named = idempotencyKey
    ? ['key', idempotencyKey]
    : checkoutTransactionItemId
      ? ['item', checkoutTransactionItemId]
      : ['cart', cart.id, cart.version];
  return TRANSACTION_KEY_PREFIX + createHash('sha256').update(JSON.stringify(named)).digest('hex').slice(0, 40);
}

/** The amount to charge, as stored in the PaymentIntent's metadata. */
export const transactionAmountOf = ({ centAmount, currencyCode }: RequestedAmount): string =>
  `${centAmount} ${currencyCode}`;

/**
 * Whether a repeated transaction was originally for this amount. The planned amount does not show it: it follows later
 * raises, and captures above the authorised amount. The metadata shows it; a PaymentIntent of an earlier version has no
 * such metadata, but its Authorization shows it.
 */
export function wasFor(
  amount: RequestedAmount,
  { amountPlanned, transactions }: Pick<Payment, 'amountPlanned' | 'transactions'>,
  { id, metadata }: Pick<Stripe.PaymentIntent, 'id' | 'metadata'>,
): boolean {
  const asked = transactionAmountOf(amount);
  const known = metadata[METADATA.transactionAmount];
  if (known !== undefined) return asked === known;
  const authorized = transactions.filter(({ type, interactionId }) => type === 'Authorization' && interactionId === id);
  return [amountPlanned, ...authorized.map((transaction) => transaction.amount)]
    .map(transactionAmountOf)
    .includes(asked);
}

/** Whether `one` goes first, of two concurrent transactions on one cart. */
export const goesBefore = (one: Pick<Payment, 'createdAt' | 'id'>, other: Pick<Payment, 'createdAt' | 'id'>): boolean =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id);

/**
 * Whether a PaymentIntent (with its latest charge expanded) holds money: pending, authorised, or captured and not fully
 * refunded. Stripe counts the release of an uncaptured rest as refunded, so the money is gone only if the whole charge
 * counts as refunded. A PaymentIntent that was canceled after a partial capture holds the captured part.
 */
export function holdsMoney({
  status,
  latest_charge: charge,
}: Pick<Stripe.PaymentIntent, 'status' | 'latest_charge'>): boolean {
  if (status === 'processing' || status === 'requires_capture') return true;
  if (status === 'canceled' && !(charge && typeof charge === 'object' && charge.amount_captured > 0)) return false;
  if (status !== 'succeeded' && status !== 'canceled') return false;
  if (!charge || typeof charge !== 'object') return true;
  return charge.amount_refunded < Math.max(charge.amount, charge.amount_captured ?? 0);
}

/** The result of a charge without the shopper. */
export type TransactionState =
  | { readonly state: 'Completed' | 'Pending' }
  /** `code`: Stripe's decline code, else its error code. */
  | { readonly state: 'Failed'; readonly code: string };

/** What Stripe calls a charge of which nothing is left to refund. */
export const ALL_GIVEN_BACK = 'charge_already_refunded';

/**
 * The result of a transaction from its PaymentIntent (its latest charge is expanded where it may have been refunded):
 * without the shopper nobody can act, so anything that is not pending or successful has failed. A transaction of which
 * all was given back has failed, too: nobody has paid.
 */
export function transactionStateOf(paymentIntent: Stripe.PaymentIntent): TransactionState {
  const { status, last_payment_error: error } = paymentIntent;
  if (holdsMoney(paymentIntent)) return { state: status === 'processing' ? 'Pending' : 'Completed' };
  switch (status) {
    case 'succeeded':
      return { state: 'Failed', code: ALL_GIVEN_BACK };
    case 'requires_action':
      return { state: 'Failed', code: 'authentication_required' };
    default:
      return { state: 'Failed', code: error?.decline_code ?? error?.code ?? status };
  }
}
