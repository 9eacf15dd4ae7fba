import { type Answer, type Fetch, SingleFlight } from '@connector/http';
import * as z from 'zod';
import { errorOfAnswer, errorOfFailure } from './errors.ts';

/** An access token of our API client. */
export interface Token {
  readonly accessToken: string;
  /** Scopes separated by spaces, each `name:{projectKey}`. */
  readonly scope: string;
  /** When it ends, in ms since the epoch, by our clock. */
  readonly expiresAt: number;
}

export interface Tokens {
  /** A token that is valid now; asks the authorization server only when there is none or it is about to end. */
  get(): Promise<Token>;
  /** Forgets `accessToken` because it was refused; does nothing when another one has taken its place. */
  invalidate(accessToken: string): void;
  /** A new token, past the cache: to see what the credentials grant now. */
  request(): Promise<Token>;
}

export interface TokenOptions {
  authUrl: string;
  /** The Authorization header of the API client, as its credentials are now. */
  credentials: () => string;
  /** Scopes to ask for, separated by spaces; undefined = all that the client has. */
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

/** Longest time before its end at which a token is renewed, in ms; for short-lived ones a fifth of their life. */
const RENEW_AHEAD_MS = 5 * 60_000;
/** A renewal ahead of time that failed is tried again after this long, in ms; the present token still works. */
const RENEW_PAUSE_MS = 5_000;

/**
 * The one token cache of a process, by client credentials; without `scope` with all scopes of the client. A token
 * is renewed in the background ahead of its end, with jitter, so that pods do not ask at once and no request waits for it.
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
        // The failure is of no interest yet: the present token is valid, and the next try reports it once it is not.
        renew().catch(() => {});
      }
      return current;
    },
    invalidate: (accessToken) => {
      if (current?.accessToken === accessToken) current = undefined;
    },
  };
}

/** Throws TransientError where no token is granted, or nobody answers. */
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
  // Whatever the server says about our credentials, the work that needs the token is right and may be done later.
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

/** The code of a refused token request, e.g. `invalid_client` or `invalid_scope` (RFC 6749, 5.2); its description may hold what was sent. */
function oauthErrorOf(body: unknown): string | undefined {
  try {
    const { error } = JSON.parse(String(body)) as { error?: unknown };
    return typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : undefined;
  } catch {
    return undefined;
  }
}
