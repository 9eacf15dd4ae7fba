import { toEnablerError } from './errors.ts';
import type { PaymentResult } from './payment-enabler.ts';
import type { Context } from './setup.ts';

/** What the query of the return URL says about a payment that went through a redirect. */
export interface RedirectReturn {
  paymentReference: string;
  paymentIntentId: string;
  cartId?: string;
  /** Stripe's hint (`succeeded`, `pending`, `failed`); anybody can write a URL, so it decides nothing. */
  redirectStatus?: string;
}

/** The redirect's outcome in `url`, or undefined when the page was not reached that way. */
export function readRedirect(url: string): RedirectReturn | undefined {
  const query = URL.canParse(url) ? new URL(url).searchParams : undefined;
  const paymentReference = query?.get('paymentReference');
  const paymentIntentId = query?.get('payment_intent');
  if (!paymentReference || !paymentIntentId || !query?.get('payment_intent_client_secret')) return undefined;
  const cartId = query.get('cartId');
  const redirectStatus = query.get('redirect_status');
  return { paymentReference, paymentIntentId, ...(cartId && { cartId }), ...(redirectStatus && { redirectStatus }) };
}

/**
 * Asks the processor what became of the payment in `url` and tells the host through `onComplete` or `onError`; the processor reads
 * the PaymentIntent at Stripe itself, so the URL is never believed. Never rejects; undefined = nothing to resume, or it failed.
 */
export async function resumeRedirect(
  { processor, reporter, text }: Pick<Context, 'processor' | 'reporter' | 'text'>,
  url: string | undefined,
): Promise<PaymentResult | undefined> {
  const returned = readRedirect(url ?? (typeof window === 'undefined' ? '' : window.location.href));
  if (!returned) return undefined;
  const { paymentReference, paymentIntentId } = returned;
  try {
    const kind = await processor.confirmPayment(paymentReference, paymentIntentId);
    return reporter.outcome({ kind, paymentReference });
  } catch (error) {
    const failure = toEnablerError(error, text);
    failure.paymentReference ??= paymentReference;
    reporter.error(failure);
    return undefined;
  }
}
