import type { StripeElements, StripeExpressCheckoutElementConfirmEvent } from '@stripe/stripe-js';
import { amountChanged, type EnablerError, PaymentError } from '../errors.ts';
import type { ExpressOptions } from '../payment-enabler.ts';
import { confirmParams, type Outcome, type PaymentFlow } from '../payment-flow.ts';
import type { ProcessorClient } from '../processor-client.ts';
import type { Context, ExpressSetup } from '../setup.ts';
import { toBillingDetails, toExpressAddress } from './address.ts';
import { cartTotals, type Totals } from './totals.ts';

/** Gives the wallet's addresses and e-mail to the host, if there are any. Rejects when the host rejects. */
export async function notifyHost(
  { onPaymentSubmit }: Pick<ExpressOptions, 'onPaymentSubmit'>,
  { shippingAddress, billingDetails }: StripeExpressCheckoutElementConfirmEvent,
): Promise<void> {
  const { email, phone } = billingDetails ?? {};
  const shipping = toExpressAddress(shippingAddress?.address, { name: shippingAddress?.name, email, phone });
  const billing = toExpressAddress(billingDetails?.address, { name: billingDetails?.name, email, phone });
  const customerEmail = email?.trim();
  if (!shipping && !billing && !customerEmail) return;
  await onPaymentSubmit({
    ...(shipping && { shippingAddress: shipping }),
    ...(billing && { billingAddress: billing }),
    ...(customerEmail && { customerEmail }),
  });
}

/** Opens the payment of the cart and confirms it with the wallet's data. Resolves when the outcome is known. */
export function payByWallet(
  deps: { flow: PaymentFlow; processor: ProcessorClient; setup: ExpressSetup; text: Context['text'] },
  elements: StripeElements,
  { billingDetails }: StripeExpressCheckoutElementConfirmEvent,
): Promise<Outcome> {
  const { flow, processor, setup, text } = deps;
  const billing = toBillingDetails(billingDetails ?? {}, billingDetails?.address);
  return flow.pay(
    () => processor.openPayment({ withCustomer: setup.session?.customer !== undefined }),
    (opened) => {
      const params = confirmParams(opened, text);
      const payment_method_data = billingDetails ? { billing_details: billing } : params.payment_method_data;
      return setup.stripe.confirmPayment({
        elements,
        clientSecret: opened.sClientSecret,
        redirect: 'if_required',
        confirmParams: { ...params, ...(payment_method_data && { payment_method_data }) },
      });
    },
  );
}

/**
 * Stripe refuses a sheet whose amount is no longer the cart's. The shopper sees the new amount, and opens the wallet
 * again.
 */
export async function explainedFailure(
  error: EnablerError,
  { processor, shown, text }: { processor: ProcessorClient; shown: Totals; text: Context['text'] },
): Promise<EnablerError> {
  if (!(error instanceof PaymentError) || error.type !== 'invalid_request_error') return error;
  const cart = await processor
    .expressPaymentData()
    .then(cartTotals)
    .catch(() => undefined);
  if (!cart || (cart.amount === shown.amount && cart.currency === shown.currency)) return error;
  return amountChanged(cart.due, error, text);
}
