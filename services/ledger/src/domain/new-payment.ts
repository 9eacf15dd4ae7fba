import type { PaymentDraft } from '@commercetools/platform-sdk';
import {
  defaultFractionDigits,
  fromStripeAmount,
  type Ownership,
  paymentKeyOfPaymentIntent,
} from '@connector/payment-model';

/** The data for a payment that is missing in commercetools for a PaymentIntent of ours. */
export interface PaymentOrigin {
  readonly paymentIntentId: string;
  /** Stripe minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly ownership: Ownership;
}

/**
 * The draft of a payment for a PaymentIntent that has none. It has the key that intent gave or would have given it, so
 * that any other creation finds this payment. The PaymentIntent's id is set with the first update: until then the
 * payment counts as unfinished.
 */
export function newPayment(
  { paymentIntentId, amount, currency, ownership }: PaymentOrigin,
  { paymentInterface, key, anonymousId }: { paymentInterface: string; key?: string; anonymousId?: string | undefined },
): PaymentDraft {
  const { centAmount, currencyCode } = fromStripeAmount(amount, currency, defaultFractionDigits(currency));
  return {
    key: key ?? ownership.paymentKey ?? paymentKeyOfPaymentIntent(paymentIntentId),
    amountPlanned: { centAmount, currencyCode },
    paymentMethodInfo: { paymentInterface },
    ...(ownership.customerId
      ? { customer: { typeId: 'customer', id: ownership.customerId } }
      : anonymousId && { anonymousId }),
  };
}
