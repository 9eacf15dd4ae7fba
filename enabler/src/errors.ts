import type { StripeError } from '@stripe/stripe-js';
import { type MessageKey, messageKeyFor, type Texts } from './messages.ts';
import type { Money } from './payment-enabler.ts';

interface Details {
  message: string;
  cause?: unknown;
  paymentReference?: string | undefined;
}

/** Every failure that a host sees: an `Error` whose `code` is for programs and whose `message` is for the shopper. */
export class EnablerError extends Error {
  override readonly name: string = 'EnablerError';
  readonly code: string;
  /** The commercetools payment of the failure, once it is known. */
  paymentReference: string | undefined;

  constructor(code: string, { message, cause, paymentReference }: Details) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.paymentReference = paymentReference;
  }
}

/** The host used something that does not exist or cannot work, e.g. an unknown type. Never the shopper's fault. */
export class ConfigurationError extends EnablerError {
  override readonly name = 'ConfigurationError';
}

/** The form cannot pay now: it is not mounted, not loaded or removed, or Stripe.js is blocked. */
export class NotReadyError extends EnablerError {
  override readonly name = 'NotReadyError';
}

/** The processor was not reached, or did not answer in time. */
export class NetworkError extends EnablerError {
  override readonly name = 'NetworkError';
}

/** The processor answered with an error; `code` is its own (`invalid_token`, `InvalidOperation` …). */
export class ProcessorError extends EnablerError {
  override readonly name = 'ProcessorError';
  readonly status: number;
  /** The processor's message, in English, for logs. */
  readonly detail: string | undefined;

  constructor(code: string, status: number, detail: string | undefined, details: Details) {
    super(code, details);
    this.status = status;
    this.detail = detail;
  }
}

/** The shopper closed the wallet; the name is the one that hosts of the express contract expect. */
export class CancelledError extends EnablerError {
  override readonly name = 'CANCEL';
}

/** The payment was refused or needs the shopper. Has Stripe's fields under Stripe's names. */
export class PaymentError extends EnablerError {
  override readonly name = 'PaymentError';
  /** `card_error`, `validation_error`, `requires_action`, `payment_failed` … */
  readonly type: string;
  readonly decline_code: string | undefined;
  readonly declineCode: string | undefined;
  declare readonly doc_url?: string;
  declare readonly param?: string;
  declare readonly charge?: string;
  /** What the shopper must do, when `type` is `requires_action`. */
  declare readonly next_action?: unknown;
  /** Stripe's own record of the failure, when `type` is `payment_failed`. */
  declare readonly last_payment_error?: unknown;
  declare readonly payment_intent?: unknown;
  /** The amount due, when `code` is `cart_changed` or `amount_changed`. */
  declare readonly amountDue?: Money;

  constructor(
    code: string,
    type: string,
    details: Details & {
      declineCode?: string | undefined;
      extra?: Record<string, unknown>;
      hidden?: Record<string, unknown>;
    },
  ) {
    super(code, details);
    this.type = type;
    this.declineCode = details.declineCode;
    this.decline_code = details.declineCode;
    Object.assign(this, details.extra);
    // Readable as on Stripe's own error, but not enumerable, because loggers that serialise errors must not copy client
    // secrets.
    for (const [key, value] of Object.entries(details.hidden ?? {})) Object.defineProperty(this, key, { value });
  }
}

/** @internal The cart has another amount than the form. Nothing was paid, and the next submit pays the new amount. */
export const amountChanged = (due: Money, cause: EnablerError, text: Texts): PaymentError =>
  new PaymentError('amount_changed', 'amount_changed', {
    message: text('amount_changed', { due }),
    cause,
    paymentReference: cause.paymentReference,
    extra: { amountDue: due },
  });

/**
 * Stripe's error types whose messages are for the shopper, in the shopper's language; other messages are for
 * developers.
 */
const FOR_SHOPPERS = new Set(['card_error', 'validation_error']);

/** @internal Stripe's error as an `Error` that keeps Stripe's fields. */
export function fromStripe(error: StripeError, text: Texts, paymentReference?: string): PaymentError {
  const { type, code, decline_code: declineCode, message, doc_url, param, charge } = error;
  const extra = Object.fromEntries(
    Object.entries({ doc_url, param, charge }).filter(([, value]) => value !== undefined),
  );
  const shown = message && FOR_SHOPPERS.has(type) ? message : text(messageKeyFor(code, declineCode));
  const { payment_intent, payment_method } = error;
  const hidden = { payment_intent, payment_method, stripeMessage: message };
  return new PaymentError(code ?? type, type, { message: shown, declineCode, paymentReference, extra, hidden });
}

/** @internal The error for whatever the Stripe form or the host's callback threw. An EnablerError stays unchanged. */
export function toEnablerError(
  error: unknown,
  text: Texts,
  code = 'unexpected_error',
  key: MessageKey = 'generic',
): EnablerError {
  return error instanceof EnablerError ? error : new EnablerError(code, { message: text(key), cause: error });
}

/**
 * @internal Whether Stripe.js does not know the result: Stripe may have got the request, and only the answer was lost.
 */
export const isLostAnswer = (error: Pick<StripeError, 'type'>): boolean =>
  error.type === 'api_connection_error' || error.type === 'api_error';

/**
 * @internal A callback of the host failed. The message is a fixed English text that hosts know; the wallet shows its
 * own text to the shopper.
 */
export const hostFailed = (code: string, message: string, cause: unknown): EnablerError =>
  new EnablerError(code, { message, cause });
