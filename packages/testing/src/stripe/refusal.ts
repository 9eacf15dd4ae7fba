import { StripeRejection } from '@connector/stripe';
import Stripe from 'stripe';

export interface RefusalOptions {
  status?: number;
  type?: string;
  declineCode?: string | undefined;
  param?: string | undefined;
  /** Whether Stripe repeats its answer to an earlier request with the same idempotency key. */
  isReplayed?: boolean;
}

/** The SDK's error for a refusal by Stripe: an invalid request (400) unless `options` say otherwise. */
export const refusal = (
  code: string | undefined,
  { status = 400, type = 'invalid_request_error', declineCode, param, isReplayed = false }: RefusalOptions = {},
): Stripe.errors.StripeError =>
  Stripe.errors.StripeError.generate({
    type: type as 'invalid_request_error',
    statusCode: status,
    message: 'no',
    ...(code && { code }),
    ...(declineCode && { decline_code: declineCode }),
    ...(param && { param }),
    ...(isReplayed && { headers: { 'idempotent-replayed': 'true' } }),
  } as Stripe.StripeRawError);

/** The same refusal as our client throws it. */
export const stripeRejection = (code: string | undefined, options: RefusalOptions = {}): StripeRejection =>
  new StripeRejection('test', options.status ?? 400, refusal(code, options));

/** The answer to a repeated request whose first answer was the refusal `error`. */
export function replayed(error: StripeRejection | Stripe.errors.StripeError): Stripe.errors.StripeError {
  const {
    code,
    param,
    statusCode,
    rawType,
    decline_code: declineCode,
  } = error instanceof StripeRejection ? (error.cause as Stripe.errors.StripeError) : error;
  return refusal(code, {
    ...(statusCode && { status: statusCode }),
    ...(rawType && { type: rawType }),
    declineCode,
    param,
    isReplayed: true,
  });
}

/** The refusal of an unknown id: the requested one (404), or the one in `param` (400). */
export const missing = (param?: string): Stripe.errors.StripeError =>
  refusal('resource_missing', param ? { param } : { status: 404, param: 'id' });
