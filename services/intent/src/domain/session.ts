import type { Money } from '@connector/payment-model';

/** What a verified Checkout session says: the cart it is for, and what Checkout put into its metadata. */
export interface Session {
  readonly cartId: string;
  readonly allowedPaymentMethods?: readonly string[] | undefined;
  readonly checkoutTransactionItemId?: string | undefined;
  readonly merchantReturnUrl?: string | undefined;
  readonly futureOrderNumber?: string | undefined;
  readonly giftCardPlannedAmount?: Pick<Money, 'centAmount' | 'currencyCode'> | undefined;
  /** Replaces the request's correlation id. */
  readonly correlationId?: string | undefined;
  /** How long session-auth lets its answer be believed, in ms. */
  readonly freshForMs?: number | undefined;
}
