import { errorOfAnswer, errorOfFailure } from '@connector/commercetools';
import { type ErrorBody, PermanentError } from '@connector/errors';
import type { Answer, Fetch } from '@connector/http';
import type { Logger } from '@connector/telemetry';
import { introspectionSchema } from '../domain/oauth-token.ts';
import type { Introspected, TokenIntrospection } from '../use-cases/ports.ts';
import { retryOnReset } from './retry-on-reset.ts';

/** The authorization server gave no usable answer. */
class AuthorizationFailedError extends PermanentError {
  override toBody(): ErrorBody {
    const message = 'Failed to authorize request.';
    return { message, statusCode: 500, errors: [{ code: this.code, message }] };
  }
}

export interface IntrospectionOptions {
  authUrl: string;
  /** The Authorization header with the present credentials of our API client. */
  credentials: () => string;
  fetch: Fetch;
  log: Logger;
}

/** commercetools' introspection (RFC 7662) with Basic credentials; our client needs `introspect_oauth_tokens:{projectKey}`. */
export function oauthIntrospection(options: IntrospectionOptions): TokenIntrospection {
  const { authUrl, credentials, fetch, log } = options;
  const ask = async (token: string): Promise<Introspected> => {
    let answer: Answer;
    let body: unknown;
    try {
      answer = await fetch(`${authUrl}/oauth/introspect`, {
        method: 'POST',
        headers: { authorization: credentials(), 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token }).toString(),
      });
      const text = await answer.text();
      body = answer.ok || answer.status === 401 ? JSON.parse(text) : undefined;
    } catch (error) {
      throw errorOfFailure('oauth.introspect', error);
    }
    const { status, headers } = answer;
    if (status === 401) {
      log.error('the authorization server refuses our own client credentials');
      const { error, message } = (body ?? {}) as { error?: unknown; message?: unknown };
      return {
        kind: 'client_refused',
        code: textOr(error, 'invalid_client'),
        message: textOr(message, 'Not authorized'),
      };
    }
    if (status === 429 || status >= 500) {
      throw errorOfAnswer('oauth.introspect', { status, body, retryAfter: headers.get('retry-after') });
    }
    const parsed = introspectionSchema.safeParse(body);
    if (!answer.ok || !parsed.success) {
      throw new AuthorizationFailedError(`introspection answered ${status}`, { reason: 'unreadable' });
    }
    return { kind: 'introspected', token: parsed.data };
  };
  return { introspect: (token) => retryOnReset('oauth.introspect', () => ask(token)) };
}

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' && value ? value : otherwise);
