import type { Appearance, StripeElements, StripeExpressCheckoutElement } from '@stripe/stripe-js';
import { deferredOptions, expressElementOptions, parseObject } from '../elements-options.ts';
import { toStripeLocale } from '../locale.ts';
import type { ExpressOptions } from '../payment-enabler.ts';
import type { ExpressSetup } from '../setup.ts';
import type { Totals } from './totals.ts';

/**
 * Stripe's Elements for the present amount of the cart; with the session's customer if the page began with a session.
 */
export function createExpressElements(
  setup: ExpressSetup,
  { amount, currency }: Totals,
  locale?: string,
): StripeElements {
  const { stripe, config, session } = setup;
  const look = {
    appearance: (parseObject(config.appearance) ?? {}) as Appearance,
    locale: toStripeLocale(locale),
  };
  const cartInfo = { amount, currency };
  if (session) return stripe.elements(deferredOptions({ ...session.element, cartInfo }, session.customer, look));
  const captureMethod = config.captureMethod ?? 'automatic';
  return stripe.elements(deferredOptions({ cartInfo, captureMethod }, undefined, look));
}

/** The wallet buttons; they ask for both addresses. */
export const createExpressElement = (
  elements: StripeElements,
  { config }: ExpressSetup,
  { allowedCountries }: ExpressOptions,
): StripeExpressCheckoutElement =>
  elements.create('expressCheckout', {
    ...expressElementOptions(config.expressElementOptions),
    shippingAddressRequired: true,
    billingAddressRequired: true,
    ...(allowedCountries?.length && { allowedShippingCountries: allowedCountries }),
  });
