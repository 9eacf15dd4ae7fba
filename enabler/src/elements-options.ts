import type {
  Appearance,
  StripeElementLocale,
  StripeElementsOptionsClientSecret,
  StripeElementsOptionsMode,
  StripePaymentElementOptions,
} from '@stripe/stripe-js';
import type { CustomerSession, ElementConfig } from './processor-client.ts';

/** The object in the JSON text `json`; undefined when it is absent, invalid or not an object. */
export function parseObject(json: string | undefined): Record<string, unknown> | undefined {
  if (!json) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

interface Look {
  appearance: Appearance;
  locale: StripeElementLocale;
}

/** Options of `stripe.elements` for an existing PaymentIntent. */
export const clientSecretOptions = (clientSecret: string, look: Look): StripeElementsOptionsClientSecret => ({
  clientSecret,
  ...look,
});

/**
 * Options of `stripe.elements` before there is a PaymentIntent. Amount, currency, capture method and future usage must
 * equal those that the processor puts on the PaymentIntent; otherwise Stripe refuses to confirm.
 */
export function deferredOptions(
  { cartInfo, captureMethod, setupFutureUsage }: Pick<ElementConfig, 'cartInfo' | 'captureMethod' | 'setupFutureUsage'>,
  customer: CustomerSession | undefined,
  look: Look,
): StripeElementsOptionsMode {
  return {
    mode: 'payment',
    amount: cartInfo.amount,
    currency: cartInfo.currency.toLowerCase(),
    captureMethod,
    ...(customer && { customerSessionClientSecret: customer.sessionId }),
    ...(customer && setupFutureUsage && { setupFutureUsage }),
    ...look,
  };
}

const PASSED_THROUGH = ['terms', 'wallets', 'defaultValues', 'business', 'paymentMethodOrder', 'readOnly'] as const;
const LAYOUTS = new Set<unknown>(['tabs', 'accordion', 'auto']);
const DEFAULT_LAYOUT = { type: 'tabs', defaultCollapsed: false };

/**
 * Options of the Payment Element. The merchant's settings for the element win over the general layout and address
 * settings.
 */
export function paymentElementOptions(
  config: Pick<ElementConfig, 'layout' | 'collectBillingAddress' | 'paymentElementOptions'>,
): StripePaymentElementOptions {
  const behaviour = parseObject(config.paymentElementOptions) ?? {};
  const layout = parseObject(config.layout);
  const address = config.collectBillingAddress;
  const options: Record<string, unknown> = {
    layout: behaviour.layout ?? (LAYOUTS.has(layout?.type) ? layout : DEFAULT_LAYOUT),
  };
  const fields = behaviour.fields ?? (address === 'auto' ? undefined : { billingDetails: { address } });
  if (fields !== undefined) options.fields = fields;
  for (const key of PASSED_THROUGH) if (behaviour[key] !== undefined) options[key] = behaviour[key];
  return options;
}

const EXPRESS_KEYS = [
  'buttonHeight',
  'buttonTheme',
  'buttonType',
  'emailRequired',
  'layout',
  'paymentMethodOrder',
  'phoneNumberRequired',
] as const;

/**
 * The settings of the Express Checkout Element that a merchant may change; whether addresses are collected is not among
 * them.
 */
export function expressElementOptions(json: string | undefined): Record<string, unknown> {
  const settings = parseObject(json) ?? {};
  return Object.fromEntries(
    EXPRESS_KEYS.filter((key) => settings[key] !== undefined).map((key) => [key, settings[key]]),
  );
}

/**
 * The merchant's page for Stripe's redirect, with `cartId` and `paymentReference` in its query. Throws TypeError when
 * `merchantReturnUrl` is not absolute.
 */
export function returnUrl(merchantReturnUrl: string, cartId: string, paymentReference: string): string {
  const url = new URL(merchantReturnUrl);
  url.searchParams.set('cartId', cartId);
  url.searchParams.set('paymentReference', paymentReference);
  return url.href;
}
