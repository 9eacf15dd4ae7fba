import type Stripe from 'stripe';
import type { CaptureMethod } from './behaviour.ts';

/** The configured features for authorised cards of the merchant's Stripe account. */
export interface CardFeatures {
  /** Several captures of one authorisation. */
  readonly multicapture?: boolean | undefined;
  /** A capture above the authorised amount. */
  readonly overcapture?: boolean | undefined;
  /** An authorisation that lasts up to 30 days instead of 7. */
  readonly extendedAuthorization?: boolean | undefined;
  /** An authorisation that can be incremented. */
  readonly incrementalAuthorization?: boolean | undefined;
}

type Request =
  | 'request_multicapture'
  | 'request_overcapture'
  | 'request_extended_authorization'
  | 'request_incremental_authorization';
/** Card options of a PaymentIntent that request features from Stripe, if the card supports them. */
export type CardRequests = Readonly<Partial<Record<Request, 'if_available'>>>;

/**
 * All features except several captures are useful only for a payment that is captured later, so they are not requested
 * otherwise.
 */
export function cardRequestsOf(features: CardFeatures, captureMethod: CaptureMethod): CardRequests {
  const isLater = captureMethod === 'manual';
  return {
    ...(features.multicapture && { request_multicapture: 'if_available' }),
    ...(isLater && features.overcapture && { request_overcapture: 'if_available' }),
    ...(isLater && features.extendedAuthorization && { request_extended_authorization: 'if_available' }),
    ...(isLater && features.incrementalAuthorization && { request_incremental_authorization: 'if_available' }),
  };
}

/** The parameter that requests the features; empty when there is nothing to request. */
export const cardOptions = (
  requests: CardRequests,
): { payment_method_options?: Stripe.PaymentIntentCreateParams.PaymentMethodOptions } =>
  Object.keys(requests).length > 0 ? { payment_method_options: { card: { ...requests } } } : {};

/** Whether a PaymentIntent lacks a feature that can still be requested. */
export function lacksRequests(
  { payment_method_options: options }: Stripe.PaymentIntent,
  wanted: CardRequests,
): boolean {
  const card = options?.card as CardRequests | undefined;
  if (!card) return false;
  return Object.keys(wanted).some((name) => card[name as Request] !== 'if_available');
}
