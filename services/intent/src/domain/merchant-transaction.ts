import { createHash } from 'node:crypto';
import { METADATA, TRANSACTION_KEY_PREFIX } from '@connector/payment-model';
import type Stripe from 'stripe';
import type { Cart, Payment } from './checkout-cart.ts';
import type { RequestedAmount } from './operations.ts';

/** What names a merchant-initiated transaction, best first; the cart and its version when the caller gives neither (rulings 28). */
export interface TransactionIdentity {
  readonly idempotencyKey?: string | undefined;
  readonly checkoutTransactionItemId?: string | undefined;
}

/** Key of the commercetools payment of a transaction, at most 52 characters: whoever asks for the transaction again finds that payment. */
export function transactionKeyOf(cart: Pick<Cart, 'id' | 'version'>, identity: TransactionIdentity): string {
  const { idempotencyKey, checkoutTransactionItemId } = identity;
  const named = idempotencyKey
    ? ['key', idempotencyKey]
    : checkoutTransactionItemId
      ? ['item', checkoutTransactionItemId]
      : ['cart', cart.id, cart.version];
  return TRANSACTION_KEY_PREFIX + createHash('sha256').update(JSON.stringify(named)).digest('hex').slice(0, 40);
}

/** What a transaction is to charge, as its PaymentIntent's metadata keeps it. */
export const transactionAmountOf = ({ centAmount, currencyCode }: RequestedAmount): string =>
  `${centAmount} ${currencyCode}`;

/**
 * Whether a transaction that is asked for again was for this amount. Its authorisation may have been raised since, or captured above itself,
 * which the planned amount follows; a PaymentIntent of an earlier version does not say what it was first over, its Authorization does.
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

/** Of two transactions that met on one cart, whether `one` goes first. */
export const goesBefore = (one: Pick<Payment, 'createdAt' | 'id'>, other: Pick<Payment, 'createdAt' | 'id'>): boolean =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id);

/**
 * Whether a PaymentIntent, its latest charge expanded, holds money: on its way, authorised, or captured and not given back in full.
 * Stripe counts the release of what was not captured as refunded, so all of the charge has to be. One that was canceled after a part of
 * it was captured holds that part.
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

/** Stripe's answer to a charge without the shopper. */
export type TransactionState =
  | { readonly state: 'Completed' | 'Pending' }
  /** `code`: Stripe's decline code, else its error code. */
  | { readonly state: 'Failed'; readonly code: string };

/** How a transaction stands by its PaymentIntent: a shopper who is not there can't do anything more, so what is not on its way has failed. */
export function transactionStateOf({ status, last_payment_error: error }: Stripe.PaymentIntent): TransactionState {
  switch (status) {
    case 'succeeded':
    case 'requires_capture':
      return { state: 'Completed' };
    case 'processing':
      return { state: 'Pending' };
    case 'requires_action':
      return { state: 'Failed', code: 'authentication_required' };
    default:
      return { state: 'Failed', code: error?.decline_code ?? error?.code ?? status };
  }
}
