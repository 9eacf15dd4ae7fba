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

/** Refuses what is no address of e-mail. Throws StripeApiError 400. */
export function checkEmail(param: string, email: string | null | undefined): void {
  if (!email || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return;
  throw invalidParameter(param, `Invalid email address: ${email}`, 'email_invalid');
}

/** Refuses that more than one of these parameters is given. Throws StripeApiError 400. */
export function refuseTogether(params: { has(name: string): boolean }, names: readonly string[]): void {
  if (names.filter((name) => params.has(name)).length < 2) return;
  throw invalidParameter(names.at(-1), `You may only specify one of these parameters: ${names.join(', ')}.`);
}

/** `kind` is the object's name in Stripe's sentence; `param` where the id stood (`id` for a path, 404; else 400 as Stripe answers). */
export const noSuch = (kind: string, id: string, param = 'id'): StripeApiError =>
  new StripeApiError(param === 'id' || param === 'intent' ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'`,
    param,
  });
