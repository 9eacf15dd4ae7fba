import type {
  Appearance,
  StripeElementLocale,
  StripeElementsOptionsClientSecret,
  StripeElementsOptionsMode,
  StripePaymentElementOptions,
} from '@stripe/stripe-js';
import type { CustomerSession, ElementConfig } from './processor-client.ts';

/** The object in `json`, or undefined when it is absent, broken or not an object. */
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

/** Options of `stripe.elements` for a PaymentIntent that exists already. */
export const clientSecretOptions = (clientSecret: string, look: Look): StripeElementsOptionsClientSecret => ({
  clientSecret,
  ...look,
});

/**
 * Options of `stripe.elements` before there is a PaymentIntent. Amount, currency, capture method and future usage are the ones the
 * processor puts on the PaymentIntent, or Stripe refuses to confirm.
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

/** Options of the Payment Element; what the merchant set for the element beats the general layout and address settings. */
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

/** The merchant's settings of the Express Checkout Element that may be set; whether addresses are asked for is not among them. */
export function expressElementOptions(json: string | undefined): Record<string, unknown> {
  const settings = parseObject(json) ?? {};
  return Object.fromEntries(
    EXPRESS_KEYS.filter((key) => settings[key] !== undefined).map((key) => [key, settings[key]]),
  );
}

/**
 * Where Stripe sends the shopper after a redirect: the merchant's page with `cartId` and `paymentReference` in its query.
 * Throws TypeError when `merchantReturnUrl` is not absolute.
 */
export function returnUrl(merchantReturnUrl: string, cartId: string, paymentReference: string): string {
  const url = new URL(merchantReturnUrl);
  url.searchParams.set('cartId', cartId);
  url.searchParams.set('paymentReference', paymentReference);
  return url.href;
}
