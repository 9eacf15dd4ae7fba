import {
  type ErrorBody,
  NotFoundError,
  PermanentError,
  RATE_LIMITED,
  retryAfterMs,
  TransientError,
  type TransientReason,
} from '@connector/errors';
import Stripe from 'stripe';

/** Stripe understood the request and refused it. Stripe will refuse the same request again. */
export class StripeRejection extends PermanentError {
  /** HTTP status of the answer, 4xx. */
  readonly status: number;
  /** Stripe's error code, e.g. `card_declined`, `amount_too_small`; `General` when Stripe gave none. */
  override readonly code: string;
  /** The issuer's reason, e.g. `insufficient_funds`. */
  readonly declineCode: string | undefined;
  /** Stripe's error type, e.g. `card_error`, `invalid_request_error`, `idempotency_error`. */
  readonly type: string;
  /** The refused parameter, where Stripe names one. */
  readonly param: string | undefined;
  /** Whether Stripe repeated its answer to an earlier request with the same idempotency key, as it does for a day. */
  readonly isReplayed: boolean;
  /** Stripe's id of the request, for Stripe's support. */
  readonly requestId: string | undefined;
  /** The present PaymentIntent, where the error is about one. */
  readonly paymentIntent: { readonly id: string; readonly status: Stripe.PaymentIntent.Status } | undefined;

  constructor(operation: string, status: number, error: Stripe.errors.StripeError) {
    const {
      code,
      decline_code: declineCode,
      rawType,
      param,
      requestId,
      headers,
      payment_intent: paymentIntent,
    } = error;
    const named = [code, declineCode, param && `at ${param}`, requestId].filter(Boolean).join(', ');
    super(`Stripe refused ${operation} with ${status} ${rawType ?? error.type}${named && ` (${named})`}`, {
      cause: error,
    });
    this.status = status;
    this.code = code ?? 'General';
    this.declineCode = declineCode;
    this.type = rawType ?? error.type;
    this.param = param;
    this.isReplayed = headers?.['idempotent-replayed'] === 'true';
    this.requestId = requestId;
    this.paymentIntent = paymentIntent && { id: paymentIntent.id, status: paymentIntent.status };
  }

  /** Callers get Stripe's status and codes, as from the original. Stripe's message stays in the logs. */
  override toBody(): ErrorBody {
    const message = 'Stripe refused the request.';
    const codes = { code: this.code, message, ...(this.declineCode && { declineCode: this.declineCode }) };
    return { message, statusCode: this.status, errors: [codes] };
  }
}

/** Whether Stripe does not have an object: the requested one (404), or one that a parameter names (400). */
export const isMissing = (error: unknown): boolean =>
  error instanceof NotFoundError || (error instanceof StripeRejection && error.code === 'resource_missing');

/**
 * The error for what the SDK threw. NotFoundError: 404 `resource_missing`. TransientError: 401, 403, 409 and 429
 * `lock_timeout` (locked by another request, or the first request with this idempotency key is still under way), any
 * other 429, 5xx, no answer. StripeRejection: any other answer. An error that is not Stripe's is returned unchanged.
 */
export function errorOf(operation: string, error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { statusCode: status, code, headers } = error;
  if (status === undefined) {
    const reason = reasonWithoutAnswer(error);
    return new TransientError(`Stripe ${operation} failed: ${reason}`, { reason, dependency: 'stripe', cause: error });
  }
  if (status === 404 && code === 'resource_missing') {
    return new NotFoundError('The referenced resource was not found.', {}, { cause: error });
  }
  const isLocked = status === 429 && code === 'lock_timeout';
  const reason = isLocked ? 'conflict' : (TRANSIENT[status] ?? (status >= 500 ? 'server_error' : undefined));
  if (!reason) return new StripeRejection(operation, status, error);
  return new TransientError(`Stripe ${operation} answered ${status}${code ? ` ${code}` : ''}`, {
    reason,
    dependency: 'stripe',
    retryAfterMs: retryAfterMs(headers?.['retry-after']),
    status,
    cause: error,
  });
}

/**
 * Statuses of temporary failures. For 401 and 403 the operator must fix credentials or rights; the request itself is
 * right.
 */
const TRANSIENT: Readonly<Record<number, TransientReason>> = {
  401: 'unauthorized',
  403: 'unauthorized',
  409: 'conflict',
  429: RATE_LIMITED,
};

function reasonWithoutAnswer(error: Stripe.errors.StripeError): TransientReason {
  if (!(error instanceof Stripe.errors.StripeConnectionError)) return 'unreadable';
  const detail = error.detail as
    | { code?: string; name?: string; exception?: { name?: string; code?: string } }
    | undefined;
  const names = [detail?.code, detail?.name, detail?.exception?.name, detail?.exception?.code];
  return names.some((name) => name === 'ETIMEDOUT' || name === 'TimeoutError') ? 'timeout' : 'connection';
}
