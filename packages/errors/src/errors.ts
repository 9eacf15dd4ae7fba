import type { PermanentReason, TransientReason } from './reasons.ts';

/**
 * An error body as the connector's contract defines it: the message of the first error, the status, and the list of
 * errors.
 */
export interface ErrorBody {
  message: string;
  statusCode: number;
  errors: ({ code: string; message: string } & Record<string, unknown>)[];
  /** Only on 401, as in OAuth2. */
  error?: string;
  error_description?: string;
}

/** The base of our errors: a status for HTTP callers, a code, and fields that may be shown to callers. */
export abstract class ServiceError extends Error {
  abstract readonly statusCode: number;
  readonly code: string;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, fields: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.fields = fields;
  }

  /** The body that an HTTP caller gets. */
  toBody(): ErrorBody {
    return {
      message: this.message,
      statusCode: this.statusCode,
      errors: [{ code: this.code, message: this.message, ...this.fields }],
    };
  }
}

/**
 * The caller's request is wrong, and repeating it does not help. `statusCode` may be another 4xx where the contract
 * says so.
 */
export class InvalidRequestError extends ServiceError {
  readonly statusCode: number;

  constructor(
    code: string,
    message: string,
    fields: Record<string, unknown> = {},
    options: ErrorOptions & { statusCode?: number } = {},
  ) {
    super(code, message, fields, options);
    this.statusCode = options.statusCode ?? 400;
  }
}

/** The route refuses the caller because of missing or insufficient credentials. Always 401, as in the original. */
export class UnauthorizedError extends ServiceError {
  readonly statusCode = 401;

  override toBody(): ErrorBody {
    return { ...super.toBody(), error: this.code, error_description: this.message };
  }
}

/** The requested resource does not exist. */
export class NotFoundError extends ServiceError {
  readonly statusCode = 404;

  constructor(message: string, fields: Record<string, unknown> = {}, options?: ErrorOptions) {
    super('ResourceNotFound', message, fields, options);
  }
}

/** Another writer changed the resource first. The caller must read it again and decide again. */
export class StaleVersionError extends ServiceError {
  readonly statusCode = 409;

  constructor(message: string, options?: ErrorOptions) {
    super('ConcurrentModification', message, {}, options);
  }
}

/** Reason of a TransientError: the other side accepts no more calls at the moment. */
export const RATE_LIMITED = 'rate_limited';
/** The message for such an error, which tells callers to try again after `Retry-After`. */
export const OVERLOADED = 'Overloaded';

/**
 * A dependency failed temporarily: refused connection, time-out, 429, 5xx. Trying again later is right. `reason` is a
 * short label for metrics. `retryAfterMs` is the wait that the dependency asked for, in ms. `dependency` names the
 * system that failed: `commercetools`, `stripe`, `kafka`. `status` is its HTTP status, if it answered.
 */
export class TransientError extends ServiceError {
  readonly statusCode = 503;
  readonly reason: TransientReason;
  readonly retryAfterMs: number | undefined;
  readonly dependency: string | undefined;
  readonly status: number | undefined;

  constructor(
    message: string,
    { reason = 'unavailable', retryAfterMs, dependency, status, ...options }: TransientOptions = {},
  ) {
    super('General', message, {}, options);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
    this.dependency = dependency;
    this.status = status;
  }

  /** Callers learn only that trying again makes sense, not what failed inside. */
  override toBody(): ErrorBody {
    if (this.reason === RATE_LIMITED) {
      const message = 'Too many payments are being made at the moment. Please try again.';
      return { message, statusCode: 503, errors: [{ code: OVERLOADED, message }] };
    }
    const message = 'A service that is needed is not available. Please try again.';
    return { message, statusCode: 503, errors: [{ code: this.code, message }] };
  }
}

interface TransientOptions extends ErrorOptions {
  reason?: TransientReason;
  retryAfterMs?: number | undefined;
  dependency?: string;
  status?: number;
}

/** A repetition can never succeed: the input is unreadable, or the other side refuses it as invalid. */
export class PermanentError extends ServiceError {
  readonly statusCode = 500;
  readonly reason: PermanentReason;

  constructor(message: string, { reason = 'rejected', ...options }: ErrorOptions & { reason?: PermanentReason } = {}) {
    super('General', message, {}, options);
    this.reason = reason;
  }

  override toBody(): ErrorBody {
    return internalError();
  }
}

/** The body for an unexpected failure. */
export const internalError = (): ErrorBody => ({
  message: 'Internal server error.',
  statusCode: 500,
  errors: [{ code: 'General', message: 'Internal server error.' }],
});
