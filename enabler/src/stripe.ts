import type { Stripe } from '@stripe/stripe-js';
import { loadStripe } from '@stripe/stripe-js/pure';
import { NotReadyError } from './errors.ts';
import { toStripeLocale } from './locale.ts';
import { type Texts, textsFor } from './messages.ts';

export type LoadStripe = (
  publishableKey: string,
  options: { locale: ReturnType<typeof toStripeLocale> },
) => Promise<Stripe | null>;

/** Stripe.js from js.stripe.com, or the `window.Stripe` that the page already has. */
export const browserLoadStripe: LoadStripe = (publishableKey, options) => loadStripe(publishableKey, options);

const TIMEOUT_MS = 20_000;

/**
 * Throws NotReadyError (`stripe_js_unavailable`) when Stripe.js is blocked, or takes longer than 20 s; a later call may
 * try again.
 */
export async function startStripe(
  load: LoadStripe,
  publishableKey: string,
  locale: string | undefined,
): Promise<Stripe> {
  const text = textsFor(locale);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable(text, 'Stripe.js did not load in time')), TIMEOUT_MS);
  });
  try {
    const stripe = await Promise.race([load(publishableKey, { locale: toStripeLocale(locale) }), tooSlow]);
    if (!stripe) throw unavailable(text, 'Stripe.js needs a browser');
    return stripe;
  } catch (error) {
    throw error instanceof NotReadyError ? error : unavailable(text, error);
  } finally {
    clearTimeout(timer);
  }
}

const unavailable = (text: Texts, cause: unknown) =>
  new NotReadyError('stripe_js_unavailable', { message: text('stripe_unavailable'), cause });
