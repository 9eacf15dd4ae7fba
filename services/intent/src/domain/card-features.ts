import type Stripe from 'stripe';
import type { CaptureMethod } from './behaviour.ts';

/** What the merchant's Stripe account may do with authorised cards, as configured. */
export interface CardFeatures {
  /** Several captures of one authorisation. */
  readonly multicapture?: boolean | undefined;
  /** A capture above what was authorised. */
  readonly overcapture?: boolean | undefined;
  /** An authorisation that lasts up to 30 days instead of 7. */
  readonly extendedAuthorization?: boolean | undefined;
  /** An authorisation that can be raised. */
  readonly incrementalAuthorization?: boolean | undefined;
}

type Request =
  | 'request_multicapture'
  | 'request_overcapture'
  | 'request_extended_authorization'
  | 'request_incremental_authorization';
/** Options of a PaymentIntent's card by which Stripe is asked for features, where the card has them. */
export type CardRequests = Readonly<Partial<Record<Request, 'if_available'>>>;

/** All but several captures are of use only to a payment that is captured later; Stripe need not be asked for them otherwise. */
export function cardRequestsOf(features: CardFeatures, captureMethod: CaptureMethod): CardRequests {
  const isLater = captureMethod === 'manual';
  return {
    ...(features.multicapture && { request_multicapture: 'if_available' }),
    ...(isLater && features.overcapture && { request_overcapture: 'if_available' }),
    ...(isLater && features.extendedAuthorization && { request_extended_authorization: 'if_available' }),
    ...(isLater && features.incrementalAuthorization && { request_incremental_authorization: 'if_available' }),
  };
}

/** The parameter that asks for them; none when there is nothing to ask for. */
export const cardOptions = (
  requests: CardRequests,
): { payment_method_options?: Stripe.PaymentIntentCreateParams.PaymentMethodOptions } =>
  Object.keys(requests).length > 0 ? { payment_method_options: { card: { ...requests } } } : {};

/** Whether a PaymentIntent lacks one of them, and can be asked for it. */
export function lacksRequests(
  { payment_method_options: options }: Stripe.PaymentIntent,
  wanted: CardRequests,
): boolean {
  const card = options?.card as CardRequests | undefined;
  if (!card) return false;
  return Object.keys(wanted).some((name) => card[name as Request] !== 'if_available');
}
