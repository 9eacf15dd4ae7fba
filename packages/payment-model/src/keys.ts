import { createHash } from 'node:crypto';

const ATTEMPT = /^(?<cartId>.+)-(?<attempt>[1-9]\d*)$/;

/**
 * The commercetools key of a cart's payment, by attempt from 1. commercetools refuses a second payment with the same
 * key.
 */
export const paymentKeyOf = (cartId: string, attempt: number): string => `${cartId}-${attempt}`;

/** Whether commercetools takes `text` as the key of a resource. */
export const isKey = (text: string): boolean => /^[A-Za-z0-9_-]{2,256}$/.test(text);

/** The attempt number in a payment's key, or undefined when the key is not one of this cart's attempts. */
export function attemptOf(cartId: string, paymentKey: string | undefined): number | undefined {
  const groups = paymentKey && ATTEMPT.exec(paymentKey)?.groups;
  return groups && groups.cartId === cartId ? Number(groups.attempt) : undefined;
}

/** Prefix of the keys of merchant-initiated transactions' payments. */
export const TRANSACTION_KEY_PREFIX = 'transaction-';

/** Whether a payment belongs to a merchant-initiated transaction, not to a shopper's attempt. */
export const isOfTransaction = ({ key }: { readonly key?: string | undefined }): boolean =>
  key?.startsWith(TRANSACTION_KEY_PREFIX) ?? false;

/** The commercetools key of a payment for a PaymentIntent whose metadata names no payment. */
export const paymentKeyOfPaymentIntent = (paymentIntentId: string): string => `stripe-${paymentIntentId}`;

/**
 * An idempotency key for Stripe (at most 255 characters): the same parts give the same key, so that a repeated call has
 * one effect. Parts are compared as canonical JSON, so the order of an object's fields does not matter.
 */
export function idempotencyKey(scope: string, ...parts: readonly unknown[]): string {
  const digest = createHash('sha256').update(canonicalJson(parts)).digest('hex');
  return `${scope}-${digest}`;
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value && typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
