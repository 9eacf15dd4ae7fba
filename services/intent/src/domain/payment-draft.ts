import type { PaymentDraft as CommercetoolsPaymentDraft } from '@commercetools/platform-sdk';
import type { Money } from '@connector/payment-model';
import type { Cart } from './checkout-cart.ts';

/** commercetools accepts `checkoutTransactionItemId` on payments, but its SDK's types do not have it yet. */
export type PaymentDraft = CommercetoolsPaymentDraft & { readonly checkoutTransactionItemId?: string };

/**
 * The draft of an attempt's commercetools payment, without a transaction, because only the ledger writes transactions.
 */
export function paymentDraft(input: {
  key: string;
  cart: Pick<Cart, 'customerId' | 'anonymousId'>;
  amount: Money;
  paymentInterface: string;
  checkoutTransactionItemId?: string | undefined;
}): PaymentDraft {
  const { key, cart, amount, paymentInterface, checkoutTransactionItemId } = input;
  return {
    key,
    amountPlanned: { centAmount: amount.centAmount, currencyCode: amount.currencyCode },
    paymentMethodInfo: { paymentInterface },
    ...(cart.customerId
      ? { customer: { typeId: 'customer' as const, id: cart.customerId } }
      : cart.anonymousId && { anonymousId: cart.anonymousId }),
    ...(checkoutTransactionItemId && { checkoutTransactionItemId }),
  };
}
