import { type Answer, type Fetch, SingleFlight } from '@connector/http';
import * as z from 'zod';
import { errorOfAnswer, errorOfFailure } from './errors.ts';

/** An access token of our API client. */
export interface Token {
  readonly accessToken: string;
  /** Scopes separated by spaces, each `name:{projectKey}`. */
  readonly scope: string;
  /** Expiry by our clock, in ms since the epoch. */
  readonly expiresAt: number;
}

export interface Tokens {
  /** A valid token. Asks the authorization server only when there is none or when it is about to expire. */
  get(): Promise<Token>;
  /** Forgets `accessToken` because it was refused. Does nothing when another token has already replaced it. */
  invalidate(accessToken: string): void;
  /** A new token that bypasses the cache, to see what the credentials grant now. */
  request(): Promise<Token>;
}

export interface TokenOptions {
  authUrl: string;
  /** The Authorization header with the present credentials of the API client. */
  credentials: () => string;
  /** Scopes to ask for, separated by spaces; undefined = all scopes of the client. */
  scope?: string | undefined;
  fetch: Fetch;
  now?: () => number;
  random?: () => number;
}

const answerSchema = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().positive(),
  scope: z.string().default(''),
});

/** Client credentials as an Authorization header (RFC 6749, 2.3.1). */
export const basicCredentials = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

/**
 * The longest time before its expiry at which a token is renewed, in ms. Short-lived tokens are renewed when a fifth of
 * their life is left.
 */
const RENEW_AHEAD_MS = 5 * 60_000;
/** Pause after a failed early renewal, in ms. The present token still works meanwhile. */
const RENEW_PAUSE_MS = 5_000;

/**
 * The only token cache of a process, by client credentials; without `scope` the token has all scopes of the client. A
 * token is renewed in the background before its expiry, so that no request waits. The time of renewal has jitter, so
 * that pods do not ask at the same moment.
 */
export function createTokens(options: TokenOptions): Tokens {
  const { now = Date.now, random = Math.random } = options;
  const flight = new SingleFlight<Token>();
  let current: Token | undefined;
  let renewAt = 0;

  const renew = () =>
    flight.run('token', async () => {
      const started = now();
      const token = await requestToken(options);
      const lifeMs = token.expiresAt - started;
      const aheadMs = Math.min(RENEW_AHEAD_MS, lifeMs / 5);
      renewAt = token.expiresAt - aheadMs * (1 + random());
      current = token;
      return token;
    });

  return {
    request: () => requestToken(options),
    get: async () => {
      if (!current || now() >= current.expiresAt - 1_000) return renew();
      if (now() >= renewAt) {
        renewAt = now() + RENEW_PAUSE_MS;
        // The failure does not matter yet: the present token is valid. After its expiry, the next try reports the
        // failure.
        renew().catch(() => {});
      }
      return current;
    },
    invalidate: (accessToken) => {
      if (current?.accessToken === accessToken) current = undefined;
    },
  };
}

/** Throws TransientError when the server grants no token or does not answer. */
async function requestToken({
  authUrl,
  credentials,
  scope: asked,
  fetch,
  now = Date.now,
}: TokenOptions): Promise<Token> {
  let answer: Answer;
  let body: unknown;
  try {
    answer = await fetch(`${authUrl}/oauth/token`, {
      method: 'POST',
      headers: { authorization: credentials(), 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(asked && { scope: asked }) }).toString(),
    });
    const text = await answer.text();
    body = answer.ok ? JSON.parse(text) : text;
  } catch (error) {
    throw errorOfFailure('oauth.token', error);
  }
  // Transient whatever the server says about our credentials: the work that needs the token is right, and can be done
  // after the credentials are fixed.
  if (!answer.ok) {
    const status = answer.status < 500 && answer.status !== 429 ? 401 : answer.status;
    const message = oauthErrorOf(body);
    throw errorOfAnswer('oauth.token', { status, body: { message }, retryAfter: answer.headers.get('retry-after') });
  }
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) throw errorOfFailure('oauth.token', new SyntaxError('no access token in the answer'));
  const { access_token: accessToken, expires_in: seconds, scope } = parsed.data;
  return { accessToken, scope, expiresAt: now() + seconds * 1000 };
}

/**
 * The code of a refused token request, e.g. `invalid_client` or `invalid_scope` (RFC 6749, 5.2). The description is
 * left out because it may contain what we sent.
 */
function oauthErrorOf(body: unknown): string | undefined {
  try {
    const { error } = JSON.parse(String(body)) as { error?: unknown };
    return typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : undefined;
  } catch {
    return undefined;
  }
}
