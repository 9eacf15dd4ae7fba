import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorBody, InvalidRequestError, internalError, ServiceError } from '@connector/errors';
import type { Logger } from '@connector/telemetry';
import { ZodError } from 'zod';

/** Errors of Express's body parsers, which have none of our classes. */
interface BodyParserError {
  type?: string;
  status?: number;
}

/** The only place where errors become HTTP answers. */
export const errorResponder =
  (log: Logger) =>
  (error: unknown, req: IncomingMessage, res: ServerResponse): void => {
    const known = toServiceError(error);
    const body: ErrorBody = known?.toBody() ?? internalError();
    const level = body.statusCode >= 500 ? 'error' : 'info';
    log[level]({ error: known ?? error, method: req.method, status: body.statusCode }, 'request failed');
    const { retryAfterMs } = (known ?? {}) as { retryAfterMs?: number };
    if (body.statusCode === 503) res.setHeader('retry-after', String(Math.ceil((retryAfterMs ?? 1000) / 1000)));
    const text = JSON.stringify({ ...body, correlationId: res.getHeader('x-correlation-id') });
    res.writeHead(body.statusCode, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    res.end(text);
  };

function toServiceError(error: unknown): ServiceError | undefined {
  if (error instanceof ServiceError) return error;
  if (error instanceof ZodError) return fromZod(error);
  const { type, status } = (error ?? {}) as BodyParserError;
  if (type === 'entity.too.large') {
    return new InvalidRequestError('ContentTooLarge', 'Request body is too large.', {}, { statusCode: 413 });
  }
  if (type?.startsWith('entity.') || type?.startsWith('encoding.') || type === 'charset.unsupported') {
    return invalidJson();
  }
  if (error instanceof URIError || status === 400) return invalidJson();
  return undefined;
}

/** The contract's answer to a body that cannot be read, or that breaks any rule except presence and enumeration. */
export const invalidJson = (options?: ErrorOptions): InvalidRequestError =>
  new InvalidRequestError('InvalidJsonInput', 'Request body does not contain valid JSON.', {}, options);

/** A schema violation in the contract's words: a missing field, a value that is not in its list, or anything else. */
export function fromZod(error: ZodError): InvalidRequestError {
  const issue = error.issues[0];
  const field = issue?.path.join('.') ?? '';
  if (issue && field && isMissing(issue)) {
    return new InvalidRequestError('RequiredField', `A value is required for field ${field}.`, { field });
  }
  if (issue?.code === 'invalid_value' && field) {
    const allowedValues = issue.values;
    return new InvalidRequestError('InvalidField', `The value of field ${field} is not valid.`, {
      field,
      invalidValue: issue.input,
      allowedValues,
    });
  }
  return invalidJson({ cause: withoutInput(error) });
}

type Issue = ZodError['issues'][number];

/**
 * Whether a value is missing where the schema expects one type, one of several types, one of a list, or the field that
 * distinguishes the kinds of an object.
 */
function isMissing(issue: Issue): boolean {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined && /received undefined/.test(issue.message);
    case 'invalid_value':
      return 'input' in issue && issue.input === undefined;
    case 'invalid_union': {
      const { errors, input } = issue;
      const discriminator = issue.path.at(-1);
      if (errors.length === 0) return isRecord(input) && discriminator !== undefined && !(discriminator in input);
      return errors.every(([first]) => first !== undefined && /received undefined/.test(first.message));
    }
    default:
      return false;
  }
}

const isRecord = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === 'object' && value !== null;

/** The faults and their paths, for the log. Values are left out: they may be private, and of any length. */
const withoutInput = ({ issues }: ZodError): Error =>
  new Error(issues.map(({ path, code }) => `${path.join('.') || 'body'}: ${code}`).join(', '));
