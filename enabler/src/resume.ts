import type { PaymentIntent, Stripe } from '@stripe/stripe-js';
import { NetworkError, toEnablerError } from './errors.ts';
import type { PaymentResult, RedirectReturn } from './payment-enabler.ts';
import { isDone, isRefusal, type Outcome } from './payment-flow.ts';
import type { Context } from './setup.ts';

/** The redirect's outcome in `url`; undefined when the page was not reached by a redirect. */
export function readRedirect(url: string): RedirectReturn | undefined {
  const query = parsed(url)?.searchParams;
  const paymentReference = query?.get('paymentReference');
  const paymentIntentId = query?.get('payment_intent');
  if (!paymentReference || !paymentIntentId || !query?.get('payment_intent_client_secret')) return undefined;
  const cartId = query.get('cartId');
  const redirectStatus = query.get('redirect_status');
  return { paymentReference, paymentIntentId, ...(cartId && { cartId }), ...(redirectStatus && { redirectStatus }) };
}

/** Some shoppers' browsers are older than `URL.canParse`. */
function parsed(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}

/**
 * Asks the processor for the outcome of the payment in `url`, and reports it to the host through `onComplete` or
 * `onError`. The processor reads the PaymentIntent from Stripe itself, so the URL is never trusted. When the processor
 * cannot be asked (the session has expired, something on the way refuses, or there is no answer), Stripe is asked from
 * here: a payment that Stripe has taken is pending. Never rejects; undefined = nothing to resume, or it failed.
 */
export async function resumeRedirect(
  context: Pick<Context, 'processor' | 'reporter' | 'text'>,
  stripe: () => Promise<Pick<Stripe, 'retrievePaymentIntent'>>,
  url: string | undefined,
): Promise<PaymentResult | undefined> {
  const { reporter, text } = context;
  const page = url ?? (typeof window === 'undefined' ? '' : window.location.href);
  const returned = readRedirect(page);
  if (!returned) return undefined;
  const { paymentReference } = returned;
  try {
    const clientSecret = new URL(page).searchParams.get('payment_intent_client_secret') ?? '';
    return reporter.outcome(await settle(context, returned, () => recordAtStripe(stripe, clientSecret)));
  } catch (error) {
    const failure = toEnablerError(error, text);
    failure.paymentReference ??= paymentReference;
    reporter.error(failure);
    return undefined;
  }
}

async function settle(
  { processor, text }: Pick<Context, 'processor' | 'text'>,
  { paymentReference, paymentIntentId }: RedirectReturn,
  record: () => Promise<PaymentIntent | undefined>,
): Promise<Outcome> {
  try {
    return { kind: await processor.confirmPayment(paymentReference, paymentIntentId), paymentReference };
  } catch (error) {
    if (isRefusal(error)) throw error;
    const paymentIntent = await record();
    if (paymentIntent?.id !== paymentIntentId)
      throw new NetworkError('payment_status_unknown', { message: text('unknown'), cause: error });
    if (isDone(paymentIntent)) return { kind: 'pending', paymentReference };
    throw error;
  }
}

/** undefined when Stripe could not be asked. */
async function recordAtStripe(
  stripe: () => Promise<Pick<Stripe, 'retrievePaymentIntent'>>,
  clientSecret: string,
): Promise<PaymentIntent | undefined> {
  try {
    return (await (await stripe()).retrievePaymentIntent(clientSecret)).paymentIntent;
  } catch {
    return undefined;
  }
}
