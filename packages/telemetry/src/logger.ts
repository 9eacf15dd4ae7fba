import { propagation, trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/** From the level that shows most to the one that shows nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Names whose values never reach a log line, at the first three levels of a logged object. */
export const REDACTED_KEYS = [
  'authorization',
  'client_secret',
  'clientSecret',
  'sClientSecret',
  'ephemeralKey',
  'password',
  'secret',
  'sessionId',
  'session_id',
  'token',
  'access_token',
  'x-session-id',
  'stripe-signature',
  'email',
  'phone',
  'billing_details',
  'billingAddress',
  'shippingAddress',
  'shipping',
] as const;

/**
 * Secrets in free text: Stripe keys and client secrets, bearer tokens, JWTs, e-mail addresses. The parts of an address
 * have the length limits of RFC 5321; without them, the time for a long word would grow with the square of its length.
 */
const SECRETS_IN_TEXT =
  /\b(?:(?:sk|rk)_(?:test|live)_[A-Za-z0-9]+|whsec_[A-Za-z0-9+/=]+|(?:pi|seti|cuss|ek)_[A-Za-z0-9_]+_secret_[A-Za-z0-9]+|eyJ[\w-]+\.[\w-]+\.[\w-]*)|\bBearer\s+\S+|[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]+/g;

/** V8's messages quote the text around a mistake in JSON, which may contain a name. */
const QUOTED_JSON = /"[\s\S]{0,100}?"(?:\.\.\.)? is not valid JSON/g;

/** The rest of a text is cut: strangers can make error messages as long as a request. */
const MAX_TEXT = 8_192;

/** The first 8,192 characters of `text`, without the secrets and addresses that have a known form. */
export function redactText(text: string): string {
  if (text.length <= MAX_TEXT) return withoutShapes(text);
  // Redacts a little more than is shown, so that a secret across the cut still has its known form.
  return `${withoutShapes(text.slice(0, MAX_TEXT + 512)).slice(0, MAX_TEXT)}…`;
}

const withoutShapes = (text: string): string =>
  text.replace(SECRETS_IN_TEXT, '[redacted]').replace(QUOTED_JSON, '[redacted] is not valid JSON');

const HIDDEN: ReadonlySet<string> = new Set(REDACTED_KEYS);
const LEVELS = 3;

/**
 * pino's own redaction takes ten times as long for as many names at three levels. An object without a secret is
 * returned unchanged.
 */
function withoutSecrets<T extends object>(logged: T, level = 1): T {
  let clean: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(logged)) {
    const shown = HIDDEN.has(name)
      ? '[redacted]'
      : isNested(value) && level < LEVELS
        ? withoutSecrets(value, level + 1)
        : value;
    if (shown === value) continue;
    clean ??= (Array.isArray(logged) ? [...logged] : { ...logged }) as Record<string, unknown>;
    clean[name] = shown;
  }
  return (clean as T | undefined) ?? logged;
}

/** Errors have a serializer of their own. */
const isNested = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(value instanceof Error) && !ArrayBuffer.isView(value);

/**
 * JSON logger of one service. Each line has the current trace, span and correlation id. Errors are logged with class,
 * redacted message and stack, with their causes, and without any other field.
 */
export function createLogger(service: string, level = 'info', destination?: DestinationStream): Logger {
  const logger = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (logged) => withoutSecrets(logged),
      },
      serializers: { err: describeError, error: describeError },
      mixin: () => {
        const span = trace.getActiveSpan()?.spanContext();
        const correlation = propagation.getActiveBaggage()?.getEntry('correlation.id')?.value;
        return {
          ...(span && { trace_id: span.traceId, span_id: span.spanId }),
          // The caller's answer has this id, so a merchant asks about it.
          ...(correlation && { correlation_id: correlation }),
        };
      },
    },
    ...(destination ? [destination] : []),
  );
  const { child } = logger;
  // pino formats a child's own fields separately from the logged object.
  logger.child = function (this: Logger, bindings: object, options?: object) {
    return child.call(this, withoutSecrets(bindings), options);
  } as typeof child;
  return logger;
}

interface ErrorDescription {
  name: string;
  message: string;
  stack?: string;
  code?: string;
  cause?: ErrorDescription;
}

/** An error for the logs: no field of the provider's raw error, no secret in its text. */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error, message: redactText(String(error)) };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: redactText(error.message),
    ...(error.stack && { stack: redactText(error.stack) }),
    ...(typeof code === 'string' && { code }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
