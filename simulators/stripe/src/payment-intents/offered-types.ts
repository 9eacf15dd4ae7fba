import type { PaymentIntent } from '../objects.ts';
import { REDIRECT_TYPES } from '../payment-methods.ts';
import type { Simulation } from '../simulation.ts';
import { isVoucherOffered } from '../vouchers.ts';

/** Methods whose authorisation can be captured later. */
const MANUAL_CAPTURE_TYPES = new Set(['card', 'klarna', 'paypal', 'link', 'affirm', 'afterpay_clearpay']);

/** The methods that the account offers for this currency, capture and exclusion. */
export function automaticTypes(simulation: Simulation, paymentIntent: PaymentIntent): string[] {
  const regional: Record<string, string[]> = {
    eur: ['sepa_debit', 'ideal', 'bancontact', 'eps', 'klarna', 'paypal', 'wero'],
    usd: ['klarna', 'paypal', 'us_bank_account', 'affirm'],
    gbp: ['klarna', 'paypal', 'bacs_debit'],
    chf: ['twint', 'klarna', 'paypal'],
    pln: ['p24', 'klarna', 'paypal'],
    brl: ['boleto'],
    mxn: ['oxxo'],
    jpy: ['konbini'],
  };
  const excluded = new Set(paymentIntent.excluded_payment_method_types ?? []);
  const isRedirectAllowed = paymentIntent.automatic_payment_methods?.allow_redirects !== 'never';
  const { alsoOffers } = simulation.settings;
  return ['card', ...(regional[paymentIntent.currency] ?? []), ...alsoOffers, 'link'].filter(
    (type) =>
      !excluded.has(type) &&
      isVoucherOffered(type, paymentIntent) &&
      (isRedirectAllowed || !REDIRECT_TYPES.includes(type)) &&
      (paymentIntent.capture_method !== 'manual' || MANUAL_CAPTURE_TYPES.has(type)),
  );
}
