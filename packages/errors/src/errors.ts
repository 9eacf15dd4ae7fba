import type { PermanentReason, TransientReason } from './reasons.ts';

/** An error body as the connector's contract has it: the first error's text, the status, and the errors one by one. */
export interface ErrorBody {
  message: string;
  statusCode: number;
  errors: ({ code: string; message: string } & Record<string, unknown>)[];
  /** Only on 401, as OAuth2 has it. */
  error?: string;
  error_description?: string;
}

/** What every failure of ours carries: a status for HTTP callers, a code, and fields that may be shown to them. */
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

  /** The body an HTTP caller gets. */
  toBody(): ErrorBody {
    return {
      message: this.message,
      statusCode: this.statusCode,
      errors: [{ code: this.code, message: this.message, ...this.fields }],
    };
  }
}

/** The caller's request is wrong and will stay so; `statusCode` may be another 4xx where the contract says so. */
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

/** The caller is not who, or may not do what, the route asks for; always 401, as the original answers. */
export class UnauthorizedError extends ServiceError {
  readonly statusCode = 401;

  override toBody(): ErrorBody {
    return { ...super.toBody(), error: this.code, error_description: this.message };
  }
}

/** What was asked for does not exist. */
export class NotFoundError extends ServiceError {
  readonly statusCode = 404;

  constructor(message: string, fields: Record<string, unknown> = {}, options?: ErrorOptions) {
    super('ResourceNotFound', message, fields, options);
  }
}

/** Another writer changed the resource first: read it again and decide again. */
export class StaleVersionError extends ServiceError {
  readonly statusCode = 409;

  constructor(message: string, options?: ErrorOptions) {
    super('ConcurrentModification', message, {}, options);
  }
}

/** Reason of a TransientError: the other side takes no more calls for now. */
export const RATE_LIMITED = 'rate_limited';
/** What a caller is told then: to come again after `Retry-After`, and not at once. */
export const OVERLOADED = 'Overloaded';

/**
 * Something we depend on failed in a way that passes: refused, timed out, 429, 5xx. Trying again later is right.
 * `reason` is a short label for metrics; `retryAfterMs` what the other side asked for, in ms; `dependency` who failed, where it is another system:
 * `commercetools`, `stripe`, `kafka`; `status` the HTTP status that it answered, where it did.
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

  /** What failed inside is ours to know: a caller only learns that trying again makes sense. */
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

/** It will never succeed as it is: unreadable, or refused by the other side as invalid. */
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

/** The body for a failure nobody foresaw. */
export const internalError = (): ErrorBody => ({
  message: 'Internal server error.',
  statusCode: 500,
  errors: [{ code: 'General', message: 'Internal server error.' }],
});
