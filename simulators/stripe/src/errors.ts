import type { PaymentIntent, PaymentMethod } from './objects.ts';

/** The `error` object of an answer of Stripe's. */
export interface ErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  advice_code?: string;
  network_decline_code?: string;
  charge?: string;
  doc_url?: string;
  request_log_url?: string;
  payment_intent?: PaymentIntent;
  payment_method?: PaymentMethod;
}

/** An answer other than 2xx. `isValidation` marks refusals made before a call began, which Stripe never stores under the idempotency key. */
export class StripeApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly isValidation: boolean;

  constructor(status: number, body: ErrorBody, isValidation = false) {
    super(body.message);
    this.status = status;
    this.body = body.code ? { ...body, doc_url: `https://stripe.com/docs/error-codes/${docAnchor(body.code)}` } : body;
    this.isValidation = isValidation;
  }
}

const docAnchor = (code: string): string => code.replaceAll('_', '-');

/** A malformed or unknown parameter. */
export const invalidParameter = (param: string | undefined, message: string, code?: string): StripeApiError =>
  new StripeApiError(
    400,
    { type: 'invalid_request_error', message, ...(param ? { param } : {}), ...(code ? { code } : {}) },
    true,
  );

/** A well-formed request that the state of its objects forbids. */
export const refused = (message: string, code?: string, param?: string): StripeApiError =>
  new StripeApiError(400, {
    type: 'invalid_request_error',
    message,
    ...(code ? { code } : {}),
    ...(param ? { param } : {}),
  });

export const unexpectedState = (paymentIntent: PaymentIntent, message: string): StripeApiError =>
  new StripeApiError(400, {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    message,
    payment_intent: paymentIntent,
  });

export const missingParameter = (param: string): StripeApiError =>
  invalidParameter(param, `Missing required param: ${param}.`, 'parameter_missing');

/** `kind` is the object's name in Stripe's sentence; `param` where the id stood (`id` for a path, 404; else 400 as Stripe answers). */
export const noSuch = (kind: string, id: string, param = 'id'): StripeApiError =>
  new StripeApiError(param === 'id' || param === 'intent' ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'`,
    param,
  });
