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

/** One entry of a commercetools error answer: the fields that we use. */
export interface CommercetoolsProblem {
  code?: string;
  message?: string;
  field?: string;
  duplicateValue?: unknown;
}

/** commercetools refused a request that it understood. It will refuse the same request again. */
export class CommercetoolsRejection extends PermanentError {
  /** HTTP status of the answer, 4xx. */
  readonly status: number;
  /** Code of the first error, e.g. `DuplicateField`, `InvalidOperation`; `CommercetoolsAPIError` when there is none. */
  override readonly code: string;
  /** The refused field, where commercetools names one. */
  readonly field: string | undefined;
  /** For `DuplicateField`: the value that another resource already has. */
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

  /** Callers get the status and code, as from the original. The message stays in the logs. */
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
 * The error for an answer: NotFoundError for 404; StaleVersionError for 409; TransientError for 401, 403, 429 and 5xx
 * (for 401 and 403 the operator must fix credentials or scopes, and the request itself is right);
 * CommercetoolsRejection for any other status.
 */
export function errorOfAnswer(operation: string, { status, body, retryAfter }: FailedAnswer): Error {
  if (status === 404) return new NotFoundError('The referenced resource was not found.');
  if (status === 409)
    return new StaleVersionError(`commercetools ${operation}: another writer changed the resource first`);
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

/** The error for a call without a usable answer: refused, cut, timed out, or not JSON. */
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
