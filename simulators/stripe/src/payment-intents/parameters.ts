import { checkEmail, invalidParameter, missingParameter, noSuch, refused } from '../errors.ts';
import type { PaymentIntent, PaymentMethod } from '../objects.ts';
import type { Params } from '../params.ts';
import { createPaymentMethod, findPaymentMethod, refuseSpent, spent } from '../payment-methods.ts';
import type { Simulation } from '../simulation.ts';

export const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const;
export const FUTURE_USAGES = ['off_session', 'on_session'] as const;

export function useMethod(simulation: Simulation, paymentIntent: PaymentIntent, method: PaymentMethod): void {
  refuseSpent(simulation, method);
  if (method.customer && method.customer !== paymentIntent.customer) {
    if (!paymentIntent.customer) throw spent();
    throw refused(
      `The provided PaymentMethod belongs to another Customer (${method.customer}).`,
      undefined,
      'payment_method',
    );
  }
  paymentIntent.payment_method = method.id;
  if (paymentIntent.status === 'requires_payment_method') paymentIntent.status = 'requires_confirmation';
}

export function givenMethod(simulation: Simulation, params: Params): PaymentMethod | undefined {
  const id = params.string('payment_method');
  if (id) return findPaymentMethod(simulation, id, 'payment_method');
  const data = params.object('payment_method_data');
  return data && createPaymentMethod(simulation, data);
}

export function receiptEmailOf(params: Params): string | null | undefined {
  const email = params.nullableString('receipt_email');
  checkEmail('receipt_email', email);
  return email;
}

export function checkedCustomer(simulation: Simulation, params: Params): string | null | undefined {
  const id = params.nullableString('customer');
  if (id && !simulation.state.customers.get(id)) throw noSuch('customer', id, 'customer');
  return id;
}

export function checkReturnUrl(paymentIntent: PaymentIntent, params: Params): void {
  const returnUrl = params.string('return_url');
  if (returnUrl !== undefined && !URL.canParse(returnUrl)) {
    throw invalidParameter('return_url', 'Not a valid URL', 'url_invalid');
  }
  const automatic = paymentIntent.automatic_payment_methods;
  const needsUrl = automatic?.enabled && automatic.allow_redirects !== 'never';
  const isExempt =
    params.has('off_session') || params.boolean('use_stripe_sdk') || params.boolean('error_on_requires_action');
  if (needsUrl && !returnUrl && !isExempt) {
    throw invalidParameter(
      'return_url',
      'This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don’t want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.',
    );
  }
}

export function shippingOf(params: Params): PaymentIntent['shipping'] | undefined {
  if (params.isUnset('shipping')) return null;
  const shipping = params.object('shipping');
  if (!shipping) return undefined;
  const address = shipping.address('address');
  if (!address) throw missingParameter('shipping[address]');
  if (!shipping.has('name')) throw missingParameter('shipping[name]');
  return {
    address,
    carrier: shipping.nullableString('carrier') ?? null,
    name: shipping.nullableString('name') ?? '',
    phone: shipping.nullableString('phone') ?? null,
    tracking_number: shipping.nullableString('tracking_number') ?? null,
  };
}

/** What a card's authorisation may be asked to allow. */
const REQUESTS = [
  'request_multicapture',
  'request_overcapture',
  'request_extended_authorization',
  'request_incremental_authorization',
] as const;

export function optionsOf(
  params: Params,
  current: PaymentIntent['payment_method_options'],
): NonNullable<PaymentIntent['payment_method_options']> {
  const card = params.object('payment_method_options')?.object('card');
  const requests = Object.fromEntries(
    REQUESTS.flatMap((name) => {
      const asked = card?.oneOf(name, ['if_available', 'never']);
      return asked ? [[name, asked]] : [];
    }),
  );
  const usage = card?.oneOf('setup_future_usage', ['none', 'off_session', 'on_session']);
  return {
    ...current,
    card: {
      ...(current?.card ?? {
        installments: null,
        mandate_options: null,
        network: null,
        request_three_d_secure: 'automatic' as const,
      }),
      ...requests,
      ...(usage ? { setup_future_usage: usage } : {}),
    },
  };
}
