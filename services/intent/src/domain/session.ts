import type { Money } from '@connector/payment-model';

/** A verified Checkout session: its cart, and the metadata that Checkout set. */
export interface Session {
  readonly cartId: string;
  readonly allowedPaymentMethods?: readonly string[] | undefined;
  readonly checkoutTransactionItemId?: string | undefined;
  readonly merchantReturnUrl?: string | undefined;
  readonly futureOrderNumber?: string | undefined;
  readonly giftCardPlannedAmount?: Pick<Money, 'centAmount' | 'currencyCode'> | undefined;
  /** Replaces the request's correlation id. */
  readonly correlationId?: string | undefined;
  /** How long session-auth's answer may be cached, in ms. */
  readonly freshForMs?: number | undefined;
}
