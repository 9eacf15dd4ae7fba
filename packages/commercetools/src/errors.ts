import {
  type ErrorBody,
  NotFoundError,
  PermanentError,
  RATE_LIMITED,
  retryAfterMs,
  StaleVersionError,
  TransientError,
  type TransientReason,
} from '@connector/errors';

/** One entry of a commercetools error answer, as far as it is used. */
export interface CommercetoolsProblem {
  code?: string;
  message?: string;
  field?: string;
  duplicateValue?: unknown;
}

/** commercetools answered, and understood, and said no; the same request will be refused again. */
export class CommercetoolsRejection extends PermanentError {
  /** HTTP status of the answer, 4xx. */
  readonly status: number;
  /** Code of the first error, e.g. `DuplicateField`, `InvalidOperation`; `CommercetoolsAPIError` when there is none. */
  override readonly code: string;
  /** The field that is refused, where commercetools names one. */
  readonly field: string | undefined;
  /** For `DuplicateField`: the value that another resource has already. */
  readonly conflictingValue: unknown;

  constructor(operation: string, status: number, problems: readonly CommercetoolsProblem[], options?: ErrorOptions) {
    const [first] = problems;
    const code = first?.code ?? 'CommercetoolsAPIError';
    super(`commercetools refused ${operation} with ${status} ${code}: ${first?.message ?? 'no reason given'}`, options);
    this.status = status;
    this.code = code;
    this.field = first?.field;
    this.conflictingValue = first?.duplicateValue;
  }

  /** Callers learn status and code, as from the original; the reason in words stays in the logs. */
  override toBody(): ErrorBody {
    const message = 'commercetools refused the request.';
    return { message, statusCode: this.status, errors: [{ code: this.code, message }] };
  }
}

/** An answer of commercetools that is not 2xx. */
export interface FailedAnswer {
  status: number;
  /** The parsed body, or its text. */
  body: unknown;
  retryAfter?: string | null | undefined;
}

/**
 * The error that stands for an answer: 404 NotFoundError, 409 StaleVersionError, 401, 403, 429 and 5xx TransientError
 * (credentials and scopes are the operator's to fix, the request itself is right), any other CommercetoolsRejection.
 */
export function errorOfAnswer(operation: string, { status, body, retryAfter }: FailedAnswer): Error {
  if (status === 404) return new NotFoundError('The referenced resource was not found.');
  if (status === 409) return new StaleVersionError(`commercetools ${operation}: another writer was first`);
  if (status === 401 || status === 403 || status === 429 || status >= 500 || status < 400) {
    return new TransientError(`commercetools ${operation} answered ${status}${textOf(body)}`, {
      reason: reasonOf(status),
      dependency: 'commercetools',
      retryAfterMs: retryAfterMs(retryAfter),
      status,
    });
  }
  return new CommercetoolsRejection(operation, status, problemsOf(body));
}

const reasonOf = (status: number): TransientReason => {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 429) return RATE_LIMITED;
  return status >= 500 ? 'server_error' : 'unreadable';
};

/** The error for a call without an answer: refused, cut, timed out, or an answer that is not JSON. */
export function errorOfFailure(operation: string, cause: unknown): TransientError {
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : '';
  const reason = name === 'TimeoutError' ? 'timeout' : name === 'SyntaxError' ? 'unreadable' : 'connection';
  return new TransientError(`commercetools ${operation} failed: ${reason}`, {
    reason,
    dependency: 'commercetools',
    cause,
  });
}

function problemsOf(body: unknown): readonly CommercetoolsProblem[] {
  const { errors, message } = (body ?? {}) as { errors?: unknown; message?: string };
  if (Array.isArray(errors) && errors.length > 0) return errors as CommercetoolsProblem[];
  return message ? [{ message }] : [];
}

const textOf = (body: unknown): string => {
  const message = problemsOf(body)[0]?.message;
  return message ? `: ${message}` : '';
};
