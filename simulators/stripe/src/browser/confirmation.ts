/// <reference lib="dom" />
import type { FormValue, Result } from './api.ts';
import type { ElementsGroup } from './elements.ts';
import { IntegrationError, type PaymentIntentView, type StripeError } from './errors.ts';
import type { BillingDetails } from './payment-element.ts';
import { isVoucher } from './voucher-dialog.ts';

export type IntentResult =
  | { paymentIntent: PaymentIntentView; error?: undefined }
  | { paymentIntent?: undefined; error: StripeError };

export interface ConfirmParams {
  return_url?: string;
  payment_method?: string;
  payment_method_data?: { billing_details?: BillingDetails };
  shipping?: FormValue;
  receipt_email?: string;
}

const OUTCOME: Record<string, string> = {
  succeeded: 'succeeded',
  requires_capture: 'succeeded',
  processing: 'pending',
};

export const toIntentResult = ({ value, error }: Result<PaymentIntentView>): IntentResult =>
  error ? { error } : { paymentIntent: value };

export const notSubmitted = (method: string): IntegrationError =>
  new IntegrationError(
    `Before calling \`stripe.${method}()\`, you must call \`elements.submit()\` and wait for it. Refer to https://stripe.com/docs/js/elements/submit.`,
  );

export function checkSecret(clientSecret: unknown, method: string): void {
  if (typeof clientSecret !== 'string' || !/^pi_\w+_secret_\w+$/.test(clientSecret)) {
    throw new IntegrationError(
      `Invalid value for stripe.${method} intent secret: value should be a client secret of the form pi_…_secret_….`,
    );
  }
}

export function fromMethod({
  payment_method: method,
  payment_method_data: data,
}: ConfirmParams): Record<string, FormValue> {
  if (method) return { payment_method: method };
  return data ? { payment_method_data: data as FormValue } : {};
}

/** Stripe refuses to confirm when the form was shown for something other than what is paid. */
export function mismatchOf(elements: ElementsGroup, paymentIntent: PaymentIntentView): StripeError | null {
  const isManual = (method: string): boolean => method === 'manual';
  const differs = (name: string, shown: unknown, paid: unknown): StripeError => ({
    type: 'invalid_request_error',
    code: 'payment_intent_invalid_parameter',
    param: name,
    message: `The PaymentIntent's ${name} (${String(paid)}) does not match the ${name} that Elements was created with (${String(shown)}).`,
  });
  const { amount, currency, mode } = elements.options;
  if (mode !== 'payment') return null;
  if (amount !== paymentIntent.amount) return differs('amount', amount, paymentIntent.amount);
  if (currency !== paymentIntent.currency) return differs('currency', currency, paymentIntent.currency);
  if (isManual(elements.captureMethod) !== isManual(paymentIntent.capture_method)) {
    return differs('capture_method', elements.captureMethod, paymentIntent.capture_method);
  }
  const [shown, paid] = [elements.futureUsage, paymentIntent.setup_future_usage];
  return shown === paid ? null : differs('setup_future_usage', shown, paid);
}

export function returnTo(returnUrl: string, paymentIntent: PaymentIntentView): string {
  const url = new URL(returnUrl);
  url.searchParams.set('payment_intent', paymentIntent.id);
  url.searchParams.set('payment_intent_client_secret', paymentIntent.client_secret);
  url.searchParams.set(
    'redirect_status',
    isVoucher(paymentIntent) ? 'pending' : (OUTCOME[paymentIntent.status] ?? 'failed'),
  );
  return url.href;
}

/** The page is left; as with Stripe.js the promise does not settle on it any more. */
export function leaveFor(url: string): Promise<never> {
  window.location.assign(url);
  return new Promise(() => {});
}
